"""The law as people look at it: what applied on a day, what changed since another, what comes."""

from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from flyball.governance.evidence.procedures import GATE_PROCEDURES
from flyball.governance.evidence.records import Coverage
from flyball.governance.obligations.records import Obligation, ObligationDiff, Upcoming
from flyball.loop.law import changes_ahead, changes_between, duties_on
from flyball.loop.release_view import evidence_entry, evidence_of_release
from flyball.loop.releases import live_release
from flyball.loop.stages.obligations import catalogue_of, kinds_of
from flyball.loop.workshop import Workshop

__all__ = ["LawView", "check_words", "law_view", "span_of"]

_AHEAD_DAYS = 3 * 366
_RECENT_DAYS = 5 * 366


@dataclass(frozen=True, slots=True)
class LawView:
    """Duties of one deployment on one day.

    Parameters
    ----------
    on : date
    today : date
        In UTC.
    against : date or None
        The day compared with; None: no day was named.
    duties : tuple of Obligation
        In force on `on`.
    ever : tuple of Obligation
        Every version that applies to this deployment on any day, by its first day.
    change : ObligationDiff or None
        From `against` to `on`, whichever comes first.
    ahead : tuple of Upcoming
        Days to come in the three years after `on`.
    standing : mapping of str to Coverage
        What the evidence of the live release says, by key of the duty; a duty that it does not name has none.
    evidence_entry : int
        Entry of that evidence in the ledger; -1 where there is none.
    jurisdictions : tuple of str
    """

    on: date
    today: date
    against: date | None
    duties: tuple[Obligation, ...]
    ever: tuple[Obligation, ...]
    change: ObligationDiff | None
    ahead: tuple[Upcoming, ...]
    standing: dict[str, Coverage]
    evidence_entry: int
    jurisdictions: tuple[str, ...]


def law_view(workshop: Workshop, on: date | None = None, against: date | None = None) -> LawView:
    """Return what applied on a day, by default today in UTC.

    Parameters
    ----------
    workshop : Workshop
    on, against : date, optional

    Returns
    -------
    LawView
    """
    deployment = workshop.deployment
    about, fields, kinds = deployment.settings.deployment, deployment.fields, kinds_of(deployment)
    catalogue = catalogue_of(deployment)
    today = workshop.today
    on = on or today
    turning = {duty.effective_from for duty in catalogue.obligations} | {on}
    ever = {duty.key: duty for day in turning for duty in duties_on(catalogue, day, about, fields, kinds)}
    change = None
    if against is not None:
        change = changes_between(catalogue, min(on, against), max(on, against), about, fields, kinds)
    ahead = changes_ahead(catalogue, on, _AHEAD_DAYS, about, fields, kinds)
    entry, standing = _standing(workshop)
    return LawView(
        on=on,
        today=today,
        against=against,
        duties=duties_on(catalogue, on, about, fields, kinds),
        ever=tuple(sorted(ever.values(), key=lambda duty: (duty.effective_from, duty.key))),
        change=change,
        ahead=ahead,
        standing=standing,
        evidence_entry=entry,
        jurisdictions=tuple(about.jurisdictions),
    )


def check_words(workshop: Workshop) -> dict[str, str]:
    """Return in words what each check does, by its name: those of the gates, and of the live principles."""
    live = live_release(workshop.ledger)
    found = None if live is None else evidence_of_release(workshop, live.release)
    words = {name: procedure.done for name, procedure in GATE_PROCEDURES.items()}
    return words | {one.check: one.procedure for one in (() if found is None else found.records) if one.check}


def span_of(view: LawView) -> tuple[date, date]:
    """Return the first and last day of a picture in which every change of the view can be seen."""
    days = [view.on, view.today, *(one.day for one in view.ahead)]
    days += [view.against] if view.against else []
    began = [duty.effective_from for duty in view.ever]
    recent = [day for day in began if (view.on - day).days < _RECENT_DAYS]
    first, last = min([*days, *recent]), max([*days, *recent])
    edge = timedelta(days=max(60, (last - first).days // 12))
    first = first - edge if first - date.min > edge else date.min
    return first, last + edge if date.max - last > edge else date.max


def _standing(workshop: Workshop) -> tuple[int, dict[str, Coverage]]:
    live = live_release(workshop.ledger)
    entry = evidence_entry(workshop, live.release) if live is not None else None
    if entry is None:
        return -1, {}
    found = msgspec.convert(entry.body["coverage"], list[Coverage])
    return entry.index, {one.obligation: one for one in found}
