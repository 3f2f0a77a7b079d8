"""Raise, grow, remind, escalate, acknowledge, silence, resolve: each is an entry of the ledger."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from flyball.core.errors import BadInput, UnknownName
from flyball.core.text import one_line
from flyball.evaluation.objectives.burn import Severity
from flyball.ledger.ledger import Ledger
from flyball.loop.alerts.condition import Condition
from flyball.loop.alerts.records import (
    ACKNOWLEDGED,
    RAISED,
    RESOLVED,
    SILENCED,
    UNACKNOWLEDGED,
    Alert,
    Cause,
)
from flyball.loop.alerts.settings import AlertSettings
from flyball.loop.alerts.standing import Standing, silence_of, standing_of
from flyball.loop.asked_turns import ask_for_turn

__all__ = ["acknowledge", "lift_silence", "raise_and_resolve", "runbook_of", "silence", "unacknowledge"]

_ACTOR = "system:watch"
_LONGEST_TITLE = 200
_LONGEST_WHY = 500
_MOST_CAUSES = 50
"""Causes of one alert that an entry tells of; of the others it says how many there are."""
_GROWS_EVERY = timedelta(minutes=5)
"""An alert that grows and gets no worse is told at most so often: a storm is one message, not thousands."""


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
            continue
        since = min(clear_since.setdefault(name, now), now)  # a clock that was put back begins anew
        clear_since[name] = since
        if now - since >= timedelta(minutes=settings.resolve_minutes):
            clear_since.pop(name)
            told = [one.name for one in settings.channel if one.name in alert.told]
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
        body = {"name": name, "number": alert.entry, "channels": list(alert.told)}
        ledger.append(kind=ACKNOWLEDGED, actor=by, body=body)
    return _open(standing_of(ledger, now), name)


def unacknowledge(ledger: Ledger, name: str, *, by: str, now: datetime) -> Alert:
    """Take an acknowledgement back: who was told learns it, reminders and escalation begin anew.

    Raises
    ------
    UnknownName
        None of that name is open.
    BadInput
        Nobody acknowledged it.
    """
    alert = _open(standing_of(ledger, now), name)
    if not alert.acknowledged_by:
        raise BadInput(f"Nobody acknowledged the alert {name!r}.", fix="There is nothing to take back.")
    body = {"name": name, "number": alert.entry, "channels": list(alert.told)}
    ledger.append(kind=UNACKNOWLEDGED, actor=by, body=body)
    return _open(standing_of(ledger, now), name)


def silence(ledger: Ledger, name: str, *, until: datetime, by: str, why: str, now: datetime) -> None:
    """Tell nobody about some alerts until a time; they are raised and shown all the same.

    Parameters
    ----------
    ledger : Ledger
    name : str
        Of an alert, open or not, or a pattern such as "drift*"; or of causes, such as "money/*/acme": then
        alerts are meant of which every cause is.
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
    """Return where a runbook is: as written, under your own address, or the name of a page."""
    return written if "://" in written else f"{settings.runbooks}{written}"


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
    severity: Severity = "page" if page else "ticket"
    causes = [_cause_of(one) for one in sorted(wrong, key=lambda one: one.severity != "page")]
    fresh: dict[str, Severity] = {
        one.name: one.severity for one in causes if was.get(one.name) not in ("page", one.severity)
    }
    quiet = silence_of(name, [one.name for one in causes], standing.silences)
    told_before = () if before is None else before.told
    told = [
        one.name
        for one in settings.channel
        if severity in one.severities and (not one.after_minutes or one.name in told_before)
    ]
    if fresh and (before is None or _worse(before, fresh) or before.told_at + _GROWS_EVERY <= now):
        event = "raised"
    elif before is None or before.acknowledged_by or quiet is not None:
        return
    elif late := _late_channels(settings, before, now):
        event, told = "escalated", late
    elif missed := [one for one in before.undelivered if one in told and one not in standing.failing]:
        event, told = "reminded", missed  # a channel that works again learns what it has missed
    elif before.kept_quiet or _reminder_is_due(settings, before, now):
        event = "reminded"
    else:
        return
    ledger.append(
        kind=RAISED,
        actor=_ACTOR,
        body={
            "name": name,
            "event": event,
            "severity": severity,
            "causes": [asdict(one) for one in causes[:_MOST_CAUSES]],
            "more": max(len(causes) - _MOST_CAUSES, 0),
            "runbook": runbook_of(settings, next((one.runbook for one in wrong if one.runbook), "watch")),
            "channels": [] if quiet else told,
            "silenced": quiet is not None,
            "seen": fresh,
            "asks_for_turn": any(one.asks_for_turn for one in wrong),
        },
    )


def _cause_of(one: Condition) -> Cause:
    return Cause(one.name, one_line(one.title, _LONGEST_TITLE), one.severity, one_line(one.why, _LONGEST_WHY))


def _worse(before: Alert, fresh: Mapping[str, Severity]) -> bool:
    return before.severity == "ticket" and "page" in fresh.values()


def _reminder_is_due(settings: AlertSettings, before: Alert, now: datetime) -> bool:
    pause = timedelta(hours=settings.remind_hours)
    return bool(pause) and before.told_at + pause <= now


def _late_channels(settings: AlertSettings, before: Alert, now: datetime) -> list[str]:
    """Return channels that are told because nobody has acknowledged for as long as they wait."""
    if before.kept_quiet:
        return []
    return [
        one.name
        for one in settings.channel
        if one.after_minutes
        and before.severity in one.severities
        and one.name not in before.told
        and before.waits_since + timedelta(minutes=one.after_minutes) <= now
    ]


def _all_gone(alert: Alert, found: Sequence[Condition], looked: Collection[str]) -> bool:
    by_name = {one.name: one for one in found}
    return all(
        by_name[name].holds is False if name in by_name else _looked_at(name, looked) for name in alert.seen
    )


def _looked_at(cause: str, looked: Collection[str]) -> bool:
    """Return whether the look that a cause came from was made: of "watch/drift" that is the one at drift."""
    look, _, rest = cause.partition("/")
    return (rest.partition("/")[0] if look == "watch" else look) in looked


def _ask(ledger: Ledger, alert: Alert) -> None:
    why = "; ".join(dict.fromkeys(f"{one.title}: {one.why}" for one in alert.causes))
    ask_for_turn(ledger, by=f"alert:{alert.name}", why=why, key=f"alert/{alert.name}/{alert.entry}")


def _open(standing: Standing, name: str) -> Alert:
    if name not in standing.open:
        known = ", ".join(sorted(standing.open)) or "none"
        raise UnknownName(f"No open alert is called {name[:100]!r}.", fix=f"Open: {known}.", name=name[:100])
    return standing.open[name]
