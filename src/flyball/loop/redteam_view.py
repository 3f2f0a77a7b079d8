"""What a page shows of red teams: the last runs, and every finding with what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyball.core.errors import FlyballError
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.redteam.records import Attack
from flyball.loop.redteaming import OUTSIDE, RUN, retested, suite_of, wants_run
from flyball.loop.releases import live_release
from flyball.loop.settings import RedTeamSettings
from flyball.loop.workshop import Workshop

__all__ = ["Found", "RedTeamView", "Run", "redteam_view"]

_MOST_RUNS = 10


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as the ledger has it.

    Parameters
    ----------
    entry : int
    at : datetime
    by : str
    release, target : str
    attempts, failed : int
    attacks, benign : Estimate or NotMeasured
    families : tuple of (name, harmless, attempts, successes, rate)
    not_applicable : mapping of str to str
    not_tested : tuple of str
    """

    entry: int
    at: datetime
    by: str
    release: str
    target: str
    attempts: int
    failed: int
    attacks: Estimate | NotMeasured
    benign: Estimate | NotMeasured
    families: tuple[tuple[str, bool, int, int, Estimate | NotMeasured], ...]
    not_applicable: Mapping[str, str]
    not_tested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and what became of it with the live release: "" where it was not tried."""

    attack: Attack
    now: str


@dataclass(frozen=True, slots=True)
class RedTeamView:
    """What there is to show.

    Parameters
    ----------
    runs : tuple of Run
        The newest first.
    findings : tuple of Found
    problem : str
        Why the findings cannot be read; "" where they can.
    outside : tuple of (entry, tool, version, probes)
        Reports of other tools, the newest first.
    settings : RedTeamSettings
    bound : bool
        Whether nothing goes live without a run.
    """

    runs: tuple[Run, ...]
    findings: tuple[Found, ...]
    problem: str
    outside: tuple[tuple[int, str, str, int], ...]
    settings: RedTeamSettings
    bound: bool


def redteam_view(workshop: Workshop) -> RedTeamView:
    """Return the last runs, the findings, and the reports of other tools."""
    live = live_release(workshop.ledger)
    known = {} if live is None else retested(workshop.ledger, live.release)
    try:
        findings, problem = suite_of(workshop.deployment), ""
    except FlyballError as err:
        findings, problem = (), f"{err.message} {err.fix}"
    runs = [_run(entry) for entry in workshop.ledger.entries(kind=RUN)][-_MOST_RUNS:]
    outside = [
        (entry.index, str(entry.body["tool"]), str(entry.body["version"]), len(_list(entry.body["rows"])))
        for entry in workshop.ledger.entries(kind=OUTSIDE)
    ]
    settings = workshop.deployment.settings.redteam
    return RedTeamView(
        tuple(reversed(runs)),
        tuple(Found(one, known.get(one.id, "")) for one in findings),
        problem,
        tuple(reversed(outside[-_MOST_RUNS:])),
        settings,
        wants_run(settings),
    )


def _run(entry: Any) -> Run:
    body = entry.body
    return Run(
        entry=entry.index,
        at=entry.at,
        by=entry.actor,
        release=body["release"],
        target=body["target"],
        attempts=body["attempts"],
        failed=body["failed"],
        attacks=_rate(body["attacks"]),
        benign=_rate(body["benign"]),
        families=tuple(
            (name, one["benign"], one["attempts"], one["successes"], _rate(one["rate"]))
            for name, one in body["families"].items()
        ),
        not_applicable=body["not_applicable"],
        not_tested=tuple(body["not_tested"]),
    )


def _rate(told: Mapping[str, Any]) -> Estimate | NotMeasured:
    if told["value"] is None:
        return NotMeasured(str(told.get("reason", "")))
    return Estimate(told["value"], told["n"], told["low"], told["high"])


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
