"""Thresholds: the loosest ones that keep the promise, from answers to cases that the expert had not seen."""

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

import msgspec
import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.core.text import count
from flyball.loop.halves import in_tuning_half
from flyball.loop.settings import Promise as PromiseSettings
from flyball.loop.settings import Settings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.predictions import read_predictions
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.taught import taught_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.digits import settled
from flyball.models.experts.expert import Calibrated, Expert, OnDemand, Trained
from flyball.models.router.cascade import Before, before_of, share_of, thresholds_in_cascade
from flyball.models.router.recalibration import Recalibration, fit_recalibration
from flyball.models.router.risk_control import Calibration, Promise, calibration_of
from flyball.models.router.route import order_of
from flyball.models.router.thresholds import ExpertThresholds, Guarantee, Thresholds, moved
from flyball.models.router.tightening import tighten

__all__ = ["choose", "own_answers", "read_thresholds", "thresholds"]


def thresholds(settings: Settings) -> Stage:
    """Return the stage that chooses thresholds."""

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        experts = {one.name: load_expert(workshop.deployment, one) for one in settings.expert}
        cases, labels = (read_cases(workshop, outputs["snapshot"], what) for what in ("cases", "labels"))
        given = {name: read_predictions(workshop, outputs[f"predictions:{name}"]) for name in experts}
        own = own_answers(experts, given, cases, labels)
        taught = {one.name: taught_of(workshop.deployment, one) for one in settings.expert}
        chosen = choose(experts, settings.promise, own, taught=taught)
        return {"thresholds": msgspec.to_builtins(chosen)}

    names = [expert.name for expert in settings.expert]
    return Stage(
        "thresholds",
        "choose thresholds that keep the promise",
        (*(f"expert:{one}" for one in names), *(f"predictions:{one}" for one in names), "snapshot"),
        lambda workshop: {"promise": digest_of(workshop.deployment.settings.promise)},
        run,
        version=4,
    )


def choose(
    experts: Mapping[str, Expert],
    promise: PromiseSettings,
    own: Mapping[str, Calibration] | None = None,
    *,
    sharing: int = 0,
    taught: Mapping[str, Set[tuple[str, str]]] | None = None,
) -> Thresholds:
    """Choose the thresholds of every expert that brings answers to unseen cases.

    `own` holds answers to the deployment's own labelled cases: they can raise a threshold, never lower
    one, and correct the experts' probabilities by one slope and one shift. `sharing` says how many experts
    share the promise, where they are more than these: some come later. `taught` names the cases and fields
    that each expert learned from reviewers: people look at what is hard, so no promise rests on these.

    An expert without them gets none: what it says goes to a person. Where several are calibrated, the
    promise is made for all their automated answers together: each keeps its share of it on what those
    asked before it leave open (`models.router.cascade`).
    """
    wanted = Promise(
        wrong_share_at_most=promise.wrong_share_at_most,
        confidence=promise.confidence,
        false_positives_per_1000_at_most=promise.false_positives_per_1000_at_most,
        false_positives_confidence=promise.false_positives_confidence,
    )
    cards = [replace(expert.card, name=name) for name, expert in experts.items()]
    calibrated = {
        card.name: expert for card in order_of(cards) if isinstance(expert := experts[card.name], Calibrated)
    }
    mine = share_of(wanted, max(sharing, len(calibrated)))
    found: dict[str, ExpertThresholds] = {}
    guarantees: list[Guarantee] = []
    notes: list[str] = []
    recalibrations: dict[str, Recalibration] = {}
    before: list[Before] = []
    for name, expert in calibrated.items():
        rows = _settled(_without(expert.out_of_fold, (taught or {}).get(name, frozenset())))
        asked_openly = isinstance(expert, OnDemand)
        chosen = thresholds_in_cascade(rows, before, mine, asked_openly=asked_openly)
        if chosen is None:
            notes.append(
                f"{name} decides nothing alone: none of its answers to unseen cases is to a question that "
                f"{' and '.join(one.name for one in before)} would be known to leave open."
            )
            continue
        found[name] = chosen.thresholds
        guarantees.extend(chosen.guarantees)
        if own and name in own:
            tightened = tighten(chosen.thresholds, own[name], promise.wrong_share_at_most)
            found[name] = tightened.thresholds
            notes.extend(tightened.notes)
        before.append(before_of(name, experts[name].card.fields, rows, found[name]))
        recalibration = _recalibration(own[name]) if own and name in own else None
        if recalibration is not None:
            recalibrations[name] = recalibration
            found[name] = moved(found[name], recalibration)
            notes.append(_told(recalibration))
    if len(calibrated) > 1:
        notes.append(
            f"The promise holds for all automated answers together: each of {len(calibrated)} experts keeps "
            f"it on what those before it leave open, with {mine.confidence:.2%} confidence."
        )
    return Thresholds(found, tuple(guarantees), tuple(notes), recalibrations)


def _without(rows: pa.Table, taught: Set[tuple[str, str]]) -> pa.Table:
    """Return answers to unseen cases that were not chosen for being hard."""
    if not taught:
        return rows
    pairs = zip(rows.column("case_id").to_pylist(), rows.column("field").to_pylist(), strict=True)
    return rows.filter(pa.array([pair not in taught for pair in pairs], pa.bool_()))


def _settled(rows: pa.Table) -> pa.Table:
    """Return answers to unseen cases with the digits of confidence that live answers have, too."""
    place = rows.schema.get_field_index("confidence")
    confidence = settled(rows.column(place).to_numpy())
    return rows.set_column(place, rows.schema.field(place), pa.array(confidence, pa.float64()))


def _recalibration(own: Calibration) -> Recalibration | None:
    judged = own.confidence > 0.0
    return fit_recalibration(
        own.confidence[judged], own.says_present[judged], own.right[judged], n_cases=own.n_cases
    )


def _told(by: Recalibration) -> str:
    """Say what a recalibration means at an even chance."""
    return (
        f"In {count(by.n_cases, 'own labelled case')}, what the expert takes for an even chance is there "
        f"{by.probability(0.5):.0%} of the time. Its probabilities are corrected by that."
    )


def own_answers(
    experts: Mapping[str, Expert], given: Mapping[str, pa.RecordBatch], cases: pa.Table, labels: pa.Table
) -> dict[str, Calibration]:
    """Return what each expert with thresholds answered to labelled cases of the tuning half.

    Cases that an expert has learned from, or was calibrated on, say nothing new about it and are left out.
    """
    digests = dict(
        zip(cases.column("case_id").to_pylist(), cases.column("text_digest").to_pylist(), strict=True)
    )
    found = {}
    for name, expert in experts.items():
        if isinstance(expert, Calibrated):
            seen = expert.seen_texts if isinstance(expert, Trained) else frozenset()
            unseen = {case for case, digest in digests.items() if digest not in seen}
            found[name] = _own(given[name], labels, unseen)
    return found


def _own(predictions: pa.RecordBatch, labels: pa.Table, unseen: set[str]) -> Calibration:
    """Return an expert's answers to the tuning half of the labelled cases, with who was right."""
    truth = {
        (case, key): answer
        for case, key, answer in zip(
            *(labels.column(name).to_pylist() for name in ("case_id", "field", "answer")), strict=True
        )
        if in_tuning_half(case) and case in unseen
    }
    rows = [
        (case, answer, confidence, truth[case, key] == answer)
        for case, key, answer, confidence in zip(
            *(predictions.column(name).to_pylist() for name in ("case_id", "field", "answer", "confidence")),
            strict=True,
        )
        if (case, key) in truth
    ]
    return calibration_of(
        *([list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []])
    )


def read_thresholds(output: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds that the stage chose."""
    return msgspec.convert(output["thresholds"], Thresholds)
