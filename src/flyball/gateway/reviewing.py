"""Reviews: who has a case in hand, what people answered, and whether it is settled.

The state of a review is what its entries in the ledger say, one after the other. Each carries the number
of the one before plus one as its key, so that of two people who act at once one comes second and is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import Refused
from flyball.core.records import Field, Span
from flyball.evaluation.history.records import REVIEW
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.gateway.cases import Known, decision_id
from flyball.gateway.errors import BadRequest
from flyball.gateway.principal import Principal
from flyball.gateway.reporting import Passage, check_answer, check_passages
from flyball.ledger.errors import KeyReused
from flyball.ledger.records import Draft
from flyball.loop.workshop import Workshop

__all__ = [
    "Answered",
    "FieldAnswer",
    "GivenAnswer",
    "NotYours",
    "Review",
    "ReviewSettings",
    "Reviews",
    "waits_for_people",
]

_Act = Callable[["Review"], "tuple[_Event, list[Draft]] | None"]
State = Literal["open", "claimed", "disputed", "settled"]
_TRIES = 5


class ReviewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[review]` of gateway.toml.

    Parameters
    ----------
    claim_minutes : int
        How long a case stays with who claimed it.
    four_eyes : tuple of str
        Where two people must answer, each without seeing the other: "contract-review",
        "contract-review.liability_cap", or "*" for everything.
    """

    claim_minutes: int = 60
    four_eyes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.claim_minutes <= 10_080:
            raise BadRequest(
                f"review.claim_minutes must be 1 to 10080, got {self.claim_minutes}.", fix="An hour is usual."
            )

    def people(self, deployment: str, fields: Sequence[str]) -> int:
        """Return how many people must answer these fields."""
        named = {"*", deployment, *(f"{deployment}.{field}" for field in fields)}
        return 2 if named & set(self.four_eyes) else 1


class NotYours(Refused):
    """Somebody else has the case in hand, has settled it, or must look at it."""

    code = "review.not_yours"
    status: ClassVar[int] = 409


class NoPerson(Refused):
    """A program may not answer for a person."""

    code = "review.no_person"
    status: ClassVar[int] = 403


class GivenAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a reviewer says about one field."""

    field: Annotated[str, msgspec.Meta(max_length=200)]
    answer: bool | int | float | Annotated[str, msgspec.Meta(max_length=10_000)]
    evidence: Annotated[tuple[Passage, ...], msgspec.Meta(max_length=1000)] = ()


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """An answer as it is kept: as JSON, with the passages that show it."""

    field: str
    answer: str
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What one person answered."""

    by: str
    answers: tuple[FieldAnswer, ...]
    note: str = ""
    minutes: float | None = None


class _Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of one entry about a review."""

    act: Literal["claimed", "declined", "answered", "settled"]
    decision: int
    tenant: str
    by: str
    until: datetime | None = None
    answers: tuple[FieldAnswer, ...] = ()
    note: str = ""
    minutes: float | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """How the review of one decision stands.

    Parameters
    ----------
    decision : int
        Ledger entry of the decision.
    state : {"open", "claimed", "disputed", "settled"}
    people : int
        How many must answer.
    events : int
        Entries about it so far.
    holder : str
        Who has it in hand; "" for nobody.
    until : datetime, optional
        How long.
    answered : tuple of Answered
        In their order.
    declined : tuple of str
        Who gave it back.
    """

    decision: int
    state: State
    people: int
    events: int = 0
    holder: str = ""
    until: datetime | None = None
    answered: tuple[Answered, ...] = ()
    declined: tuple[str, ...] = ()


class Reviews:
    """The reviews of one deployment.

    Parameters
    ----------
    workshop : Workshop
    settings : ReviewSettings
    """

    def __init__(self, workshop: Workshop, settings: ReviewSettings) -> None:
        self._workshop = workshop
        self._settings = settings

    def state(self, entry: int, fields: Sequence[str]) -> Review:
        """Return how a review stands.

        Parameters
        ----------
        entry : int
            Of the decision.
        fields : sequence of str
            That people decide.
        """
        review = Review(entry, "open", self._settings.people(self._workshop.deployment.name, fields))
        while (found := self._workshop.ledger.entry_by_key(_key(entry, review.events))) is not None:
            review = _after(review, msgspec.convert(found.body, _Event))
        if review.state == "claimed" and review.until is not None and review.until <= self._workshop.clock():
            review = _open(review)
        return review

    def claim(self, known: Known, principal: Principal) -> Review:
        """Take a case in hand. Claiming one's own case again changes nothing.

        Raises
        ------
        NotYours
            Somebody else has it, it is settled or disputed, or one has answered it already.
        NoPerson
        """
        _must_be_person(principal)

        def act(review: Review) -> tuple[_Event, list[Draft]] | None:
            if review.state == "claimed" and review.holder == principal.id:
                return None
            self._refuse_claim(review, principal)
            until = self._workshop.clock() + timedelta(minutes=self._settings.claim_minutes)
            return _event("claimed", known, principal, until=until), []

        return self._act(known, act)

    def decline(self, known: Known, principal: Principal, *, comment: str) -> Review:
        """Give a case back, with the reason.

        Raises
        ------
        NotYours
        """
        _must_be_person(principal)
        note = self._note(comment)

        def act(review: Review) -> tuple[_Event, list[Draft]]:
            self._refuse_unheld(review, known, principal)
            return _event("declined", known, principal, note=note), []

        return self._act(known, act)

    def answer(
        self,
        known: Known,
        principal: Principal,
        given: Sequence[GivenAnswer],
        *,
        comment: str = "",
        minutes: float | None = None,
    ) -> Review:
        """Answer every field that people decide; the answers become outcomes in the same commit.

        Where two people must answer and differ, the review is disputed, and both answers stay.

        Raises
        ------
        NotYours
            The case is not in one's hands.
        BadRequest
            A field is missing, not for people, or answered in a way that it cannot have.
        """
        _must_be_person(principal)
        answers = self._checked(known, given)
        note = self._note(comment)

        def act(review: Review) -> tuple[_Event, list[Draft]]:
            self._refuse_unheld(review, known, principal)
            mine = Answered(principal.id, answers, note, minutes)
            both = (*review.answered, mine)
            done = len(both) >= review.people and len({_words(one) for one in both}) == 1
            event = _event(
                "answered", known, principal, answers=answers, note=note, minutes=minutes, done=done
            )
            return event, self._outcomes(known, principal, mine)

        return self._act(known, act)

    def settle(
        self, known: Known, principal: Principal, given: Sequence[GivenAnswer], *, comment: str = ""
    ) -> Review:
        """Settle what two people disagree about, as a third one. Their answers stay.

        Raises
        ------
        NotYours
            It is not disputed, or one is part of the dispute.
        BadRequest
        """
        _must_be_person(principal)
        answers = self._checked(known, given)
        note = self._note(comment)

        def act(review: Review) -> tuple[_Event, list[Draft]]:
            if review.state != "disputed":
                raise _not_yours(known, f"is {review.state}, not disputed", "Only a dispute is settled.")
            if any(one.by == principal.id for one in review.answered):
                raise _not_yours(known, f"was answered by {principal.id}", "A third person settles it.")
            event = _event("settled", known, principal, answers=answers, note=note, done=True)
            return event, self._outcomes(
                known, principal, Answered(principal.id, answers, note), source="settled"
            )

        return self._act(known, act)

    def _act(self, known: Known, act: _Act) -> Review:
        entry, fields = known.issued.entry, waits_for_people(known)
        for _ in range(_TRIES):
            review = self.state(entry, fields)
            made = act(review)
            if made is None:
                return review
            event, more = made
            refs = (event.note,) if event.note else ()
            draft = Draft(REVIEW, event, event.by, refs, _key(entry, review.events))
            try:
                self._workshop.ledger.append_many([draft, *more])
            except KeyReused:  # somebody was quicker: look again
                continue
            return self.state(entry, fields)
        raise _not_yours(known, "is being worked on by several people", "Look at it again.")

    def _refuse_claim(self, review: Review, principal: Principal) -> None:
        id = decision_id(self._workshop.deployment.name, review.decision)
        if review.state == "claimed" and review.until is not None:
            raise NotYours(
                f"The case {id} is with {review.holder} until {review.until:%Y-%m-%d %H:%M} UTC.",
                fix="Take another one, or wait until it is given back.",
                id=id,
                holder=review.holder,
            )
        if review.state in ("settled", "disputed"):
            raise NotYours(
                f"The case {id} is {review.state}.",
                fix="Take another one." if review.state == "settled" else "An officer settles it.",
                id=id,
            )
        if any(one.by == principal.id for one in review.answered):
            raise NotYours(
                f"{principal.id} has answered the case {id}; somebody else must look at it.",
                fix="Take another one.",
                id=id,
            )

    def _refuse_unheld(self, review: Review, known: Known, principal: Principal) -> None:
        if review.state != "claimed" or review.holder != principal.id:
            raise _not_yours(
                known,
                f"is with {review.holder}" if review.holder else f"is {review.state} and with nobody",
                "Claim it first; a claim ends after a while.",
            )

    def _checked(self, known: Known, given: Sequence[GivenAnswer]) -> tuple[FieldAnswer, ...]:
        wanted = waits_for_people(known)
        names = [one.field for one in given]
        missing = [key for key in wanted if key not in names]
        strange = [key for key in names if key not in wanted]
        twice = [key for key in set(names) if names.count(key) > 1]
        if missing or strange or twice:
            what = (
                f"The fields {', '.join(missing)} are not answered."
                if missing
                else f"{strange[0][:80]!r} is not for people."
                if strange
                else f"{twice[0]!r} stands there twice."
            )
            raise BadRequest(what, fix=f"Answer each of these once: {', '.join(wanted) or 'none'}.")
        fields: Mapping[str, Field] = {field.key: field for field in self._workshop.deployment.fields}
        return tuple(
            FieldAnswer(
                one.field,
                check_answer(fields[one.field], one.answer),
                check_passages(one.evidence, self._workshop, known),
            )
            for one in sorted(given, key=lambda one: wanted.index(one.field))
        )

    def _outcomes(
        self,
        known: Known,
        principal: Principal,
        answered: Answered,
        *,
        source: Literal["review", "settled"] = "review",
    ) -> list[Draft]:
        """Return the answers as what turned out, so that evaluation need not know of reviews."""
        decision = known.issued.decision
        guessed = {field.field: field.answer for field in decision.fields}
        share = None if answered.minutes is None else answered.minutes / max(1, len(answered.answers))
        found = [
            ReportedOutcome(
                decision=known.issued.entry,
                case_id=decision.case_id,
                release=decision.release,
                tenant=principal.tenant,
                kind="label" if guessed.get(one.field) == one.answer else "correction",
                name=one.field,
                answer=one.answer,
                by=principal.id,
                source=source,
                minutes=share,
                evidence=one.evidence,
                note=answered.note,
            )
            for one in answered.answers
        ]
        return [Draft(OUTCOME, one, principal.id, (one.note,) if one.note else (), one.key) for one in found]

    def _note(self, comment: str) -> str:
        return self._workshop.blobs.put(comment.encode("utf-8", "replace")) if comment else ""


def waits_for_people(known: Known) -> list[str]:
    """Return the fields of a decision that people decide; all of them where nothing in it may be used."""
    decision = known.issued.decision
    return [
        field.field
        for field in decision.fields
        if field.outcome != "automated" or not decision.verdict.allowed
    ]


def _after(review: Review, event: _Event) -> Review:
    """Return the state after one more event."""
    events = review.events + 1
    answered, declined = review.answered, review.declined
    state: State = "open"
    if event.act == "claimed":
        return Review(
            review.decision, "claimed", review.people, events, event.by, event.until, answered, declined
        )
    if event.act == "declined":
        declined = (*declined, event.by)
    else:
        answered = (*answered, Answered(event.by, event.answers, event.note, event.minutes))
        state = "settled" if event.done else "disputed" if len(answered) >= review.people else "open"
    return Review(review.decision, state, review.people, events, "", None, answered, declined)


def _open(review: Review) -> Review:
    return Review(
        review.decision, "open", review.people, review.events, "", None, review.answered, review.declined
    )


def _event(
    act: Literal["claimed", "declined", "answered", "settled"],
    known: Known,
    principal: Principal,
    *,
    until: datetime | None = None,
    answers: tuple[FieldAnswer, ...] = (),
    note: str = "",
    minutes: float | None = None,
    done: bool = False,
) -> _Event:
    return _Event(
        act=act,
        decision=known.issued.entry,
        tenant=principal.tenant,
        by=principal.id,
        until=until,
        answers=answers,
        note=note,
        minutes=minutes,
        done=done,
    )


def _words(answered: Answered) -> bytes:
    """Return what was answered, without who showed it where."""
    return canonical_json([(one.field, one.answer) for one in answered.answers])


def _key(decision: int, number: int) -> str:
    return f"review/{decision}/{number}"


def _must_be_person(principal: Principal) -> None:
    if not principal.id.startswith("person:") and principal.id != "local":
        raise NoPerson(
            f"{principal.id} is a program; a review is the word of a person.",
            fix="Sign in, or use a key that was made with: flyball key create NAME --person",
        )


def _not_yours(known: Known, how: str, fix: str) -> NotYours:
    id = decision_id(known.issued.decision.deployment, known.issued.entry)
    return NotYours(f"The case {id} {how}.", fix=fix, id=id)
