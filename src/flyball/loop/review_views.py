"""What a page or a command shows of reviews: one case with what is to be answered, and how readers agree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Field, FieldKind, Span
from flyball.data.documents.records import Document
from flyball.evaluation.bootstrap import Sampling, Tally, estimate_all, ratio_of_sums
from flyball.evaluation.history.following import microseconds
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.history.waiting import Listed
from flyball.evaluation.review.agreement import krippendorff_alpha, percent_agreement, table_of
from flyball.evaluation.review.settings import ReviewSettings, Scale
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.decided import Known, decision_id, document_of
from flyball.loop.review_choosing import RoundView, rounds_view
from flyball.loop.review_queue import QueueItem, ReviewQueue
from flyball.loop.review_state import ReviewBook, Reviewer, names_of_person, next_role, same_person, seen_of
from flyball.loop.workshop import Workshop

__all__ = [
    "AgreementView",
    "FieldAgreement",
    "FieldToAnswer",
    "GivenView",
    "ItemView",
    "Machine",
    "PairAgreement",
    "ReaderView",
    "TimeView",
    "agreement_view",
    "item_view",
    "scale_of",
]

_SAMPLING = Sampling(resamples=1000)
_MACHINE = "machine"

Measured = Estimate | NotMeasured


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine would have answered, and why it does not decide."""

    answer: object
    confidence: float
    outcome: str
    expert: str
    reason: str
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FieldToAnswer:
    """One question for the reviewer."""

    key: str
    title: str
    question: str
    kind: FieldKind
    choices: tuple[str, ...]
    evidence_needed: bool
    machine: Machine


@dataclass(frozen=True, slots=True)
class GivenView:
    """What one reader answered, where it may be seen; `comment` is None where none is left."""

    by: str
    answers: Mapping[str, object]
    evidence: Mapping[str, tuple[Span, ...]]
    comment: str | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """One case for one reviewer.

    Parameters
    ----------
    item : QueueItem
        With its place and state, as this reviewer may see it.
    to_answer : tuple of FieldToAnswer
        Of a dispute, only the fields that differ.
    document : Document or None
        None where the text was erased. Passages are offsets into its `text`.
    seen : str
        Digest of all of this; send it with the answer, so that it is about these bytes.
    may_claim, may_answer, may_settle, may_hand_up : bool
        What this reviewer may do now.
    held_until : datetime or None
        Of this reviewer's own claim.
    held_since : datetime or None
    given : tuple of GivenView
        What others and oneself answered, as far as it may be seen.
    declined : tuple of str
        Who gave it back; () for who must not know.
    settled_as : str
        The last decision of the same case that people have settled, "contract-review:29"; "" for none.
    """

    item: QueueItem
    to_answer: tuple[FieldToAnswer, ...]
    document: Document | None
    seen: str
    may_claim: bool
    may_answer: bool
    may_settle: bool
    may_hand_up: bool
    held_until: datetime | None
    held_since: datetime | None
    given: tuple[GivenView, ...]
    declined: tuple[str, ...]
    settled_as: str


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How two readers agree. Only where `review.name_people` says that they may be named."""

    first: str
    second: str
    alpha: Measured
    percent: Measured


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """How readers agree about one field.

    Parameters
    ----------
    field : str
    scale : {"nominal", "ordinal", "interval"}
    readers : int
    alpha, percent : Estimate or NotMeasured
        Among people.
    machine_alpha, machine_percent : Estimate or NotMeasured
        Between what stands among people and the machine's guess. Referred cases are those that it was not
        sure of, so this says nothing about those that it decided.
    pairs : tuple of PairAgreement
    """

    field: str
    scale: Scale
    readers: int
    alpha: Measured
    percent: Measured
    machine_alpha: Measured
    machine_percent: Measured
    pairs: tuple[PairAgreement, ...]


@dataclass(frozen=True, slots=True)
class TimeView:
    """Minutes on one case.

    Parameters
    ----------
    held : Estimate or NotMeasured
        Mean for which readers had it in hand until they answered, pauses included; a claim that ran out
        counts until its end.
    median_held : float or None
        One page that was left open moves it little.
    left : int
        Answers before which a claim ran out: their time is a guess.
    stated : Estimate or NotMeasured
        Mean of what readers, or the page that they used, said.
    """

    held: Measured
    median_held: float | None
    left: int
    stated: Measured


@dataclass(frozen=True, slots=True)
class ReaderView:
    """One reader. Only where `review.name_people` says that they may be named."""

    by: str
    answered: int
    declined: int
    minutes: TimeView


@dataclass(frozen=True, slots=True)
class AgreementView:
    """How readers agree, how long cases take, and how good the machine's answers are by chosen cases.

    Parameters
    ----------
    fields : tuple of FieldAgreement
    minutes : TimeView
    readers : int
    people : tuple of ReaderView
        () unless people may be named.
    rounds : tuple of RoundView
        Samples of cases with known chances, and the quality that follows from each; newest first.
    """

    fields: tuple[FieldAgreement, ...]
    minutes: TimeView
    readers: int
    people: tuple[ReaderView, ...]
    rounds: tuple[RoundView, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer by its reader: minutes in hand and stated, and whether a claim ran out before."""

    by: str
    held: float
    stated: float | None
    left: bool


def item_view(
    workshop: Workshop, reviews: ReviewBook, queue: ReviewQueue, reviewer: Reviewer, known: Known
) -> ItemView:
    """Return one case as one reviewer may see it. A second reader does not see that there was a first."""
    item = queue.item(known, reviewer)
    review = item.review
    sees = review.sees_others(reviewer)
    mine = review.state == "claimed" and same_person(review.holder, reviewer.id)
    took_part = any(same_person(one.by, reviewer.id) for one in review.answered)
    keys = review.differing() if review.state == "disputed" and reviewer.settles else review.fields
    before = workshop.history.settled_before(known.issued.entry)
    in_role = review.state == "disputed" or bool({review.role, "*"} & reviewer.roles)
    took_part = took_part or any(same_person(one, reviewer.id) for one in review.raised)
    settles = review.state in ("disputed", "escalated") and reviewer.settles and in_role and not took_part
    return ItemView(
        item=item,
        to_answer=tuple(_to_answer(workshop, reviews.settings, known, keys)),
        document=document_of(workshop, known),
        seen=seen_of(known),
        may_claim=reviewer.reviews and review.state == "open" and not took_part and bool(review.fields),
        may_answer=mine,
        may_settle=settles,
        may_hand_up=mine or (settles and next_role(review.role, reviews.settings.escalate_to) != ""),
        held_until=review.until if mine else None,
        held_since=review.since if mine else None,
        given=tuple(
            GivenView(
                one.by,
                {each.field: msgspec.json.decode(each.answer) for each in one.answers},
                {each.field: each.evidence for each in one.answers},
                _comment(workshop, one.note),
            )
            for one in review.answered
            if review.may_see(reviewer, one)
        ),
        declined=review.declined if sees else (),
        settled_as="" if before is None else decision_id(workshop.deployment.name, before),
    )


def agreement_view(
    workshop: Workshop,
    *,
    tenant: str,
    since: datetime | None = None,
    until: datetime | None = None,
    names: bool = False,
) -> AgreementView:
    """Return how readers agree about decisions of a period that all of their readers have answered.

    Parameters
    ----------
    workshop : Workshop
    tenant : str
    since, until : datetime, optional
        Of the decisions.
    names : bool
        Whether whoever asks may see figures about single readers; only where `review.name_people` allows it.
    """
    settings: ReviewSettings = workshop.deployment.settings.review
    names = names and settings.name_people
    wanted = Wanted(tenant=tenant, since=since, until=until, reported=True)
    reports = workshop.history.reports_table(wanted)
    reports = reports.filter(
        pc.is_in(pc.cast(reports["source"], "string"), pa.array(["review", "settled"], pa.string()))
    )
    columns = [reports[name].to_pylist() for name in ("decision", "name", "answer", "by", "source")]
    said: dict[str, list[tuple[int, object, str, str]]] = {}
    unread = _unread(workshop, tenant)
    for decision, field, answer, by, source in zip(*columns, strict=True):
        if decision in unread:
            continue
        said.setdefault(field, []).append((decision, msgspec.json.decode(answer), by, source))
    known: dict[str, Field] = {field.key: field for field in workshop.deployment.fields}
    machine = _machine(workshop, wanted, sorted(set(said) & set(known)))
    fields = tuple(
        _field(known[key], said[key], machine.get(key, {}), settings, names=names)
        for key in known
        if key in said
    )
    acts = workshop.history.reviews_table(Wanted(tenant=tenant, since=since, until=until))
    done = [act for act in acts.to_pylist() if act["decision"] not in unread]
    times = _times(done)
    people = sorted({one.by for one in times})
    return AgreementView(
        fields=fields,
        minutes=_minutes(times),
        readers=len(people),
        people=tuple(_reader(who, times, done) for who in people) if names else (),
        rounds=rounds_view(workshop, tenant=tenant),
    )


def _unread(workshop: Workshop, tenant: str) -> set[int]:
    """Return decisions whose readers have not all answered: a figure that moved would tell what one said."""
    history = workshop.history
    waiting = history.entries(Wanted(tenant=tenant, waiting=True))
    asked = Listed(tenant, (), microseconds(workshop.clock()), 0.0, 1.0)
    return set(waiting) - set(history.listed(asked, only="disputed", limit=len(waiting)))


def scale_of(field: Field, settings: ReviewSettings) -> Scale:
    """Return how far two answers to a field are apart: by its settings, else by its kind."""
    own = settings.of(field.key).scale
    return own or ("interval" if field.kind == "number" else "nominal")


def _to_answer(
    workshop: Workshop, settings: ReviewSettings, known: Known, keys: Sequence[str]
) -> list[FieldToAnswer]:
    fields = {field.key: field for field in workshop.deployment.fields}
    decided = {one.field: one for one in known.issued.decision.fields}
    found = []
    for key in keys:
        field, one = fields.get(key), decided[key]
        found.append(
            FieldToAnswer(
                key=key,
                title=field.title if field else key,
                question=field.question if field else "",
                kind=field.kind if field else "text",
                choices=field.choices if field else (),
                evidence_needed=settings.of(key).evidence,
                machine=Machine(
                    _plain(one.answer),
                    one.confidence,
                    one.outcome,
                    one.route.expert,
                    one.reason,
                    one.evidence,
                ),
            )
        )
    return found


def _field(
    field: Field,
    said: Sequence[tuple[int, object, str, str]],
    machine: Mapping[int, object],
    settings: ReviewSettings,
    *,
    names: bool,
) -> FieldAgreement:
    scale = scale_of(field, settings)
    read = [(by, decision, answer) for decision, answer, by, source in said if source == "review"]
    values, readers, _ = table_of(read, scale, order=field.choices)
    stands = _standing(said)
    both = [("people", decision, answer) for decision, answer in stands.items() if decision in machine]
    both += [(_MACHINE, decision, machine[decision]) for _, decision, _ in both]
    against, _, _ = table_of(both, scale, order=field.choices)
    pairs = []
    if names:
        for first in range(len(readers)):
            for second in range(first + 1, len(readers)):
                two = values[[first, second]]
                if (~np.isnan(two)).all(axis=0).any():
                    alpha = krippendorff_alpha(two, scale, sampling=_SAMPLING)
                    percent = percent_agreement(two, sampling=_SAMPLING)
                    pairs.append(PairAgreement(readers[first], readers[second], alpha, percent))
    return FieldAgreement(
        field=field.key,
        scale=scale,
        readers=len(readers),
        alpha=krippendorff_alpha(values, scale, sampling=_SAMPLING),
        percent=percent_agreement(values, sampling=_SAMPLING),
        machine_alpha=krippendorff_alpha(against, scale, sampling=_SAMPLING),
        machine_percent=percent_agreement(against, sampling=_SAMPLING),
        pairs=tuple(pairs),
    )


def _standing(said: Sequence[tuple[int, object, str, str]]) -> dict[int, object]:
    """Return what stands for each decision: what was settled, or what all readers say."""
    settled = {decision: answer for decision, answer, _, source in said if source == "settled"}
    voices: dict[int, list[object]] = {}
    for decision, answer, _, _ in said:
        voices.setdefault(decision, []).append(answer)
    agreed = {one: many[0] for one, many in voices.items() if all(other == many[0] for other in many)}
    return agreed | settled


def _machine(workshop: Workshop, wanted: Wanted, fields: Sequence[str]) -> dict[str, dict[int, object]]:
    if not fields:
        return {}
    table = workshop.history.answers_table(wanted, fields=fields)
    found: dict[str, dict[int, object]] = {}
    columns = (table[name].to_pylist() for name in ("entry", "field", "answer"))
    for entry, field, answer in zip(*columns, strict=True):
        guess = _plain(answer)
        if guess is not None:
            found.setdefault(field, {})[entry] = guess
    return found


def _times(acts: Sequence[Mapping[str, object]]) -> list[_Answer]:
    """Return who answered, for how long they had the case in hand, and what they stated."""
    held: dict[tuple[object, str], float] = {}
    left: set[tuple[object, str]] = set()
    hands: dict[object, tuple[str, datetime, datetime]] = {}
    found = []
    for act in acts:
        decision, at, until, who = (
            act["decision"],
            act["at"],
            act["until"],
            names_of_person(str(act["by"]))[0],
        )
        if not isinstance(at, datetime):
            continue
        if decision in hands:
            holder, since, end = hands.pop(decision)
            key = decision, holder
            held[key] = held.get(key, 0.0) + max(0.0, (min(at, end) - since).total_seconds() / 60.0)
            if at >= end:
                left.add(key)
        key = decision, who
        if act["act"] == "claimed":
            hands[decision] = who, at, until if isinstance(until, datetime) else at
        elif act["act"] == "answered" and key in held:
            stated = act["minutes"]
            minutes = float(stated) if isinstance(stated, float) else None
            found.append(_Answer(str(act["by"]), held[key], minutes, key in left))
    return found


def _minutes(answers: Sequence[_Answer]) -> TimeView:
    held = [one.held for one in answers]
    return TimeView(
        held=_mean(held, "nobody has answered a case"),
        median_held=float(np.median(held)) if held else None,
        left=sum(one.left for one in answers),
        stated=_mean([one.stated for one in answers if one.stated is not None], "nobody stated a time"),
    )


def _mean(values: Sequence[float], nothing: str) -> Measured:
    if not values:
        return NotMeasured(nothing)
    if len(values) < 2:
        return Estimate(values[0], 1)
    sums = np.column_stack([np.asarray(values, np.float64), np.ones(len(values))])
    found = estimate_all([Tally(sums, ratio_of_sums(), n=len(values))], _SAMPLING)[0]
    return found if not isinstance(found, Estimate) or math.isfinite(found.value) else NotMeasured(nothing)


def _reader(who: str, times: Sequence[_Answer], acts: Sequence[Mapping[str, object]]) -> ReaderView:
    mine = [one for one in times if one.by == who]
    return ReaderView(
        by=who,
        answered=len(mine),
        declined=sum(act["act"] == "declined" and act["by"] == who for act in acts),
        minutes=_minutes(mine),
    )


def _comment(workshop: Workshop, note: str) -> str | None:
    """Return what was said in words; None where nothing was, or where it was erased."""
    try:
        return workshop.blobs.get(note).decode("utf-8", "replace") if note else None
    except (BlobErased, BlobMissing):
        return None


def _plain(answer: str) -> object:
    """Return an answer as the value that it is; None where nobody answered."""
    try:
        return msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return None
