"""The loop of one deployment as a picture: where it is in its turn, what has changed, who asked for more."""

import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from flyball.core.errors import FlyballError
from flyball.loop.asked_turns import AskedTurn, asked_turns
from flyball.loop.plan import PlannedStage, make_plan
from flyball.loop.releases import Promotion, live_release
from flyball.loop.settings import talks_only
from flyball.loop.stage_list import stages_of
from flyball.loop.workshop import Workshop

__all__ = ["STATIONS", "LoopView", "Station", "StationState", "loop_view"]

StationState = Literal["done", "to run", "follows", "running", "never", "none"]
STATIONS = (
    "sources", "datasets", "experts", "router", "decisions", "evaluation", "governance", "release"
)  # fmt: skip
"""What every turn passes, in order."""
_AT = {
    "documents": "sources",
    "snapshot": "datasets",
    "expert": "experts",
    "predictions": "experts",
    "asking": "experts",
    "thresholds": "router",
    "playbook": "governance",
    "obligations": "governance",
    "ahead": "governance",
    "constitution": "governance",
}
"""Station of a stage by the first part of its name; the others are called like their station."""


@dataclass(frozen=True, slots=True)
class Station:
    """One place of the loop.

    Parameters
    ----------
    name : str
        One of `STATIONS`.
    state : {"done", "to run", "follows", "running", "never", "none"}
        "to run" where something that goes in has changed, "follows" where only what comes before it has;
        "none" where the deployment has no such part.
    why : str
        What has changed, of the first stage that would run; "" for nothing.
    stages : tuple of PlannedStage
    """

    name: str
    state: StationState
    why: str
    stages: tuple[PlannedStage, ...]


@dataclass(frozen=True, slots=True)
class LoopView:
    """Where a deployment is.

    Parameters
    ----------
    deployment, purpose, owner : str
    stations : tuple of Station
        () for one that only talks, or whose plan cannot be made.
    running : bool
        Whether a turn is under way.
    changed : tuple of PlannedStage
        Stages that would run because of what goes into them, not only because one before them would.
    asked : tuple of AskedTurn
        Who waits for a turn.
    live : Promotion or None
        What answers now.
    last_run : datetime or None
        When a stage ran last.
    problem : str
        Why the plan cannot be made; "" where it can.
    looked_at : datetime
    """

    deployment: str
    purpose: str
    owner: str
    stations: tuple[Station, ...]
    running: bool
    changed: tuple[PlannedStage, ...]
    asked: tuple[AskedTurn, ...]
    live: Promotion | None
    last_run: datetime | None
    problem: str
    looked_at: datetime


def loop_view(workshop: Workshop) -> LoopView:
    """Return where a deployment is in its turn. Reads its files; writes nothing."""
    settings = workshop.deployment.settings
    running = _is_turning(workshop.state)
    stages: Sequence[PlannedStage] = ()
    problem = ""
    if not talks_only(settings):
        try:
            stages = make_plan(stages_of(settings), workshop).stages
        except (FlyballError, OSError) as err:
            problem = f"{err.message} {err.fix}" if isinstance(err, FlyballError) else str(err)
    return LoopView(
        deployment=workshop.deployment.name,
        purpose=settings.deployment.purpose,
        owner=settings.deployment.owner,
        stations=_stations(stages, running=running) if stages else (),
        running=running,
        changed=tuple(one for one in stages if one.action == "run" and (one.changed or _is_new(one))),
        asked=tuple(asked_turns(workshop.ledger)),
        live=live_release(workshop.ledger),
        last_run=_last_run(workshop),
        problem=problem,
        looked_at=workshop.clock(),
    )


def _stations(stages: Sequence[PlannedStage], *, running: bool) -> tuple[Station, ...]:
    found: dict[str, list[PlannedStage]] = {name: [] for name in STATIONS}
    for stage in stages:
        first = stage.stage.partition(":")[0]
        found.setdefault(_AT.get(first, first), []).append(stage)
    made: list[Station] = []
    for name in STATIONS:
        here = found[name]
        due = next((one for one in here if one.action == "run"), None)
        own = next((one for one in here if one.action == "run" and one.changed), None)
        state: StationState = "none" if not here else "done" if due is None else "follows"
        if own is not None:
            due, state = own, "to run"
        elif due is not None and any(_is_new(one) for one in here):
            state = "never"
        if due is not None and running and not any(one.state == "running" for one in made):
            state = "running"
        made.append(Station(name, state, due.why if due is not None else "", tuple(here)))
    return tuple(made)


def _is_new(stage: PlannedStage) -> bool:
    return stage.why == "has never run"


def _is_turning(state: Path) -> bool:
    """Return whether a turn holds its lock; asking does not take it for longer than the question."""
    lock = state / "turn.lock"
    if not lock.is_file():
        return False
    with lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def _last_run(workshop: Workshop) -> datetime | None:
    files = (workshop.state / "memo").glob("*/*.json")
    newest = max((file.stat().st_mtime for file in files), default=None)
    return None if newest is None else datetime.fromtimestamp(newest, workshop.clock().tzinfo)
