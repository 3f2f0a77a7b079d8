"""Reviewing: who has a case in hand, what people answered, and whether it is settled.

The state of a review is what its entries in the ledger say, one after the other. Each carries the number
of the one before plus one as its key, so that of two people who act at once one comes second and is told.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

import msgspec

from flyball.core.errors import FlyballError, Refused
from flyball.core.tracing import Span, begin
from flyball.evaluation.history.records import REVIEW
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.ledger.errors import KeyReused
from flyball.ledger.records import Draft
from flyball.loop.decided import Known, decision_id, document_of
from flyball.loop.given import BadAnswer, GivenAnswer, check_answer, check_passages
from flyball.loop.review_labels import ask_when_enough
from flyball.loop.review_state import (
    Act,
    Answered,
    Event,
    FieldAnswer,
    Review,
    ReviewBook,
    Reviewer,
    key_of_event,
    next_role,
    same_person,
    seen_of,
)

__all__ = ["NoPerson", "NotYours", "OtherBytes", "Reviews"]

_Made = Callable[[Review], "tuple[Event, list[Draft]] | None"]
_LOG = logging.getLogger(__name__)
_TRIES = 5
_LONGEST = 10_000
_MOST_MINUTES = 100_000


class NotYours(Refused):
    """Somebody else has the case in hand, has settled it, or must look at it."""

    code = "review.not_yours"
    status: ClassVar[int] = 409


class NoPerson(Refused):
    """A program may not answer for a person."""

    code = "review.no_person"
    status: ClassVar[int] = 403


class OtherBytes(Refused):
    """The answer is about other bytes than those that stand there now, or that others looked at."""

    code = "review.other_bytes"
    status: ClassVar[int] = 409


class Reviews(ReviewBook):
    """The reviews of one deployment, and what people do with them.

    Parameters
    ----------
    workshop : Workshop
        Its `[review]` says how many must answer, and within which time.
    """

    def claim(self, known: Known, reviewer: Reviewer) -> Review:
        """Take a case in hand. Claiming one's own case again changes nothing.

        Raises
        ------
        NotYours
            Somebody else has it, it is settled, disputed or handed up, or one has answered it already, or
            made what is to be reviewed.
        OtherBytes
            The text was erased, or is not the one that the reader before looked at.
        NoPerson
        """
        _must_be_person(reviewer)
        self._must_review(known, reviewer)

        def act(review: Review) -> tuple[Event, list[Draft]] | None:
            if review.state == "claimed" and same_person(review.holder, reviewer.id):
                return None
            self._refuse_claim(review, reviewer)
            seen = self._bytes_of(known, review)
            until = self._workshop.clock() + timedelta(minutes=self._settings.claim_minutes)
            return _event("claimed", known, reviewer, until=until, seen=seen, people=review.people), []

        return self._act(known, act)

    def decline(self, known: Known, reviewer: Reviewer, *, comment: str) -> Review:
        """Give a case back, with the reason.

        Raises
        ------
        NotYours
        BadAnswer
            No reason.
        """
        _must_be_person(reviewer)
        note = self._reason(comment)

        def act(review: Review) -> tuple[Event, list[Draft]]:
            self._refuse_unheld(review, reviewer)
            return _event("declined", known, reviewer, note=note), []

        return self._act(known, act)

    def escalate(self, known: Known, reviewer: Reviewer, *, comment: str, role: str = "") -> Review:
        """Hand a case up to a role, with the reason; whoever has it settles it, and sooner.

        Who has it in hand may, and of what was handed up already whoever could settle it: to another role, by
        default the next one of `review.escalate_to`.

        Raises
        ------
        NotYours
        BadAnswer
            No reason, a role that nothing is handed up to, or none above.
        """
        _must_be_person(reviewer)
        roles = self._settings.escalate_to
        if role and role not in roles:
            raise BadAnswer(
                f"Nothing is handed up to the role {role[:80]!r}.",
                fix=f"Known: {', '.join(roles)} (review.escalate_to).",
            )
        note = self._reason(comment)

        def act(review: Review) -> tuple[Event, list[Draft]]:
            if review.state != "escalated":
                self._refuse_unheld(review, reviewer)
                return _event("escalated", known, reviewer, note=note, role=role or roles[0]), []
            self._refuse_settling(review, reviewer)
            to = role or next_role(review.role, roles)
            if to in ("", review.role):
                raise BadAnswer(
                    f"The case is with the role {review.role}, and none stands above it.",
                    fix=f"Settle it, or name another role: {', '.join(roles)} (review.escalate_to).",
                )
            return _event("escalated", known, reviewer, note=note, role=to), []

        return self._act(known, act)

    def answer(
        self,
        known: Known,
        reviewer: Reviewer,
        given: Sequence[GivenAnswer],
        *,
        comment: str = "",
        minutes: float | None = None,
        seen: str = "",
    ) -> Review:
        """Answer every field that people decide; the answers become outcomes in the same commit.

        Where several people must answer and differ, the review is disputed, and all answers stay.

        Parameters
        ----------
        known : Known
        reviewer : Reviewer
        given : sequence of GivenAnswer
        comment : str
        minutes : float, optional
            That they worked on it; otherwise the time for which they had it in hand, pauses included.
        seen : str
            Digest of what they looked at, as it was shown; "": of what they claimed.

        Raises
        ------
        NotYours
            The case is not in one's hands.
        OtherBytes
            Decision or text are not those that were shown, claimed, or looked at by the reader before.
        BadAnswer
            A field is missing, not for people, answered in a way that it cannot have, or shows no passage
            where it must.
        """
        _must_be_person(reviewer)
        if minutes is not None and not 0.0 <= minutes <= _MOST_MINUTES:
            raise BadAnswer(
                f"Nobody worked {minutes:g} minutes on a case.",
                fix=f"Give minutes from 0 to {_MOST_MINUTES:,}, or none: then the time in hand counts.",
            )
        first = self.of(known)
        self._refuse_unheld(first, reviewer)
        answers = self._checked(known, first.fields, given)
        note = self._note(comment)

        def act(review: Review) -> tuple[Event, list[Draft]]:
            self._refuse_unheld(review, reviewer)
            bytes_now = self._bytes_of(known, review, claimed=seen)
            mine = Answered(reviewer.id, answers, note, minutes)
            all_of_them = replace(review, answered=(*review.answered, mine))
            done = len(all_of_them.answered) >= review.people and not all_of_them.differing()
            event = _event(
                "answered",
                known,
                reviewer,
                answers=answers,
                note=note,
                minutes=minutes,
                done=done,
                seen=bytes_now,
            )
            spent = self._held(review, reviewer) if minutes is None else minutes
            return event, self._outcomes(known, reviewer, mine, minutes=spent)

        return self._act(known, act)

    def settle(
        self,
        known: Known,
        reviewer: Reviewer,
        given: Sequence[GivenAnswer],
        *,
        comment: str = "",
        seen: str = "",
    ) -> Review:
        """Settle what people disagree about, as a third one, or what was handed up. Their answers stay.

        Of a dispute, the fields that differ are answered; of what was handed up, all.

        Raises
        ------
        NotYours
            It is neither, or one is part of the dispute, or it was handed up to another role.
        OtherBytes, BadAnswer
        """
        _must_be_person(reviewer)
        self._refuse_settling(self.of(known), reviewer)
        note = self._note(comment)

        def act(review: Review) -> tuple[Event, list[Draft]]:
            self._refuse_settling(review, reviewer)
            wanted = review.differing() if review.state == "disputed" else review.fields
            answers = self._checked(known, wanted, given)
            bytes_now = self._bytes_of(known, review, claimed=seen)
            event = _event("settled", known, reviewer, answers=answers, note=note, done=True, seen=bytes_now)
            mine = Answered(reviewer.id, answers, note)
            return event, self._outcomes(known, reviewer, mine, source="settled")

        return self._act(known, act)

    def close(self, known: Known, reviewer: Reviewer, *, comment: str) -> Review:
        """Take a case off the list without an answer, with the reason: its text is erased, its matter over.

        Raises
        ------
        NotYours
            It is settled, in somebody's hands, or one may not settle.
        BadAnswer
            No reason.
        """
        _must_be_person(reviewer)
        note = self._reason(comment)

        def act(review: Review) -> tuple[Event, list[Draft]]:
            if not reviewer.settles:
                raise _not_yours(review, self._name, "may not be closed by you", "Who settles disputes may.")
            if review.done or (review.state == "claimed" and not same_person(review.holder, reviewer.id)):
                with_whom = f"is with {review.holder}" if review.holder else f"is {review.state}"
                raise _not_yours(review, self._name, with_whom, "Only what waits can be closed.")
            return _event("closed", known, reviewer, note=note, done=True), []

        return self._act(known, act)

    @property
    def _name(self) -> str:
        return self._workshop.deployment.name

    def _act(self, known: Known, act: _Made) -> Review:
        tenant = known.issued.decision.context.tenant
        with begin("review", self._workshop.traces, tenant=tenant) as told:
            return self._acted(known, act, told)

    def _acted(self, known: Known, act: _Made, told: Span) -> Review:
        for _ in range(_TRIES):
            review = self.of(known)
            made = act(review)
            if made is None:
                return review
            event, more = made
            told.set("flyball.review.act", event.act)
            refs = (event.note,) if event.note else ()
            draft = Draft(REVIEW, event, event.by, refs, key_of_event(review.decision, review.events))
            try:
                self._workshop.ledger.append_many([draft, *more])
            except KeyReused:  # somebody was quicker: look again
                continue
            if event.done:
                self._ask_for_turn()
            return self.of(known)
        raise _not_yours(review, self._name, "is being worked on by several people", "Look at it again.")

    def _ask_for_turn(self) -> None:
        try:
            ask_when_enough(self._workshop)
        except FlyballError as err:  # what was answered is kept; the next one asks again
            _LOG.warning("No turn was asked for: %s", err)

    def _must_review(self, known: Known, reviewer: Reviewer) -> None:
        if not reviewer.reviews:
            raise _not_yours(self.of(known), self._name, "is for reviewers", "Ask for the role reviewer.")
        if self._settings.makers_may_review:
            return
        decision = known.issued.decision
        ledger = self._workshop.ledger
        made = ledger.entry_by_key(f"release/{decision.release}")
        makers = {ledger.entry(known.issued.entry).actor, made.actor if made else ""}
        if any(same_person(one, reviewer.id) for one in makers):
            raise _not_yours(
                self.of(known),
                self._name,
                f"was asked for, or its release made, by {reviewer.id}",
                "Somebody else reviews it (review.makers_may_review).",
            )

    def _refuse_claim(self, review: Review, reviewer: Reviewer) -> None:
        if not review.fields:
            raise _not_yours(review, self._name, "holds nothing for people", "Take one from the list.")
        if review.state == "claimed" and review.until is not None:
            raise NotYours(
                f"The case {decision_id(self._name, review.decision)} is with {review.holder} until "
                f"{review.until:%Y-%m-%d %H:%M} UTC.",
                fix="Take another one, or wait until it is given back.",
                id=decision_id(self._name, review.decision),
                holder=review.holder,
            )
        _refuse_second_answer(review, self._name, reviewer)
        if review.state != "open":
            up = f"was handed up to the role {review.role}" if review.state == "escalated" else ""
            fix = "Take another one." if review.done else "An officer settles it."
            raise _not_yours(review, self._name, up or f"is {review.state}", fix)

    def _refuse_unheld(self, review: Review, reviewer: Reviewer) -> None:
        if review.state == "claimed" and same_person(review.holder, reviewer.id):
            return
        _refuse_second_answer(review, self._name, reviewer)
        raise _not_yours(
            review,
            self._name,
            f"is with {review.holder}" if review.holder else f"is {review.state} and with nobody",
            "Take another one; a claim ends after a while."
            if review.holder
            else f"Claim it first: flyball review claim {decision_id(self._name, review.decision)}.",
        )

    def _refuse_settling(self, review: Review, reviewer: Reviewer) -> None:
        if review.state not in ("disputed", "escalated"):
            raise _not_yours(
                review,
                self._name,
                f"is {review.state}, not disputed",
                "Only a dispute is settled, and what was handed up.",
            )
        if any(same_person(one.by, reviewer.id) for one in review.answered):
            raise _not_yours(
                review, self._name, f"was answered by {reviewer.id}", "A third person settles it."
            )
        if any(same_person(one, reviewer.id) for one in review.raised):
            raise _not_yours(
                review, self._name, f"was handed up by {reviewer.id}", "Somebody else settles it."
            )
        may = reviewer.settles and (review.state == "disputed" or {review.role, "*"} & reviewer.roles)
        if not may:
            role = review.role or "officer"
            raise _not_yours(
                review, self._name, f"is for the role {role}", "Somebody with that role settles it."
            )

    def _checked(
        self, known: Known, wanted: Sequence[str], given: Sequence[GivenAnswer]
    ) -> tuple[FieldAnswer, ...]:
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
            raise BadAnswer(what, fix=f"Answer each of these once: {', '.join(wanted) or 'none'}.")
        fields = self.fields
        document = document_of(self._workshop, known) if any(one.evidence for one in given) else None
        found = []
        for one in sorted(given, key=lambda one: wanted.index(one.field)):
            if one.field not in fields:
                raise BadAnswer(
                    f"The deployment has no field {one.field!r} any more.", fix="Have the case closed."
                )
            if self._settings.of(one.field).evidence and not one.evidence and one.answer is not False:
                raise BadAnswer(
                    f"The field {one.field} needs a passage that shows the answer.",
                    fix='Add "evidence": [{"start": 10, "end": 42}], in characters of the text.',
                    field=one.field,
                )
            evidence = check_passages(one.evidence, document)
            found.append(FieldAnswer(one.field, check_answer(fields[one.field], one.answer), evidence))
        return tuple(found)

    def _outcomes(
        self,
        known: Known,
        reviewer: Reviewer,
        answered: Answered,
        *,
        source: Literal["review", "settled"] = "review",
        minutes: float | None = None,
    ) -> list[Draft]:
        """Return the answers as what turned out, so that evaluation need not know of reviews."""
        decision = known.issued.decision
        guessed = {field.field: field.answer for field in decision.fields}
        share = None if minutes is None else minutes / max(1, len(answered.answers))
        found = [
            ReportedOutcome(
                decision=known.issued.entry,
                case_id=decision.case_id,
                release=decision.release,
                tenant=decision.context.tenant,
                kind="label" if same_answer(guessed.get(one.field, ""), one.answer) else "correction",
                name=one.field,
                answer=one.answer,
                by=reviewer.id,
                source=source,
                minutes=share,
                evidence=one.evidence,
                note=answered.note,
            )
            for one in answered.answers
        ]
        return [Draft(OUTCOME, one, reviewer.id, (one.note,) if one.note else (), one.key) for one in found]

    def _bytes_of(self, known: Known, review: Review, *, claimed: str = "") -> str:
        """Return the digest of what is to be looked at, if it is there and is what others looked at."""
        id = decision_id(self._name, review.decision)
        if known.text and document_of(self._workshop, known) is None:
            raise OtherBytes(
                f"The text of the case {id} was erased, so nobody can look at it.",
                fix="Have the case closed by an officer: flyball review close.",
                id=id,
            )
        now = seen_of(known)
        for before, whose in (
            (claimed, "was shown to you"),
            (review.taken, "you took in hand"),
            (review.seen, "the reader before looked at"),
        ):
            if before and before != now:
                raise OtherBytes(
                    f"The case {id} is not what {whose}: {before[:19]}... then, {now[:19]}... now.",
                    fix="Look at it again, and answer about what is shown now.",
                    id=id,
                )
        return now

    def _held(self, review: Review, reviewer: Reviewer) -> float | None:
        """Return for how many minutes somebody had a case in hand, claims that ended before included."""
        if review.since is None:
            return None
        before = sum(minutes for who, minutes in review.spent if same_person(who, reviewer.id))
        now = (self._workshop.clock() - review.since).total_seconds() / 60.0
        return round(before + max(0.0, now), 2)

    def _reason(self, comment: str) -> str:
        if not comment.strip():
            raise BadAnswer("No reason is given.", fix="Say in a few words why.")
        return self._note(comment)

    def _note(self, comment: str) -> str:
        if len(comment) > _LONGEST:
            raise BadAnswer(
                f"The words have {len(comment):,} characters; {_LONGEST:,} are the most.",
                fix="Say it shorter, or keep the long form as a document of its own.",
            )
        return self._workshop.blobs.put(comment.encode("utf-8", "replace")) if comment else ""


def _refuse_second_answer(review: Review, deployment: str, reviewer: Reviewer) -> None:
    if any(same_person(one.by, reviewer.id) for one in review.answered):
        now = f"it is {review.state}" if review.done else "somebody else must look at it"
        raise NotYours(
            f"{reviewer.id} has answered the case {decision_id(deployment, review.decision)} already; {now}.",
            fix="Take another one. What was answered stays; report a correction as an outcome.",
            id=decision_id(deployment, review.decision),
        )


def _event(act: Act, known: Known, reviewer: Reviewer, **more: object) -> Event:
    return msgspec.structs.replace(
        Event(act=act, decision=known.issued.entry, tenant=reviewer.tenant, by=reviewer.id), **more
    )


def _must_be_person(reviewer: Reviewer) -> None:
    if reviewer.id != "local" and reviewer.id.partition(":")[0] not in ("person", "user"):
        raise NoPerson(
            f"{reviewer.id} is a program; a review is the word of a person.",
            fix="Sign in, or use a key that was made with: flyball key create NAME --person",
        )


def _not_yours(review: Review, deployment: str, how: str, fix: str) -> NotYours:
    id = decision_id(deployment, review.decision)
    return NotYours(f"The case {id} {how}.", fix=fix, id=id)
