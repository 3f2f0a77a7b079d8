"""What stands: every alert and silence, read from the ledger and from nothing else."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from heapq import merge

import msgspec

from flyball.evaluation.objectives.burn import Severity
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry
from flyball.loop.alerts.records import (
    ACKNOWLEDGED,
    DELIVERED,
    RAISED,
    RESOLVED,
    SILENCED,
    UNACKNOWLEDGED,
    UNDELIVERED,
    Alert,
    AlertState,
    Cause,
    Silence,
)

__all__ = ["Standing", "alerts_of", "silence_of", "standing_of"]

_KINDS = (RAISED, ACKNOWLEDGED, UNACKNOWLEDGED, SILENCED, RESOLVED, DELIVERED, UNDELIVERED)


class _Raised(msgspec.Struct):
    name: str
    severity: Severity
    causes: tuple[Cause, ...]
    runbook: str
    channels: tuple[str, ...]
    seen: dict[str, Severity]
    more: int = 0
    silenced: bool = False
    asks_for_turn: bool = False


class _About(msgspec.Struct):
    name: str
    channels: tuple[str, ...] = ()


class _Silenced(msgspec.Struct):
    name: str
    until: datetime
    why: str


class _Sent(msgspec.Struct):
    channel: str
    entry: int
    name: str = ""


@dataclass(slots=True)
class Standing:
    """Everything that the ledger says about alerts.

    Parameters
    ----------
    open : dict of str to Alert
        By name.
    resolved : list of Alert
        Oldest first.
    silences : list of Silence
        Those that are on, oldest first.
    waiting : list of (Entry, Alert, str)
        Messages that wait, in order: the entry that is told of, its alert as it was then, the channel.
    failing : dict of str to str
        Channels whose last message was not delivered, with the reason.
    """

    open: dict[str, Alert] = field(default_factory=dict)
    resolved: list[Alert] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    waiting: list[tuple[Entry, Alert, str]] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)


def standing_of(ledger: Ledger, now: datetime) -> Standing:
    """Return what stands at a time."""
    found = Standing()
    silences: dict[str, Silence] = {}
    waiting: dict[tuple[int, str], tuple[Entry, Alert, str]] = {}
    for entry in _entries(ledger):
        if entry.kind == SILENCED:
            said = msgspec.convert(entry.body, _Silenced)
            silences[said.name] = Silence(said.name, said.until, entry.actor, said.why, entry.index)
        elif entry.kind in (DELIVERED, UNDELIVERED):
            sent = msgspec.convert(entry.body, _Sent)
            waiting.pop((sent.entry, sent.channel), None)
            if entry.kind == DELIVERED:
                found.failing.pop(sent.channel, None)
            else:
                found.failing[sent.channel] = str(entry.body.get("reason", ""))
            if (about := found.open.get(sent.name)) is not None:
                missed = [one for one in about.undelivered if one != sent.channel]
                missed += [sent.channel] if entry.kind == UNDELIVERED else []
                found.open[sent.name] = replace(about, undelivered=tuple(missed))
        else:
            alert = _applied(found, entry)
            if alert is not None:
                for channel in msgspec.convert(entry.body, _About).channels:
                    waiting[entry.index, channel] = (entry, alert, channel)
    found.waiting = list(waiting.values())
    found.silences = [one for one in silences.values() if one.until > now]
    found.open = {name: _as_shown(one, found.silences) for name, one in found.open.items()}
    return found


def alerts_of(ledger: Ledger, now: datetime, *, resolved: int = 50) -> list[Alert]:
    """Return the alerts that are open, pages first, then the last `resolved` ones, newest first."""
    found = standing_of(ledger, now)
    still = sorted(found.open.values(), key=lambda one: (one.severity != "page", one.raised_at))
    return still + found.resolved[::-1][:resolved]


def silence_of(name: str, causes: Collection[str], silences: list[Silence]) -> Silence | None:
    """Return the longest silence that an alert falls under: by its name, or by all of its causes."""
    found = [
        one
        for one in silences
        if fnmatchcase(name, one.name)
        or (bool(causes) and all(fnmatchcase(cause, one.name) for cause in causes))
    ]
    return max(found, key=lambda one: one.until, default=None)


def _entries(ledger: Ledger) -> Iterator[Entry]:
    return merge(*(ledger.entries(kind=kind) for kind in _KINDS), key=lambda entry: entry.index)


def _applied(found: Standing, entry: Entry) -> Alert | None:
    """Take one entry in; None where it is about an alert that is not open."""
    if entry.kind == RAISED:
        said = msgspec.convert(entry.body, _Raised)
        before = found.open.get(said.name)
        worse = before is not None and said.severity == "page" and before.severity == "ticket"
        begins = before is None or worse or before.kept_quiet
        alert = Alert(
            name=said.name,
            severity=said.severity,
            state="open",
            causes=said.causes,
            runbook=said.runbook,
            raised_at=entry.at if before is None else before.raised_at,
            entry=entry.index if before is None else before.entry,
            last_entry=entry.index,
            told_at=entry.at,
            waits_since=entry.at if before is None or begins else before.waits_since,
            more=said.more,
            told=tuple(dict.fromkeys((*(() if before is None else before.told), *said.channels))),
            acknowledged_by="" if before is None or worse else before.acknowledged_by,
            undelivered=() if before is None else before.undelivered,
            asks_for_turn=said.asks_for_turn or (before is not None and before.asks_for_turn),
            seen=said.seen if before is None else {**before.seen, **said.seen},
            kept_quiet=said.silenced,
        )
        found.open[said.name] = alert
        return alert
    name = msgspec.convert(entry.body, _About).name
    if name not in found.open:
        return None
    if entry.kind == ACKNOWLEDGED:
        found.open[name] = replace(found.open[name], acknowledged_by=entry.actor)
        return found.open[name]
    if entry.kind == UNACKNOWLEDGED:
        found.open[name] = replace(
            found.open[name], acknowledged_by="", waits_since=entry.at, told_at=entry.at
        )
        return found.open[name]
    over = replace(found.open.pop(name), state="resolved", resolved_at=entry.at)
    found.resolved.append(over)
    return over


def _as_shown(alert: Alert, silences: list[Silence]) -> Alert:
    silence = silence_of(alert.name, [one.name for one in alert.causes], silences)
    state: AlertState = "silenced" if silence else "acknowledged" if alert.acknowledged_by else "open"
    if silence is None:
        return replace(alert, state=state)
    return replace(alert, state=state, silenced_until=silence.until, silenced_by=silence.by)
