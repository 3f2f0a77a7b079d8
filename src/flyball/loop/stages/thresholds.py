"""Thresholds: the loosest ones that keep the promise, from answers to cases that the expert had not seen."""

from collections.abc import Mapping
from typing import Any

import msgspec

from flyball.core.digests import digest_of
from flyball.loop.settings import Promise as PromiseSettings
from flyball.loop.settings import Settings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.expert import load_expert
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import Calibrated, Expert
from flyball.models.router.risk_control import Promise, calibration_of, choose_thresholds
from flyball.models.router.thresholds import ExpertThresholds, Guarantee, Thresholds

__all__ = ["choose", "read_thresholds", "thresholds"]


def thresholds(settings: Settings) -> Stage:
    """Return the stage that chooses thresholds."""

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        experts = {one.name: load_expert(workshop.deployment, one) for one in settings.expert}
        return {"thresholds": msgspec.to_builtins(choose(experts, settings.promise))}

    return Stage(
        "thresholds",
        "choose thresholds that keep the promise",
        tuple(f"expert:{expert.name}" for expert in settings.expert),
        lambda workshop: {"promise": digest_of(workshop.deployment.settings.promise)},
        run,
    )


def choose(experts: Mapping[str, Expert], promise: PromiseSettings) -> Thresholds:
    """Choose the thresholds of every expert that brings answers to unseen cases.

    An expert without them gets none: what it says goes to a person. Each promise is made per expert;
    a field is automated by one expert only, so where several are calibrated the promise holds for the
    answers of each.
    """
    wanted = Promise(
        wrong_share_at_most=promise.wrong_share_at_most,
        confidence=promise.confidence,
        false_positives_per_1000_at_most=promise.false_positives_per_1000_at_most,
        false_positives_confidence=promise.false_positives_confidence,
    )
    found: dict[str, ExpertThresholds] = {}
    guarantees: list[Guarantee] = []
    for name, expert in experts.items():
        if not isinstance(expert, Calibrated):
            continue
        columns = expert.out_of_fold.select(["case_id", "answer", "confidence", "right"]).to_pydict()
        chosen = choose_thresholds(
            calibration_of(columns["case_id"], columns["answer"], columns["confidence"], columns["right"]),
            wanted,
        )
        found[name] = chosen.thresholds
        guarantees.extend(chosen.guarantees)
    return Thresholds(found, tuple(guarantees))


def read_thresholds(output: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds that the stage chose."""
    return msgspec.convert(output["thresholds"], Thresholds)
