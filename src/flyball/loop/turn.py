"""The turn: run what has to run, keep what each stage returned, write it down."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball.core.digests import digest_of
from flyball.core.errors import FlyballError
from flyball.core.tracing import begin, span
from flyball.loop.memo import StageResult, key_of
from flyball.loop.plan import Plan, inputs_of, make_plan
from flyball.loop.stage import Stage
from flyball.loop.workshop import Workshop

__all__ = ["Ran", "TurnBusy", "TurnResult", "only_one_turn", "run_turn"]


class TurnBusy(FlyballError):
    """Another turn of this deployment is under way."""

    code = "loop.turn_busy"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Ran:
    """What happened to one stage in a turn.

    Parameters
    ----------
    stage, title : str
    ran : bool
        False: skipped, its kept result was used.
    seconds : float
        Of this turn; 0 for a skip.
    why : str
    result : StageResult
    """

    stage: str
    title: str
    ran: bool
    seconds: float
    why: str
    result: StageResult


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One finished pass.

    Parameters
    ----------
    plan : Plan
    stages : tuple of Ran
    seconds : float
    """

    plan: Plan
    stages: tuple[Ran, ...]
    seconds: float

    @property
    def outputs(self) -> dict[str, Mapping[str, Any]]:
        """What every stage returned, by its name."""
        return {ran.stage: ran.result.output for ran in self.stages}


@contextmanager
def only_one_turn(state: Path) -> Iterator[None]:
    """Hold the turn lock of a deployment; the kernel lets go of it when the process dies.

    Raises
    ------
    TurnBusy
        Another process holds it.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "turn.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise TurnBusy(
                f"A turn is already under way in {state}.",
                fix="Wait for it, then run this again.",
                state=state,
            ) from err
        yield


def run_turn(
    stages: Sequence[Stage],
    workshop: Workshop,
    *,
    before: Callable[[Stage, str], None] = lambda stage, why: None,
    after: Callable[[Ran], None] = lambda ran: None,
) -> TurnResult:
    """Run every stage whose inputs have changed; killed at any point, the next call goes on from there.

    A stage's result is on disk before its ledger entry is written, and the entry carries the
    result's key, so that a crash between the two is mended by the next turn and never doubled.

    Parameters
    ----------
    stages : sequence of Stage
        In an order in which every stage follows those it needs.
    workshop : Workshop
    before : callable (stage, why)
        Told when a stage begins.
    after : callable (ran)
        Told when a stage has run or was skipped.

    Returns
    -------
    TurnResult

    Raises
    ------
    TurnBusy
        Another turn of this deployment is under way.
    """
    started = time.perf_counter()
    with only_one_turn(workshop.state), begin("turn", workshop.traces) as turn:
        turn.set("flyball.deployment", workshop.deployment.name)
        plan = make_plan(stages, workshop)
        whys = {planned.stage: planned.why for planned in plan.stages}
        done: list[Ran] = []
        outputs: dict[str, Mapping[str, Any]] = {}
        digests: dict[str, str] = {}
        for stage in stages:
            inputs = inputs_of(stage, workshop, digests)
            key = key_of(stage.name, stage.version, inputs)
            kept = workshop.memo.find(stage.name, key)
            began = time.perf_counter()
            with span(f"stage {stage.name}") as told:
                told.set("flyball.stage", stage.name)
                told.set("flyball.stage.ran", kept is None)
                if kept is None:
                    before(stage, whys[stage.name])
                    kept = _run(stage, workshop, outputs, inputs, key)
                    seconds = time.perf_counter() - began
                    ran = Ran(stage.name, stage.title, True, seconds, whys[stage.name], kept)
                else:
                    why = "nothing that goes in has changed"
                    ran = Ran(stage.name, stage.title, False, 0.0, why, kept)
                _write_down(workshop, kept)
            outputs[stage.name], digests[stage.name] = kept.output, kept.output_digest
            done.append(ran)
            after(ran)
    return TurnResult(plan, tuple(done), time.perf_counter() - started)


def _run(
    stage: Stage,
    workshop: Workshop,
    outputs: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, str],
    key: str,
) -> StageResult:
    began = time.perf_counter()
    output = dict(stage.run(workshop, {needed: outputs[needed] for needed in stage.needs}))
    result = StageResult(
        stage=stage.name,
        key=key,
        inputs=inputs,
        output=output,
        output_digest=digest_of(output),
        ran_at=workshop.clock().isoformat(),
        seconds=round(time.perf_counter() - began, 3),
    )
    workshop.memo.keep(result)
    return result


def _write_down(workshop: Workshop, result: StageResult) -> None:
    """Write the run to the ledger; the same run is not written twice."""
    workshop.ledger.append(
        kind="turn.stage",
        actor="system:turn",
        key=f"turn.stage/{digest_of(result)}",  # a result that was lost and made again is another run
        body={
            "stage": result.stage,
            "key": result.key,
            "inputs": dict(result.inputs),
            "output": result.output_digest,
            "ran_at": result.ran_at,
        },
    )
