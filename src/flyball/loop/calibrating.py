"""Calibrating an expert on demand: say what it may cost, then ask it about labelled cases and count.

Only the half of the labelled cases is used that may choose thresholds; the other half measures. Asked is
what the experts before are not sure of, for only there it will answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput, FlyballError
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.data.labels.columns import require_learnable
from flyball.loop.deployment import digest_of_path
from flyball.loop.engine import make_expert
from flyball.loop.halves import in_tuning_half
from flyball.loop.keeping import drafted, take_place
from flyball.loop.review_labels import with_reviewed
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.asking import asked_before, calibrated_among, is_on_demand, wanted_of
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.turn import run_turn
from flyball.loop.versions import expert_of, folder_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.digits import with_settled_scores
from flyball.models.experts.expert import (
    PREDICTIONS,
    Calibrated,
    Expert,
    OnDemand,
    check_predictions,
    taken,
)

__all__ = [
    "Calibrates",
    "CalibrationPlan",
    "Done",
    "NotCalibrated",
    "as_if_unseen",
    "calibrate",
    "cases_to_learn_from",
    "labelled_cases",
    "plan_calibration",
]

_ENOUGH = 0.5
_READING = ("documents:", "snapshot")
"""Beginnings of the names of the stages that read what the sources hold."""


class NotCalibrated(FlyballError):
    """An expert gave too few answers to be calibrated on them."""

    code = "loop.not_calibrated"
    retry = True
    exit_code = 3


@runtime_checkable
class Calibrates(Protocol):
    """An expert on demand that can be held against labelled cases."""

    def most_eur(self, cases: pa.RecordBatch, wanted: Mapping[str, tuple[str, ...]] | None = None) -> Decimal:
        """Return the most that asking about these cases can cost; nothing is sent."""
        ...

    def with_examples(self, cases: pa.Table, labels: pa.Table) -> "Expert":
        """Return it with examples from these cases, where its settings want any."""
        ...

    def calibrated_on(
        self, cases: pa.RecordBatch, labels: pa.Table, wanted: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Done":
        """Ask about labelled cases and return what came of it."""
        ...


class Done(Protocol):
    """What came of calibrating."""

    @property
    def expert(self) -> Expert:
        """The calibrated expert."""
        ...

    @property
    def predictions(self) -> pa.RecordBatch:
        """What it answered."""
        ...

    @property
    def failures(self) -> Mapping[str, object]:
        """Cases that were not answered."""
        ...

    @property
    def requests(self) -> int:
        """How many were sent."""
        ...

    @property
    def cost_eur(self) -> Decimal:
        """What they cost."""
        ...


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """What calibrating would do.

    Parameters
    ----------
    name : str
        Of the expert.
    folder : Path
        Where the calibration would be kept.
    cases : RecordBatch
        Those that would be asked about.
    labels : Table
    wanted : mapping of case_id to tuple of str
    expert : Expert
        With its examples.
    most_eur : Decimal
        No more than this can be spent.
    """

    name: str
    folder: Path
    cases: pa.RecordBatch
    labels: pa.Table
    wanted: Mapping[str, tuple[str, ...]]
    expert: Expert
    most_eur: Decimal

    @property
    def questions(self) -> int:
        """Fields of cases that would be asked about."""
        return sum(len(keys) for keys in self.wanted.values())


def labelled_cases(workshop: Workshop) -> tuple[pa.Table, pa.Table]:
    """Return the labelled cases of the tuning half, and their labels; reviewers have no part in them.

    Raises
    ------
    BadInput
        Nothing that may be used for this is labelled.
    """
    cases, labels, _ = _of_the_tuning_half(workshop)
    if not cases.num_rows:
        raise _nothing()
    return cases, labels


def cases_to_learn_from(workshop: Workshop) -> tuple[pa.Table, pa.Table, list[tuple[str, str]]]:
    """Return cases and labels to learn from, and which of them come from reviewers.

    Raises
    ------
    BadInput
        Nothing that may be used for this is labelled.
    """
    cases, labels, output = _of_the_tuning_half(workshop)
    taught: list[tuple[str, str]] = []
    if "reviewed" in output:
        every, reviewed = (read_cases(workshop, output, what) for what in ("cases", "reviewed"))
        cases, labels, taught = with_reviewed(workshop, cases, labels, every, reviewed)
    if not cases.num_rows:
        raise _nothing()
    return cases, labels, taught


def _of_the_tuning_half(workshop: Workshop) -> tuple[pa.Table, pa.Table, Mapping[str, Any]]:
    """Return the labelled cases of the tuning half, and their labels.

    What the sources hold now is read, and kept as a snapshot, as a turn would.
    """
    stages = [one for one in stages_of(workshop.deployment.settings) if one.name.startswith(_READING)]
    output = run_turn(stages, workshop).outputs["snapshot"]
    cases, labels = (read_cases(workshop, output, what) for what in ("cases", "labels"))
    mine = [case for case in labels.column("case_id").to_pylist() if in_tuning_half(case)]
    ids = pa.array(sorted(set(mine)), pa.string())
    cases = cases.filter(pc.is_in(cases.column("case_id").cast(pa.string()), value_set=ids))
    labels = labels.filter(pc.is_in(labels.column("case_id").cast(pa.string()), value_set=ids))
    return cases, labels, output


def _nothing() -> BadInput:
    return BadInput(
        "No case that may be used for this is labelled.",
        fix="Name labels or label_columns in [[source]] of flyball.toml, or have cases reviewed.",
    )


def plan_calibration(workshop: Workshop, name: str, *, cases_at_most: int | None = None) -> CalibrationPlan:
    """Find out what calibrating an expert would ask, and what it may cost at most; nothing is sent.

    Parameters
    ----------
    workshop : Workshop
    name : str
    cases_at_most : int, optional
        Ask about so many cases only.

    Raises
    ------
    BadInput
        The expert is none that can be calibrated, or there is nothing to ask.
    NotForTraining
        The cases are labelled so.
    """
    settings = expert_of(workshop.deployment, name)
    if not is_on_demand(settings):
        raise BadInput(
            f"{name} is no expert that is asked on demand.",
            fix="Experts that learn from cases are fitted: flyball model fit.",
            expert=name,
        )
    cases, labels = labelled_cases(workshop)
    require_learnable(cases, labels)
    folder = folder_of(workshop.deployment, settings)
    deployment = workshop.deployment
    found = make_expert(settings, folder, deployment.fields, deployment.state, deployment.settings.budget)
    if not isinstance(found, Calibrates):
        raise BadInput(f"An expert of the kind {settings.kind} cannot be calibrated.", fix="None is needed.")
    expert = found.with_examples(cases, labels)
    others = {
        one.name: load_expert(deployment, one) for one in deployment.settings.expert if one.name != name
    }
    before = {one.name: others[one.name] for one in asked_before(deployment.settings, name)}
    batch = _batch(cases)
    given = {
        other: as_if_unseen(one, taken(batch, one.predict(batch), other))
        for other, one in before.items()
        if not isinstance(one, OnDemand)
    }
    sure = {other: before[other] for other in given}
    sharing = calibrated_among(others.values()) + 1  # it will be calibrated, too
    wanted = wanted_of(workshop, cases, labels, sure, given, expert.card.fields, sharing=sharing)
    if not wanted:
        raise BadInput(
            f"The experts before {name} are sure of everything; it is never asked.",
            fix="It needs no calibration as long as that is so.",
        )
    some = dict(list(wanted.items())[:cases_at_most])
    batch = batch.filter(pc.is_in(batch.column("case_id"), value_set=pa.array(list(some), pa.string())))
    most = expert.most_eur(batch, some) if isinstance(expert, Calibrates) else Decimal(0)
    return CalibrationPlan(name, folder, batch, labels, some, expert, most)


def calibrate(workshop: Workshop, plan: CalibrationPlan) -> Done:
    """Ask, count, write it down, and keep the calibration beside the expert.

    Raises
    ------
    NotCalibrated
        Most cases were not answered; what was spent stands in the ledger all the same.
    """
    expert = plan.expert
    if not isinstance(expert, Calibrates):
        raise BadInput(f"{plan.name} cannot be calibrated.", fix="None is needed.")
    done = expert.calibrated_on(plan.cases, plan.labels, plan.wanted)
    check_predictions(plan.cases, done.predictions, plan.name)
    kept = len(done.failures) <= _ENOUGH * plan.cases.num_rows
    card = done.expert.card
    with drafted(plan.folder) as draft:
        if kept:
            done.expert.save(draft)
        workshop.ledger.append(
            kind="expert.calibrated",
            actor=workshop.actor,
            body={
                "name": plan.name,
                "kept": kept,
                "version": card.version,
                "artefact": digest_of_path(draft) if kept else digest_of(None),
                "cases": plan.cases.num_rows,
                "questions": plan.questions,
                "failures": len(done.failures),
                "requests": done.requests,
                "cost_eur": format(done.cost_eur, "f"),
                "figures": {name: as_plain(figure) for name, figure in card.figures.items()},
            },
        )
        if kept:
            take_place(draft, plan.folder)
    if not kept:
        raise NotCalibrated(
            f"{plan.name} gave no answer for {len(done.failures)} of {count(plan.cases.num_rows, 'case')}: "
            f"{next(iter(done.failures.values()))}",
            fix="Mend what it says and run the command again; the calibration from before was left as it is.",
        )
    return done


def _batch(cases: pa.Table) -> pa.RecordBatch:
    return cases.combine_chunks().to_batches()[0]


def as_if_unseen(expert: Expert, predictions: pa.RecordBatch) -> pa.RecordBatch:
    """Return predictions with what the expert said of a case before it had learned from it, where it has.

    Of cases that it learned from it is surer than of any other, and would leave too little to ask.
    """
    if not isinstance(expert, Calibrated):
        return predictions
    names = ("case_id", "field", "answer", "confidence")
    columns = [expert.out_of_fold.column(name).to_pylist() for name in names]
    unseen = {(case, key): (answer, sure) for case, key, answer, sure in zip(*columns, strict=True)}
    rows = predictions.to_pylist()
    for row in rows:
        said = unseen.get((row["case_id"], row["field"]))
        if said is not None:
            row["answer"], row["confidence"] = said
            row["evidence"] = []
    return with_settled_scores(pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS))
