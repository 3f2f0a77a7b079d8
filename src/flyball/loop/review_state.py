"""How the review of a decision stands: what its entries in the ledger say, one after the other."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.core.digests import digest_of
from flyball.core.records import Field, Span
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.review.settings import ReviewSettings
from flyball.loop.decided import Known
from flyball.loop.workshop import Workshop

__all__ = [
    "Act",
    "Answered",
    "Chosen",
    "Event",
    "FieldAnswer",
    "Review",
    "ReviewBook",
    "Reviewer",
    "State",
    "key_of_event",
    "names_of_person",
    "next_role",
    "same_person",
    "seen_of",
    "waits_for_people",
]

Act = Literal["chosen", "claimed", "declined", "answered", "escalated", "settled", "closed"]
State = Literal["open", "claimed", "disputed", "escalated", "settled", "closed"]
_DRAW = 2**64


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who reviews.

    Parameters
    ----------
    id : str
        "person:anna", "user:anna", or "local" for whoever sits at this machine.
    tenant : str
        Whose cases they see.
    reviews, settles : bool
        Whether they may answer cases; whether they may settle disputes and what was handed up.
    roles : frozenset of str
        "*" is every role.
    """

    id: str
    tenant: str = "default"
    reviews: bool = True
    settles: bool = False
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """An answer as it is kept: as JSON, with the passages that show it."""

    field: str
    answer: str
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What one person answered.

    Parameters
    ----------
    by : str
    answers : tuple of FieldAnswer
    note : str
        Digest of the words.
    minutes : float or None
        As they state it.
    """

    by: str
    answers: tuple[FieldAnswer, ...]
    note: str = ""
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Why a case is looked at that no rule referred.

    Parameters
    ----------
    round : str
        Of the selection.
    how : {"teaches", "drawn"}
    chance : float
        With which it was taken.
    population : int
        Cases from which it was taken.
    """

    round: str
    how: Literal["teaches", "drawn"]
    chance: float
    population: int


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of one entry about a review."""

    act: Act
    decision: int
    tenant: str
    by: str
    until: datetime | None = None
    answers: tuple[FieldAnswer, ...] = ()
    note: str = ""
    minutes: float | None = None
    done: bool = False
    seen: str = ""
    people: int = 0
    role: str = ""
    fields: tuple[str, ...] = ()
    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """How the review of one decision stands.

    Parameters
    ----------
    decision : int
        Ledger entry of the decision.
    state : {"open", "claimed", "disputed", "escalated", "settled", "closed"}
    people : int
        How many must answer; fixed when the first one takes it in hand.
    fields : tuple of str
        That people answer.
    events : int
        Entries about it so far.
    holder : str
        Who has it in hand; "" for nobody.
    since, until : datetime, optional
        When they took it, and how long.
    answered : tuple of Answered
        In their order.
    declined : tuple of str
        Who gave it back.
    role : str
        To whom it was handed up; "" for nobody.
    changed : datetime, optional
        When it was chosen or handed up.
    chosen : Chosen or None
    seen : str
        Digest of the bytes that the first reader looked at.
    taken : str
        Digest of those that who has it in hand took.
    spent : tuple of (str, float)
        Who had it in hand before, and for how many minutes; a claim that was left counts until its end.
    raised : tuple of str
        Who handed it up; somebody else settles it.
    """

    decision: int
    state: State
    people: int
    fields: tuple[str, ...] = ()
    events: int = 0
    holder: str = ""
    since: datetime | None = None
    until: datetime | None = None
    answered: tuple[Answered, ...] = ()
    declined: tuple[str, ...] = ()
    role: str = ""
    changed: datetime | None = None
    chosen: Chosen | None = None
    seen: str = ""
    taken: str = ""
    spent: tuple[tuple[str, float], ...] = ()
    raised: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nobody needs to look at it any more."""
        return self.state in ("settled", "closed")

    def differing(self) -> tuple[str, ...]:
        """Return the fields that the answers differ about."""
        said = [{one.field: one.answer for one in given.answers} for given in self.answered]
        return tuple(
            key
            for key in self.fields
            if len(voices := [one[key] for one in said if key in one]) > 1
            and not all(same_answer(voices[0], other) for other in voices[1:])
        )

    def final(self) -> dict[str, str]:
        """Return what stands of each field once it is settled: the last word, which none contradicts."""
        if self.state != "settled":
            return {}
        return {one.field: one.answer for given in self.answered for one in given.answers}

    def sees_others(self, reviewer: Reviewer) -> bool:
        """Return whether somebody may know of other readers: not while they may be asked to read it blind."""
        if self.done:
            return True
        handed_up = self.state in ("disputed", "escalated")
        return reviewer.settles and (handed_up or not reviewer.reviews)

    def may_see(self, reviewer: Reviewer, given: Answered) -> bool:
        """Return whether somebody may see an answer: their own, all once it is settled, or as who settles."""
        handed_up = self.state in ("disputed", "escalated")
        return (
            same_person(given.by, reviewer.id) or self.state == "settled" or (handed_up and reviewer.settles)
        )


class ReviewBook:
    """The reviews of one deployment, to read.

    Parameters
    ----------
    workshop : Workshop
        Its `[review]` says how many must answer, and within which time.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._settings: ReviewSettings = workshop.deployment.settings.review
        self._secret = b""

    @property
    def workshop(self) -> Workshop:
        """Where it works."""
        return self._workshop

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the deployment by their keys."""
        return {field.key: field for field in self._workshop.deployment.fields}

    @property
    def settings(self) -> ReviewSettings:
        """What `[review]` says."""
        return self._settings

    def state(self, entry: int, fields: Sequence[str]) -> Review:
        """Return how a review stands.

        Parameters
        ----------
        entry : int
            Of the decision.
        fields : sequence of str
            That people decide.
        """
        return self.at_this_time(self.read(entry, fields))

    def read(self, entry: int, fields: Sequence[str]) -> Review:
        """Return how a review stands by its entries alone: a claim that has ended still counts."""
        review = Review(entry, "open", self._readers(entry, fields), tuple(fields))
        while (found := self._workshop.ledger.entry_by_key(key_of_event(entry, review.events))) is not None:
            event = msgspec.convert(found.body, Event)
            review = _after(review, event, found.at)
            if event.act == "chosen":  # with its own fields, which may need more readers
                review = replace(review, people=self._readers(entry, event.fields))
        return review

    def at_this_time(self, review: Review) -> Review:
        """Return a review without a claim that has ended."""
        if review.state == "claimed" and review.until is not None and review.until <= self._workshop.clock():
            ended = _after_claim(review, review.until)
            return replace(ended, state="open")
        return review

    def of(self, known: Known) -> Review:
        """Return how the review of a decision stands."""
        return self.state(known.issued.entry, waits_for_people(known))

    def _readers(self, entry: int, fields: Sequence[str]) -> int:
        return self._settings.readers_of(fields) + self._is_drawn(entry)

    def _is_drawn(self, entry: int) -> bool:
        """Return whether one reader more looks at a case; nobody without the deployment's key can tell."""
        share = self._settings.second_share
        if not 0.0 < share < 1.0:
            return share >= 1.0
        if not self._secret:
            own = self._workshop.key.private.private_bytes_raw()
            kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"flyball second reading v1")
            self._secret = kdf.derive(own)
        draw = hmac.digest(self._secret, f"{self._workshop.deployment.name}:{entry}".encode(), hashlib.sha256)
        return int.from_bytes(draw[:8], "big") < share * _DRAW


def names_of_person(id: str) -> tuple[str, ...]:
    """Return all ids of one person: "user:anna" of this machine is "person:anna" of people.toml."""
    kind, _, name = id.partition(":")
    return (f"person:{name}", f"user:{name}") if kind in ("person", "user") and name else (id,)


def same_person(one: str, other: str) -> bool:
    """Return whether two ids are one person."""
    return other in names_of_person(one)


def next_role(role: str, roles: Sequence[str]) -> str:
    """Return the role above one, "" where there is none."""
    above = roles[roles.index(role) + 1 :] if role in roles else ()
    return above[0] if above else ""


def waits_for_people(known: Known) -> list[str]:
    """Return the fields of a decision that people decide; all of them where nothing in it may be used."""
    decision = known.issued.decision
    return [
        field.field
        for field in decision.fields
        if field.outcome != "automated" or not decision.verdict.allowed
    ]


def seen_of(known: Known) -> str:
    """Return the digest of everything that a reviewer looks at: the decision, and the text by its digest."""
    return digest_of([known.issued.entry, digest_of(known.issued.decision), known.text])


def key_of_event(decision: int, number: int) -> str:
    """Return the key of an entry: of two who act at once, one comes second."""
    return f"review/{decision}/{number}"


def _after(review: Review, event: Event, at: datetime) -> Review:
    """Return the state after one more event."""
    review = replace(_after_claim(review, at), events=review.events + 1)
    if event.people and not review.answered:
        review = replace(review, people=event.people)
    if event.act == "chosen":
        return replace(review, fields=event.fields, chosen=event.chosen, changed=at, state="open")
    if event.act == "claimed":
        return replace(
            review, state="claimed", holder=event.by, since=at, until=event.until, taken=event.seen
        )
    if event.act == "declined":
        return replace(review, state="open", declined=(*review.declined, event.by))
    if event.act == "escalated":
        raised = (*review.raised, event.by)
        return replace(review, state="escalated", role=event.role, changed=at, raised=raised)
    if event.act == "closed":
        return replace(review, state="closed")
    return _answered(review, event)


def _after_claim(review: Review, at: datetime) -> Review:
    """Return a review that nobody has in hand any more, with the time that somebody had."""
    spent = review.spent
    if review.since is not None and review.until is not None:
        minutes = (min(at, review.until) - review.since).total_seconds() / 60.0
        spent = (*spent, (review.holder, max(0.0, minutes)))
    return replace(review, holder="", since=None, until=None, taken="", spent=spent)


def _answered(review: Review, event: Event) -> Review:
    given = Answered(event.by, event.answers, event.note, event.minutes)
    review = replace(review, answered=(*review.answered, given), seen=review.seen or event.seen)
    state: State = "open"
    if event.done:
        state = "settled"
    elif len(review.answered) >= review.people and review.differing():
        state = "disputed"
    return replace(review, state=state)
