"""What records say about controls, and what a reader must not take for shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flyball.governance.evidence.making import MEASURED
from flyball.governance.evidence.pack import ControlShown, PackRecord, Period, Showing
from flyball.governance.frameworks.records import Control
from flyball.ledger.records import Entry

__all__ = ["controls_shown", "gaps_of_period", "what_was_not_tested"]


def controls_shown(controls: Sequence[Control], records: Sequence[PackRecord]) -> tuple[ControlShown, ...]:
    """Return what the records say about each control; never that a control is met: that people judge."""
    return tuple(_shown(one, records) for one in controls)


def _shown(control: Control, records: Sequence[PackRecord]) -> ControlShown:
    behind = [one for one in records if one.check in control.checks]
    tested = [one for one in behind if one.outcome != "not_measured"]
    missing = tuple(name for name in control.checks if not any(one.check == name for one in tested))
    showing: Showing = "supported"
    if not tested:
        showing = "not_tested"
    elif any(one.outcome == "failed" for one in tested):
        showing = "exception"
    elif missing:
        showing = "incomplete"
    elif _without_limit(control.checks, tested):
        showing = "measured"
    return ControlShown(
        control.id,
        control.title,
        control.checks,
        tuple(one.id for one in behind),
        missing,
        showing,
        control.gaps or "Nothing here looks at it.",
    )


def _without_limit(checks: Sequence[str], records: Sequence[PackRecord]) -> tuple[str, ...]:
    """Return the checks that were made and of which nothing was held against a limit."""
    of = {name: {one.outcome for one in records if one.check == name} for name in checks}
    return tuple(
        name for name, outcomes in of.items() if outcomes and outcomes <= {"measured", "not_measured"}
    )


def gaps_of_period(period: Period, made_at: datetime, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return which days of a period a pack cannot know: those to come, and those before its ledger began."""
    said = []
    today = made_at.date()
    if period.last >= today:
        said.append(
            f"The period runs until {period.last}; nothing after {made_at:%Y-%m-%d %H:%M} UTC is here."
        )
    began = min((one.at.date() for one in entries), default=None)
    if began is None:
        said.append("The ledger shows no entry at all: nothing was made or done with this deployment yet.")
    elif period.first < began:
        said.append(
            f"The period begins on {period.first}; the first entry of the ledger that is shown is of {began}."
        )
    return tuple(said)


def what_was_not_tested(
    controls: Sequence[ControlShown],
    records: Sequence[PackRecord],
    *,
    withheld: Mapping[str, int],
    more: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return what a reader must not take for shown, in sentences."""
    said = [
        f"{one.id} ({one.title}): nothing was tested."
        for one in controls
        if one.showing == "not_tested" and not one.checks
    ]
    said += [
        f"{one.id} ({one.title}): {', '.join(one.missing)} was not checked, or had nothing to test."
        for one in controls
        if one.missing
    ]
    said += [
        f"{one.id} ({one.title}): {', '.join(free)} was measured, and held against no limit."
        for one in controls
        if (free := [name for name in _without_limit(one.checks, records) if name not in one.missing])
    ]
    made = {one.check for one in records}
    said += [f"{title}: not measured in this period." for kind, title in MEASURED.items() if kind not in made]
    said += [
        f"{one.title}: {one.figure}."
        for one in records
        if one.outcome == "not_measured" and one.check.startswith("evaluation.")
    ]
    said += more
    if withheld:
        kinds = ", ".join(f"{number:,} of kind {kind}" for kind, number in sorted(withheld.items()))
        said.append(
            f"Entries of the ledger that may hold cases are here by their hash alone: {kinds}. That no "
            "other act "
            "is among them is shown by the whole ledger only (--whole-ledger)."
        )
    said.append("Whether a control is met: that is for people to judge, and for nobody but them to sign.")
    return tuple(said)
