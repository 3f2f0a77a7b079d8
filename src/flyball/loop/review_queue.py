"""The list of cases that wait for people, the most urgent first, each with the reason for its place.

A case that was decided again waits once, with its last decision.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flyball.core.digests import digest_of
from flyball.data.documents.rows import row_of
from flyball.evaluation.history.following import microseconds
from flyball.evaluation.history.waiting import Behind, Listed, Only, Score, Unscored
from flyball.evaluation.review.priority import Points, age_points, aged, points_of
from flyball.evaluation.review.settings import ReviewSettings
from flyball.loop.decided import Known, decision_id, document_of, find_decision
from flyball.loop.review_state import (
    Review,
    ReviewBook,
    Reviewer,
    State,
    names_of_person,
    waits_for_people,
)
from flyball.loop.workshop import Workshop

__all__ = ["Only", "QueueItem", "QueuePage", "ReviewQueue", "Urgency"]

_HOUR = 3600.0


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
        self._age = age_points(1.0, 1.0, self._settings)
        self._titles = {field.key: field.title for field in workshop.deployment.fields}
        self._form = int(digest_of(self._settings).removeprefix("sha256:")[:12], 16) + 1

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
        history, now = self._workshop.history, self._workshop.clock()
        self._score()
        asked = Listed(
            reviewer.tenant,
            names_of_person(reviewer.id),
            microseconds(now),
            self._age,
            self._settings.escalated_hours,
        )
        behind = None
        if after >= 0:
            behind = history.place(asked, after) or self._place_of_gone(after, reviewer.tenant, now)
        entries = history.listed(asked, only=only, behind=behind, limit=limit + 1)
        items = tuple(
            self.item(find_decision(self._workshop, entry, reviewer.tenant), reviewer)
            for entry in entries[:limit]
        )
        counts = history.listed_counts(asked)
        return QueuePage(
            items=items,
            next=items[-1].entry if len(entries) > limit else None,
            waiting=counts.waiting,
            overdue=counts.overdue,
            states=_told(counts.steps, reviewer),
        )

    def item(self, known: Known, reviewer: Reviewer) -> QueueItem:
        """Return one case as a reviewer may see it."""
        decision, review = known.issued.decision, self._reviews.of(known)
        sees = review.sees_others(reviewer)
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
            titles=self._titles,
        )
        since = decision.decided_at
        hours = self._settings.hours_of(review.fields, points.total)
        if review.changed is not None and review.state == "escalated":
            since, hours = review.changed, self._settings.escalated_hours
        elif review.changed is not None and not waits_for_people(known):
            since = review.changed  # it did not wait before it was chosen
        now = self._workshop.clock()
        due = since + timedelta(hours=hours)
        gone = (now - since).total_seconds() / _HOUR
        return Urgency(aged(points, gone, hours, self._settings), due, now > due)

    def _score(self) -> None:
        """Tell how urgent cases are that came in since, or all of them where the settings are others."""
        history = self._workshop.history
        alike: dict[tuple[tuple[str, ...], float | None, bool], Score] = {}
        while new := history.unscored(self._form):
            scores = []
            for one in new:
                key = one.for_people, one.confidence, one.allowed
                score = None if self._settings.amount_column else alike.get(key)
                if score is None:
                    score = alike[key] = self._scored(one)
                scores.append(replace(score, entry=one.entry))
            history.keep_scores(self._form, scores)

    def _scored(self, one: Unscored) -> Score:
        amount = None
        if self._settings.amount_column:
            amount = self._amount(find_decision(self._workshop, one.entry, one.tenant))
        points = points_of(
            one.for_people, one.confidence, self._settings, allowed=one.allowed, amount_eur=amount
        ).total
        return Score(one.entry, points, self._settings.hours_of(one.for_people, points))

    def _place_of_gone(self, entry: int, tenant: str, now: datetime) -> Behind:
        """Return where a case would stand that a page ended with and that does not wait any more."""
        known = find_decision(self._workshop, entry, tenant)
        urgency = self.urgency(known, self._reviews.of(known))
        return Behind(urgency.overdue, urgency.points.total, entry)

    def _amount(self, known: Known) -> float | None:
        if not self._settings.amount_column:
            return None
        document = document_of(self._workshop, known)
        row = None if document is None else row_of(document.text)
        value = None if row is None else row.get(self._settings.amount_column)
        return abs(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _told(states: dict[str, int], reviewer: Reviewer) -> dict[str, int]:
    """Return the numbers by state; who does not settle is not told of disputes."""
    return {state: n for state, n in states.items() if n and (reviewer.settles or state != "disputed")}
