"""Choosing: which decided cases are looked at although the machine was sure, and what follows from them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import Floats
from flyball.evaluation.history.records import REVIEW, Wanted
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.review.quality import Drawn, quality_of
from flyball.evaluation.review.selection import select
from flyball.ledger.errors import KeyReused
from flyball.ledger.records import Draft
from flyball.loop.decided import Known, document_of, find_decision
from flyball.loop.review_state import Chosen, Event, ReviewBook, key_of_event, waits_for_people
from flyball.loop.reviewing import NotYours
from flyball.loop.workshop import Workshop
from flyball.models.experts.text_classifier.features import features_of

__all__ = ["ROUND", "RoundView", "choose_cases", "rounds_view"]

ROUND = "review.round"
"""Kind of the ledger entries about rounds of choosing."""

_FEATURES = 512
_LOOKED_AT = 1_000
_TIMES_WANTED = 20
_SAMPLE = 300
_MOST = 100_000
_TRIES = 3


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an entry about a round: all that an estimate needs beside the answers.

    Parameters
    ----------
    round : str
    tenant : str
    population : int
        Decisions from which it was chosen.
    fields : dict of str to int
        How many of them hold an automated answer to each field.
    teaches, drawn : int
        Numbers of cases that were chosen for what they teach, and at random.
    chance : float
        Of those that were drawn.
    seed : int
    since, until : str
        Of the decisions; "" for any.
    """

    round: str
    tenant: str
    population: int
    fields: dict[str, int]
    teaches: int
    drawn: int
    chance: float
    seed: int
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of choosing and what has come of it.

    Parameters
    ----------
    entry : int
        In the ledger.
    round : str
    at : datetime
    by : str
    population, chosen, drawn, answered : int
        Decisions it was chosen from, that were chosen, of these at random, and of these answered.
    quality : dict of str to Estimate or NotMeasured
        Share of automated answers to each field that are right, over all decisions of the population.
    """

    entry: int
    round: str
    at: datetime
    by: str
    population: int
    chosen: int
    drawn: int
    answered: int
    quality: Mapping[str, Estimate | NotMeasured]


def choose_cases(
    workshop: Workshop,
    wanted: int,
    *,
    tenant: str = "default",
    drawn_share: float = 0.3,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: str = "",
) -> RoundView:
    """Choose decisions that nobody has looked at, and put them on the list of reviewers, all at once.

    Those with an automated answer that the gate let pass can be chosen, each case by its last decision. The
    part that is drawn at random, each with the chance that is written down, keeps estimates over all of them
    unbiased; the others are unsure, unlike one another and like many.

    Parameters
    ----------
    workshop : Workshop
    wanted : int
    tenant : str
    drawn_share : float
        Of `wanted`, in [0, 1].
    since, until : datetime, optional
        Of the decisions.
    actor : str
        Who chooses; whoever works at this machine by default.

    Raises
    ------
    BadInput
        None can be chosen, more than 100,000 are wanted, or a share that is none.
    """
    if not 1 <= wanted <= _MOST or not 0.0 <= drawn_share <= 1.0:
        raise BadInput(
            f"Cannot choose {wanted} cases, {drawn_share} of them at random.",
            fix=f"Give a number from 1 to {_MOST:,}, and a share from 0 to 1.",
        )
    within = Wanted(tenant=tenant, since=since, until=until, newest=True)
    for _ in range(_TRIES):
        body, drafts = _round(workshop, within, wanted, drawn_share, actor or workshop.actor)
        try:
            workshop.ledger.append_many(drafts)
        except KeyReused:  # somebody has begun with one of them: choose again
            continue
        return next(one for one in rounds_view(workshop, tenant=tenant) if one.round == body.round)
    raise NotYours(
        "Cases were taken in hand while they were chosen, several times.", fix="Choose again in a minute."
    )


def rounds_view(workshop: Workshop, *, tenant: str) -> tuple[RoundView, ...]:
    """Return the rounds of a tenant with what has come of them, the newest first."""
    rounds = [(entry, msgspec.convert(entry.body, Round)) for entry in workshop.ledger.entries(ROUND)]
    mine = [(entry, one) for entry, one in rounds if one.tenant == tenant]
    if not mine:
        return ()
    chosen = _chosen(workshop, tenant)
    return tuple(
        _view(workshop, entry.index, entry.at, entry.actor, one, chosen.get(one.round, []))
        for entry, one in reversed(mine)
    )


def _round(
    workshop: Workshop, within: Wanted, wanted: int, drawn_share: float, actor: str
) -> tuple[Round, list[Draft]]:
    """Return a round, with the entries that write it down and put its cases on the list."""
    entries, doubt, fields = _candidates(workshop, within)
    if not entries:
        raise BadInput(
            "There is no decision with an automated answer that nobody has begun to look at.",
            fix="Decide more cases, or choose a longer period.",
        )
    tenant, seed = str(within.tenant), secrets.randbelow(2**31)
    places, features = _features(workshop, tenant, entries, doubt, wanted, seed)
    selection = select(features, doubt, wanted, places=places, drawn_share=drawn_share, seed=seed)
    drawn = [one for one in selection.chosen if one.how == "drawn"]
    body = Round(
        round=f"{workshop.clock():%Y%m%dT%H%M%S}-{seed:08x}",
        tenant=tenant,
        population=len(entries),
        fields=fields,
        teaches=len(selection.chosen) - len(drawn),
        drawn=len(drawn),
        chance=drawn[0].chance if drawn else 0.0,
        seed=seed,
        since="" if within.since is None else within.since.isoformat(),
        until="" if within.until is None else within.until.isoformat(),
    )
    drafts = [Draft(ROUND, body, actor)]
    for one in selection.chosen:
        known = find_decision(workshop, entries[one.place], tenant)
        event = Event(
            act="chosen",
            decision=known.issued.entry,
            tenant=tenant,
            by=actor,
            fields=tuple(_to_look_at(known)),
            chosen=Chosen(body.round, one.how, one.chance, len(entries)),
        )
        drafts.append(Draft(REVIEW, event, actor, (), key_of_event(event.decision, 0)))
    return body, drafts


def _candidates(workshop: Workshop, wanted: Wanted) -> tuple[list[int], Floats, dict[str, int]]:
    """Return decisions that can be chosen, their doubts, and how many have each field automated."""
    history = workshop.history
    table = history.decisions_table(wanted)
    begun = pa.array(sorted(history.acts(wanted)), pa.int64())
    can = pc.and_(
        pc.and_(table["allowed"], pc.greater(table["automated"], 0)),
        pc.invert(pc.is_in(table["entry"], value_set=begun)),
    )
    table = table.filter(can)
    entries = table["entry"].to_pylist()
    confidence = table["confidence"].to_numpy(zero_copy_only=False)
    answers = history.answers_table(wanted)
    automated = pc.equal(pc.cast(answers["outcome"], pa.string()), "automated")
    answers = answers.filter(
        pc.and_(automated, pc.is_in(answers["entry"], value_set=table["entry"].combine_chunks()))
    )
    counted = pc.value_counts(pc.cast(answers["field"], pa.string())).to_pylist()
    return entries, 1.0 - confidence, {one["values"]: one["counts"] for one in counted}


def _features(
    workshop: Workshop, tenant: str, entries: Sequence[int], doubt: Floats, wanted: int, seed: int
) -> tuple[list[int], Floats]:
    """Return places and hashed words of the least sure cases and of some others; only they can teach."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.permutation(len(entries)), -doubt))
    some = rng.permutation(len(entries))[:_SAMPLE]
    places = sorted({*order[: max(_LOOKED_AT, _TIMES_WANTED * wanted)].tolist(), *some.tolist()})
    found = np.zeros((len(places), _FEATURES))
    for row, place in enumerate(places):
        document = document_of(workshop, find_decision(workshop, entries[place], tenant))
        if document is not None:
            counted = np.bincount(features_of(document.text).places % _FEATURES, minlength=_FEATURES)
            found[row] = np.sqrt(counted)
    return places, found


def _to_look_at(known: Known) -> list[str]:
    """Return the fields that people answer: what was automated, and what waits for them anyhow."""
    waiting = set(waits_for_people(known))
    decided = known.issued.decision.fields
    return [one.field for one in decided if one.outcome == "automated" or one.field in waiting]


def _chosen(workshop: Workshop, tenant: str) -> dict[str, list[int]]:
    """Return the decisions of each round."""
    acts = workshop.history.reviews_table(Wanted(tenant=tenant))
    rows = acts.filter(pc.equal(pc.cast(acts["act"], pa.string()), "chosen"))
    found: dict[str, list[int]] = {}
    for entry, decision in zip(rows["entry"].to_pylist(), rows["decision"].to_pylist(), strict=True):
        chosen = workshop.ledger.entry(entry).body["chosen"]
        if isinstance(chosen, dict):
            found.setdefault(str(chosen["round"]), []).append(decision)
    return found


def _view(
    workshop: Workshop, entry: int, at: datetime, by: str, one: Round, decisions: Sequence[int]
) -> RoundView:
    reviews = ReviewBook(workshop)
    answered = drawn = 0
    seen: dict[str, list[Drawn]] = {field: [] for field in one.fields}
    for number in decisions:
        known = find_decision(workshop, number, one.tenant)
        review = reviews.of(known)
        if review.chosen is None:
            continue
        drawn += review.chosen.how == "drawn"
        answered += review.state == "settled"
        final = review.final()
        for field in known.issued.decision.fields:
            if field.outcome == "automated":
                said = final.get(field.field)
                right = None if said is None else same_answer(said, field.answer)
                seen[field.field].append(Drawn(review.chosen.chance, right))
    quality: dict[str, Estimate | NotMeasured] = {}
    for key, n in one.fields.items():
        quality[key] = quality_of(seen[key], n)
    return RoundView(entry, one.round, at, by, one.population, len(decisions), drawn, answered, quality)
