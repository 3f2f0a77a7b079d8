"""The plan: which stages would run, and why. Reads everything, changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flyball.core.digests import digest_of
from flyball.core.text import count
from flyball.loop.memo import StageResult, key_of
from flyball.loop.stage import Stage
from flyball.loop.workshop import Workshop

__all__ = ["Plan", "PlannedStage", "inputs_of", "make_plan", "why_changed"]


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """What would happen to one stage.

    Parameters
    ----------
    stage, title : str
    action : {"run", "skip"}
    why : str
        For people: what changed, or that nothing did.
    changed : tuple of str
        Names of the inputs that differ from the last run; () for a skip or a first run.
    """

    stage: str
    title: str
    action: Literal["run", "skip"]
    why: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a turn would do, in order.

    Parameters
    ----------
    deployment : str
    stages : tuple of PlannedStage
    """

    deployment: str
    stages: tuple[PlannedStage, ...]

    @property
    def to_run(self) -> tuple[str, ...]:
        """Names of the stages that would run."""
        return tuple(stage.stage for stage in self.stages if stage.action == "run")


def inputs_of(stage: Stage, workshop: Workshop, digests: Mapping[str, str]) -> dict[str, str]:
    """Return every input of a stage by name: its own, and the outputs of the stages it needs."""
    inputs = {name: _as_digest(value) for name, value in stage.inputs(workshop).items()}
    return inputs | {f"stage {needed}": digests[needed] for needed in stage.needs}


def make_plan(stages: Sequence[Stage], workshop: Workshop) -> Plan:
    """Work out which stages would run.

    A stage whose upstream would run is planned to run as well. When the upstream then returns what
    it returned before, the turn skips the stage after all: a plan can only err towards more work.

    Parameters
    ----------
    stages : sequence of Stage
        In an order in which every stage follows those it needs.
    workshop : Workshop

    Returns
    -------
    Plan
    """
    digests: dict[str, str] = {}
    planned = []
    for stage in stages:
        waiting = [needed for needed in stage.needs if needed not in digests]
        last = workshop.memo.last(stage.name)
        own = {name: _as_digest(value) for name, value in stage.inputs(workshop).items()}
        known = own | {f"stage {needed}": digests[needed] for needed in stage.needs if needed in digests}
        if waiting:
            changed = _changed(known, last)
            why = f"{why_changed(changed)}; " if changed else ""
            first = waiting[0] + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else "")
            planned.append(PlannedStage(stage.name, stage.title, "run", f"{why}uses {first}", changed))
            continue
        kept = workshop.memo.find(stage.name, key_of(stage.name, stage.version, known))
        if kept is not None:
            digests[stage.name] = kept.output_digest
            planned.append(PlannedStage(stage.name, stage.title, "skip", "nothing that goes in has changed"))
        elif last is None:
            planned.append(PlannedStage(stage.name, stage.title, "run", "has never run"))
        else:
            changed = _changed(known, last)
            why = why_changed(changed) if changed else "Flyball was upgraded, or the result is lost"
            planned.append(PlannedStage(stage.name, stage.title, "run", why, changed))
    return Plan(workshop.deployment.name, tuple(planned))


def why_changed(changed: Sequence[str]) -> str:
    """Return "changed: a, b and 3 more inputs"."""
    if len(changed) <= 4:
        return "changed: " + ", ".join(changed)
    return f"changed: {', '.join(changed[:3])} and {count(len(changed) - 3, 'more input')}"


def _changed(inputs: Mapping[str, str], last: StageResult | None) -> tuple[str, ...]:
    if last is None:
        return ()
    before: Mapping[str, Any] = last.inputs
    differing = [name for name, digest in inputs.items() if before.get(name) != digest]
    gone = [f"{name} (gone)" for name in before if name not in inputs and not name.startswith("stage ")]
    return tuple(sorted(differing) + sorted(gone))


def _as_digest(value: str) -> str:
    return value if value.startswith("sha256:") else digest_of(value)
