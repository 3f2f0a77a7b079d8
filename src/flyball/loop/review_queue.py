"""The list of cases that wait for people, the most urgent first, each with the reason for its place.

A case that was decided again waits once, with its last decision.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flyball.data.documents.rows import row_of
from flyball.evaluation.history.records import DecisionRow, Wanted
from flyball.evaluation.review.priority import Points, aged, points_of
from flyball.evaluation.review.settings import ReviewSettings
from flyball.loop.decided import Known, decision_id, document_of, find_decision
from flyball.loop.review_state import Review, ReviewBook, Reviewer, State, same_person, waits_for_people
from flyball.loop.workshop import Workshop

__all__ = ["Only", "QueueItem", "QueuePage", "ReviewQueue", "Urgency"]

Only = Literal["open", "mine", "claimed", "disputed", "escalated", "all"]
_PAGE = 5_000
_HOUR = 3600.0
_UNCLAIMED: frozenset[Only] = frozenset({"open", "all"})
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Urgency:
    """How urgent a case is, and why.

    Parameters
    ----------
    points : Points
        Of 100, with its age, each part with its reason.
    due_at : datetime
        UTC.
    overdue : bool
    """

    points: Points
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One case on the list, as one reviewer may see it.

    Parameters
    ----------
    id : str
        "contract-review:128".
    entry : int
        Of its decision in the ledger.
    case_id, case_name : str
    decided_at : datetime
    fields : tuple of str
        That people answer.
    urgency : Urgency
    review : Review
        For the code that shows it; what of it may be shown is in the fields below.
    state : str
        For who must not know that others have read it, "open" until they have it in hand.
    holder : str
    people, answered : int or None
        How many must answer and have; None for who must not know.
    """

    id: str
    entry: int
    case_id: str
    case_name: str
    decided_at: datetime
    fields: tuple[str, ...]
    urgency: Urgency
    review: Review
    state: State
    holder: str
    people: int | None
    answered: int | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the list.

    Parameters
    ----------
    items : tuple of QueueItem
        Overdue ones first, then by points.
    next : int or None
        Entry of the last one; go on behind it. None: there are no more.
    waiting, overdue : int
        Cases on the whole list.
    states : dict of str to int
        How many of them are in which state.
    """

    items: tuple[QueueItem, ...]
    next: int | None
    waiting: int
    overdue: int
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class _List:
    """What waits, as columns sorted by entry: when it began to wait, points at once, hours until due."""

    entries: Ints
    since: Floats
    points: Floats
    hours: Floats

    def at(self, places: Ints) -> "_List":
        return _List(self.entries[places], self.since[places], self.points[places], self.hours[places])


@dataclass(slots=True)
class _Newest:
    """The last decision of each case, and those that it replaced, up to an entry."""

    last: int = -1
    of_case: dict[str, int] = field(default_factory=dict)
    replaced: set[int] = field(default_factory=set)


class ReviewQueue:
    """The list of one deployment. Safe to use from several threads.

    Parameters
    ----------
    workshop : Workshop
    reviews : ReviewBook
    """

    def __init__(self, workshop: Workshop, reviews: ReviewBook) -> None:
        self._workshop = workshop
        self._reviews = reviews
        self._settings: ReviewSettings = reviews.settings
        self._lock = threading.Lock()
        self._lists: dict[str, _List] = {}
        self._read: dict[int, tuple[int, Review]] = {}
        self._newest: dict[str, _Newest] = {}

    def page(self, reviewer: Reviewer, *, only: Only = "open", after: int = -1, limit: int = 50) -> QueuePage:
        """Return a page of the list.

        Parameters
        ----------
        reviewer : Reviewer
            Whose tenant it is, and who does not see what they have answered.
        only : {"open", "mine", "claimed", "disputed", "escalated", "all"}
        after : int
            Entry of the last case of the page before; -1 for the first page.
        limit : int
        """
        acted = self._acted(reviewer.tenant)
        waiting = self._waiting(reviewer.tenant)
        replaced = self._replaced(reviewer.tenant, acted)
        acted = {entry: review for entry, review in acted.items() if entry not in replaced}
        gone = np.fromiter(replaced, np.int64, len(replaced))
        waiting = _moved(waiting.at(np.flatnonzero(~np.isin(waiting.entries, gone))), acted, self._settings)
        now = self._workshop.clock().timestamp()
        total, late = self._order_by(waiting, now)
        order = np.lexsort((waiting.entries, -total, ~late))
        if after >= 0:
            order = order[self._places_before(waiting, total, late, order, after, reviewer.tenant) :]
        if only not in _UNCLAIMED:
            mine = np.isin(waiting.entries[order], np.fromiter(acted, np.int64, len(acted)))
            order = order[mine]
        found: list[QueueItem] = []
        last: int | None = None
        for place in order.tolist():
            entry = int(waiting.entries[place])
            review = acted.get(entry)
            if _is_wanted(review, only, reviewer):
                if len(found) == limit:
                    last = found[-1].entry
                    break
                known = find_decision(self._workshop, entry, reviewer.tenant)
                found.append(self.item(known, reviewer))
        states: dict[str, int] = {"open": len(waiting.entries) - len(acted)}
        for one in acted.values():
            states[one.state] = states.get(one.state, 0) + 1
        return QueuePage(tuple(found), last, len(waiting.entries), int(late.sum()), _told(states, reviewer))

    def item(self, known: Known, reviewer: Reviewer) -> QueueItem:
        """Return one case as a reviewer may see it."""
        decision, review = known.issued.decision, self._reviews.of(known)
        sees = reviewer.settles or review.done
        return QueueItem(
            id=decision_id(self._workshop.deployment.name, review.decision),
            entry=review.decision,
            case_id=decision.case_id,
            case_name=decision.case_name,
            decided_at=decision.decided_at,
            fields=review.fields,
            urgency=self.urgency(known, review),
            review=review,
            state=review.state,
            holder=review.holder,
            people=review.people if sees else None,
            answered=len(review.answered) if sees else None,
        )

    def urgency(self, known: Known, review: Review) -> Urgency:
        """Return how urgent a case is now, and why."""
        decision = known.issued.decision
        points = points_of(
            review.fields,
            min((field.confidence for field in decision.fields), default=None),
            self._settings,
            allowed=decision.verdict.allowed,
            amount_eur=self._amount(known),
        )
        since, hours = decision.decided_at, self._settings.hours_of(review.fields, points.total)
        since, hours = _moved_by(review, self._settings, since, hours)
        now = self._workshop.clock()
        due = since + timedelta(hours=hours)
        gone = (now - since).total_seconds() / _HOUR
        return Urgency(aged(points, gone, hours, self._settings), due, now > due)

    def _order_by(self, waiting: _List, now: float) -> tuple[Floats, NDArray[np.bool_]]:
        weights = self._settings.weights
        unit = 100.0 / (weights.money + weights.risk + weights.doubt + weights.age)
        share = (now - waiting.since) / (waiting.hours * _HOUR)
        return waiting.points + unit * weights.age * np.clip(share, 0.0, 1.0), share > 1.0

    def _places_before(
        self,
        waiting: _List,
        total: Floats,
        late: NDArray[np.bool_],
        order: Ints,
        after: int,
        tenant: str,
    ) -> int:
        """Return how many cases stand before or at the one that a page ended with, also where it is gone."""
        at = np.flatnonzero(waiting.entries == after)
        if len(at):
            return int(np.flatnonzero(order == at[0])[0]) + 1
        known = find_decision(self._workshop, after, tenant)
        gone = self.urgency(known, self._reviews.of(known))
        alike = late == gone.overdue
        ahead = (late & (not gone.overdue)) | (alike & (total > gone.points.total))
        return int((ahead | (alike & (total == gone.points.total) & (waiting.entries < after))).sum())

    def _waiting(self, tenant: str) -> _List:
        """Return what waits; only cases that were not seen before are looked at."""
        history = self._workshop.history
        wanted = Wanted(tenant=tenant, waiting=True)
        entries = np.asarray(history.entries(wanted), np.int64)
        with self._lock:
            known = self._lists.get(tenant, _NOTHING)
            fresh = np.setdiff1d(entries, known.entries, assume_unique=True)
            if len(fresh):
                known = self._with(known, fresh, wanted)
            self._lists[tenant] = known.at(np.flatnonzero(np.isin(known.entries, entries)))
            return self._lists[tenant]

    def _replaced(self, tenant: str, acted: dict[int, Review]) -> set[int]:
        """Return decisions whose case was decided again later, and that nobody has begun to look at."""
        with self._lock:
            newest = self._newest.setdefault(tenant, _Newest())
            for entry, case in self._workshop.history.cases(Wanted(tenant=tenant), after=newest.last):
                if case in newest.of_case:
                    newest.replaced.add(newest.of_case[case])
                newest.of_case[case] = newest.last = entry
            begun = {
                entry
                for entry, one in acted.items()
                if one.state != "open" or one.answered or one.chosen is not None
            }
            return newest.replaced - begun

    def _with(self, known: _List, fresh: Ints, wanted: Wanted) -> _List:
        new = set(fresh.tolist())
        rows = [self._measured(row) for row in self._rows(wanted, int(fresh[0])) if row.entry in new]
        columns = np.array(rows, np.float64).reshape(len(rows), 4)
        both = _List(
            np.concatenate([known.entries, columns[:, 0].astype(np.int64)]),
            *(
                np.concatenate([before, columns[:, at]])
                for at, before in enumerate((known.since, known.points, known.hours), start=1)
            ),
        )
        return both.at(np.argsort(both.entries, kind="stable"))

    def _rows(self, wanted: Wanted, first: int) -> Iterator[DecisionRow]:
        after = first - 1
        while page := self._workshop.history.decisions(wanted, after=after, limit=_PAGE):
            yield from page
            after = page[-1].entry
            if len(page) < _PAGE:
                return

    def _measured(self, row: DecisionRow) -> tuple[float, float, float, float]:
        amount = None
        if self._settings.amount_column:
            amount = self._amount(find_decision(self._workshop, row.entry, row.tenant))
        points = points_of(
            row.for_people, row.confidence, self._settings, allowed=row.allowed, amount_eur=amount
        ).total
        return row.entry, row.decided_at.timestamp(), points, self._settings.hours_of(row.for_people, points)

    def _amount(self, known: Known) -> float | None:
        if not self._settings.amount_column:
            return None
        document = document_of(self._workshop, known)
        row = None if document is None else row_of(document.text)
        value = None if row is None else row.get(self._settings.amount_column)
        return abs(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def _acted(self, tenant: str) -> dict[int, Review]:
        """Return the reviews of what waits and somebody has done something about, as they stand now."""
        acts = self._workshop.history.acts(Wanted(tenant=tenant, waiting=True))
        found = {}
        for entry, n in acts.items():
            before = self._read.get(entry)
            if before is None or before[0] != n:
                known = find_decision(self._workshop, entry, tenant)
                before = self._read[entry] = (n, self._reviews.read(entry, waits_for_people(known)))
            found[entry] = self._reviews.at_this_time(before[1])
        return found


_NOTHING = _List(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))


def _moved_by(
    review: Review, settings: ReviewSettings, since: datetime, hours: float
) -> tuple[datetime, float]:
    """Return from when on a case is due, and within how many hours: anew where it was chosen or handed up."""
    if review.changed is None:
        return since, hours
    if review.state == "escalated":
        return review.changed, settings.escalated_hours
    return (review.changed, hours) if review.chosen is not None and not review.role else (since, hours)


def _moved(waiting: _List, acted: dict[int, Review], settings: ReviewSettings) -> _List:
    """Return the list with the times of cases that were chosen or handed up."""
    since, hours = waiting.since.copy(), waiting.hours.copy()
    for entry, review in acted.items():
        at = int(np.searchsorted(waiting.entries, entry))
        if review.changed is not None and at < len(since) and waiting.entries[at] == entry:
            begun = datetime.fromtimestamp(since[at], UTC)
            begun, hours[at] = _moved_by(review, settings, begun, float(hours[at]))
            since[at] = begun.timestamp()
    return _List(waiting.entries, since, waiting.points, hours)


def _is_wanted(review: Review | None, only: Only, reviewer: Reviewer) -> bool:
    if review is None:
        return only in _UNCLAIMED
    if review.done:
        return False
    if only == "open":
        return review.state == "open" and not any(same_person(one.by, reviewer.id) for one in review.answered)
    return only == "all" or (review.holder == reviewer.id if only == "mine" else review.state == only)


def _told(states: dict[str, int], reviewer: Reviewer) -> dict[str, int]:
    """Return the numbers by state; who does not settle is not told of disputes."""
    return {state: n for state, n in states.items() if n and (reviewer.settles or state != "disputed")}
