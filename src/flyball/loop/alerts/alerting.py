"""Raise, grow, remind, acknowledge, silence, resolve: each is an entry of the ledger."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from flyball.core.errors import BadInput, UnknownName
from flyball.ledger.ledger import Ledger
from flyball.loop.alerts.condition import Condition
from flyball.loop.alerts.records import (
    ACKNOWLEDGED,
    RAISED,
    RESOLVED,
    SILENCED,
    Alert,
    Cause,
)
from flyball.loop.alerts.settings import AlertSettings
from flyball.loop.alerts.standing import Standing, silence_of, standing_of
from flyball.loop.asked_turns import ask_for_turn

__all__ = ["acknowledge", "lift_silence", "raise_and_resolve", "silence"]

_RUNBOOKS = "docs/runbooks/"
_ACTOR = "system:watch"


def raise_and_resolve(
    ledger: Ledger,
    settings: AlertSettings,
    conditions: Iterable[Condition],
    now: datetime,
    *,
    looked: Collection[str],
    clear_since: dict[str, datetime],
) -> Standing:
    """Hold what was found against what is open, and write down what changes.

    Parameters
    ----------
    ledger : Ledger
    settings : AlertSettings
    conditions : iterable of Condition
        Of all sources that have looked, now or since they last did.
    now : datetime
    looked : collection of str
        Names of those sources: what they no longer speak of is over.
    clear_since : dict of str to datetime
        Since when the causes of an open alert have been gone; changed in place.

    Returns
    -------
    Standing
        Afterwards.
    """
    standing = standing_of(ledger, now)
    groups: dict[str, list[Condition]] = {}
    for one in conditions:
        groups.setdefault(one.group or one.name, []).append(one)
    for name, found in groups.items():
        wrong = [one for one in found if one.holds]
        if wrong:
            clear_since.pop(name, None)
            _raise(ledger, settings, name, wrong, standing, now)
    for name, alert in standing.open.items():
        found = groups.get(name, [])
        if alert.asks_for_turn:
            _ask(ledger, alert)
        if any(one.holds for one in found) or not _all_gone(alert, found, looked):
            clear_since.pop(name, None)
        elif now - clear_since.setdefault(name, now) >= timedelta(minutes=settings.resolve_minutes):
            clear_since.pop(name)
            told = _told_before(ledger, alert)
            ledger.append(
                kind=RESOLVED, actor=_ACTOR, body={"name": name, "number": alert.entry, "channels": told}
            )
    after = standing_of(ledger, now)
    for alert in after.open.values():
        if alert.asks_for_turn:
            _ask(ledger, alert)
    return after


def acknowledge(ledger: Ledger, name: str, *, by: str, now: datetime) -> Alert:
    """Say that somebody looks at an alert: no more reminders until it grows worse.

    Raises
    ------
    UnknownName
        None of that name is open.
    """
    alert = _open(standing_of(ledger, now), name)
    if alert.acknowledged_by != by:
        body = {"name": name, "number": alert.entry, "channels": _told_before(ledger, alert)}
        ledger.append(kind=ACKNOWLEDGED, actor=by, body=body)
    return _open(standing_of(ledger, now), name)


def silence(ledger: Ledger, name: str, *, until: datetime, by: str, why: str, now: datetime) -> None:
    """Tell nobody about some alerts until a time; they are raised and shown all the same.

    Parameters
    ----------
    ledger : Ledger
    name : str
        Of an alert, open or not, or a pattern such as "drift*".
    until, by, why, now

    Raises
    ------
    BadInput
        No reason, or a time that has passed or is more than a year away.
    """
    if not why.strip():
        raise BadInput("A silence needs a reason.", fix='Say why: --why "moving the database".')
    if not now < until <= now + timedelta(days=366):
        raise BadInput(
            f"A silence ends after now and within a year, got {until.isoformat()}.",
            fix="Give --hours above 0.",
        )
    if not name.strip() or len(name) > 100:
        raise BadInput(
            f"{name[:100]!r} is no name of alerts.", fix="Give one of flyball alert list, or a pattern."
        )
    ledger.append(kind=SILENCED, actor=by, body={"name": name, "until": until, "why": why.strip()[:500]})


def lift_silence(ledger: Ledger, name: str, *, by: str, now: datetime) -> None:
    """End a silence.

    Raises
    ------
    UnknownName
        There is none of that name.
    """
    silences = standing_of(ledger, now).silences
    if name not in [one.name for one in silences]:
        known = ", ".join(one.name for one in silences) or "none"
        raise UnknownName(f"No silence is called {name[:100]!r}.", fix=f"Known: {known}.")
    ledger.append(kind=SILENCED, actor=by, body={"name": name, "until": now, "why": "lifted"})


def runbook_of(settings: AlertSettings, written: str) -> str:
    """Return the address of a runbook: as written, under your own address, or the shipped page."""
    if "://" in written:
        return written
    return f"{settings.runbooks or _RUNBOOKS}{written}" + ("" if settings.runbooks else ".md")


def _raise(
    ledger: Ledger,
    settings: AlertSettings,
    name: str,
    wrong: Sequence[Condition],
    standing: Standing,
    now: datetime,
) -> None:
    before = standing.open.get(name)
    was = dict(before.seen) if before is not None else {}
    page = any(one.severity == "page" for one in wrong) or (before is not None and before.severity == "page")
    grew = any(one.name not in was or (one.severity == "page" and was[one.name] == "ticket") for one in wrong)
    quiet = silence_of(name, standing.silences)
    remind = False
    if before is not None and not before.acknowledged_by and quiet is None:
        late = before.told_at + timedelta(hours=settings.remind_hours) <= now
        remind = before.kept_quiet or (late and settings.remind_hours > 0)
    if not grew and not remind:
        return
    severity = "page" if page else "ticket"
    channels = [] if quiet else [one.name for one in settings.channel if severity in one.severities]
    ledger.append(
        kind=RAISED,
        actor=_ACTOR,
        body={
            "name": name,
            "event": "raised" if grew else "reminded",
            "severity": severity,
            "causes": [asdict(Cause(one.name, one.title, one.severity, one.why)) for one in wrong],
            "runbook": runbook_of(settings, next((one.runbook for one in wrong if one.runbook), "watch")),
            "channels": channels,
            "silenced": quiet is not None,
            "seen": was
            | {one.name: "page" if was.get(one.name) == "page" else one.severity for one in wrong},
            "asks_for_turn": any(one.asks_for_turn for one in wrong),
        },
    )


def _all_gone(alert: Alert, found: Sequence[Condition], looked: Collection[str]) -> bool:
    by_name = {one.name: one for one in found}
    return all(
        by_name[cause.name].holds is False
        if cause.name in by_name
        else cause.name.partition("/")[0] in looked
        for cause in alert.causes
    )


def _told_before(ledger: Ledger, alert: Alert) -> list[str]:
    """Return the channels that were told of an alert, so that they learn how it goes on."""
    raised = ledger.entries(kind=RAISED, start=alert.entry, stop=alert.last_entry + 1)
    channels = [one.body["channels"] for one in raised if one.body["name"] == alert.name]
    return list(dict.fromkeys(name for some in channels for name in some))  # type: ignore[attr-defined]


def _ask(ledger: Ledger, alert: Alert) -> None:
    why = "; ".join(dict.fromkeys(f"{one.title}: {one.why}" for one in alert.causes))
    ask_for_turn(ledger, by=f"alert:{alert.name}", why=why, key=f"alert/{alert.name}/{alert.entry}")


def _open(standing: Standing, name: str) -> Alert:
    if name not in standing.open:
        known = ", ".join(sorted(standing.open)) or "none"
        raise UnknownName(f"No open alert is called {name[:100]!r}.", fix=f"Open: {known}.", name=name[:100])
    return standing.open[name]
