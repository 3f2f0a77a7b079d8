"""Examine a constitution on the cases of a deployment: what each principle does there, and what cannot stay.

Found, named and told how to mend: a principle that holds nowhere in the deployment, one that complains
about everything, one that notices nothing, and two that want different things with no rule between them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flyball.core.errors import Refused
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import wilson
from flyball.core.records import Context
from flyball.core.text import count
from flyball.governance.constitution.checker import Complaint, Reading
from flyball.governance.constitution.conflicts import open_conflicts
from flyball.governance.constitution.critic import NO_VERDICT
from flyball.governance.constitution.damage import damaged
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.review import (
    JUDGED,
    Critique,
    ReviewedDecision,
    complaints_of,
    let_off,
    reading_for,
)
from flyball.models.decisions.records import Decision

__all__ = ["ConstitutionRefused", "Examination", "Problem", "Standing", "examine", "flaws_of", "standings_of"]

_FEWEST = 5
"""Cases from which on "complains about all of them" is more than chance."""
_NEARLY_ALL = 0.9
"""A principle whose share of complaints is surely above this says nothing about a single case."""
_SPOILT_CASES = 3
_PLACES_SHOWN = 3


class ConstitutionRefused(Refused):
    """A constitution cannot go into a release as it is written."""

    code = "constitution.refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a constitution cannot stay as it is.

    Parameters
    ----------
    kind : str
        "holds nowhere", "complains about everything", "no verdict", "notices nothing" or "open conflict".
    principles : tuple of str
    what, fix : str
        For people.
    """

    kind: str
    principles: tuple[str, ...]
    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What one principle did on the cases.

    Parameters
    ----------
    principle : str
    cases : int
        On which it counted.
    complained : Estimate or NotMeasured
        Share of them that it complained about at the first look, with its 95 % interval (Wilson).
    mended, withheld, let_off : int
        Cases in which it was kept after revision, in which something of it stayed broken, and in which an
        exception let a complaint off.
    spoilt, noticed : int
        Ways in which cases were spoilt on purpose, and those that it noticed; 0 of 0 where a language model
        judges it, which is measured by itself.
    expired : tuple of str
        Exceptions that count no longer, by their last day.
    unjudged : int
        Cases about which the critic gave no verdict.
    why_unjudged : str
        Of the first of them.
    """

    principle: str
    cases: int
    complained: Estimate | NotMeasured
    mended: int
    withheld: int
    let_off: int
    spoilt: int
    noticed: int
    expired: tuple[str, ...] = ()
    unjudged: int = 0
    why_unjudged: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What an examination found.

    Parameters
    ----------
    cases : int
    standings : tuple of Standing
        Highest priority first.
    problems : tuple of Problem
        () where the constitution may go into a release.
    """

    cases: int
    standings: tuple[Standing, ...]
    problems: tuple[Problem, ...]

    def refuse(self) -> None:
        """Refuse what cannot stay.

        Raises
        ------
        ConstitutionRefused
            It names every problem, and how to mend the first.
        """
        if self.problems:
            raise ConstitutionRefused(
                f"The constitution cannot go into a release: {'; '.join(one.what for one in self.problems)}.",
                fix=self.problems[0].fix,
                principles=", ".join(dict.fromkeys(id for one in self.problems for id in one.principles)),
            )


def examine(
    constitution: Constitution,
    context: Context,
    cultures: tuple[str, ...],
    reviewed: Sequence[ReviewedDecision],
    readings: Sequence[Reading],
) -> Examination:
    """Examine a constitution.

    Parameters
    ----------
    constitution : Constitution
        As it is written, for all places.
    context : Context
        Of the deployment, with all its jurisdictions.
    cultures : tuple of str
        Of the deployment.
    reviewed : sequence of ReviewedDecision
        The cases, held against what counted for each of them.
    readings : sequence of Reading
        What could be looked at, in the same order; the first few are enough.
    """
    standings = standings_of(constitution, reviewed, readings, cultures)
    problems = (
        *flaws_of(constitution, context, cultures),
        *_measured(standings),
        *_met(reviewed),
    )
    return Examination(len(reviewed), standings, problems)


def flaws_of(constitution: Constitution, context: Context, cultures: tuple[str, ...]) -> list[Problem]:
    """Return what is wrong with a constitution whatever the cases: nowhere in force, or open conflicts."""
    here = {one.id for one in constitution.for_case(context, cultures).principles}
    found = [
        Problem(
            "holds nowhere",
            (one.id,),
            f"principle {one.id} holds in {', '.join((*one.jurisdictions, *one.cultures))}, and the "
            f"deployment acts in {', '.join((*context.jurisdictions, *cultures))}",
            "Take it out, correct its jurisdictions or cultures, or name the place in [deployment].",
        )
        for one in constitution.principles
        if one.id not in here
    ]
    places: dict[str, list[str]] = {}
    for own in dict.fromkeys((context.jurisdictions, *((place,) for place in context.jurisdictions))):
        alone = constitution.for_case(replace(context, jurisdictions=own), cultures)
        for conflict in open_conflicts(alone):
            places.setdefault(f"{conflict.first}\0{conflict.second}\0{conflict.words}", []).append(
                "+".join(own)
            )
    for key, where in places.items():
        first, second, words = key.split("\0")
        shown = ", ".join(where[:_PLACES_SHOWN]) + (" ..." if len(where) > _PLACES_SHOWN else "")
        found.append(
            Problem(
                "open conflict",
                (first, second),
                f"{words}, both have the same priority, and neither goes over the other (in {shown})",
                f'Give one the higher priority, or write over = ["{second}"] into {first}, or the other way '
                "round.",
            )
        )
    return found


def standings_of(
    constitution: Constitution,
    reviewed: Sequence[ReviewedDecision],
    readings: Sequence[Reading],
    cultures: tuple[str, ...] = (),
) -> tuple[Standing, ...]:
    """Count what each principle did, and spoil a few cases to see whether it would notice."""
    counted: Counter[str] = Counter()
    complained: Counter[str] = Counter()
    withheld: Counter[str] = Counter()
    excepted: Counter[str] = Counter()
    unjudged: dict[str, list[str]] = {}
    for one in reviewed:
        counted.update(result.principle for result in one.results)
        first = one.rounds[0].critiques if one.rounds else ()
        complained.update({critique.principle for critique in first})
        silent = {item.principle: item.complaint.problem for item in first if _is_silence(item)}
        for name, why in silent.items():
            unjudged.setdefault(name, []).append(why)
        last = one.rounds[-1] if one.rounds else None
        lost = {item.principle for item in last.critiques} if last and _withheld(one) else set()
        lost |= {result.principle for result in one.results if not result.passed}
        withheld.update(lost)
        excepted.update({item.principle for item in one.let_off})
    found = []
    for principle in constitution.principles:
        n = counted[principle.id]
        spoilt, noticed = _spoil(principle, constitution, reviewed, readings, cultures)
        found.append(
            Standing(
                principle=principle.id,
                cases=n,
                complained=_share(complained[principle.id], n),
                mended=complained[principle.id] - withheld[principle.id],
                withheld=withheld[principle.id],
                let_off=excepted[principle.id],
                spoilt=spoilt,
                noticed=noticed,
                expired=_expired(principle, reviewed),
                unjudged=len(unjudged.get(principle.id, ())),
                why_unjudged=next(iter(unjudged.get(principle.id, ())), ""),
            )
        )
    return tuple(found)


def _is_silence(critique: Critique) -> bool:
    return critique.complaint.problem.startswith(NO_VERDICT)


def _withheld(one: ReviewedDecision) -> bool:
    """Say whether the last round withheld what the rounds before could not mend."""
    return any(change.endswith("became refused") for change in one.rounds[-1].changes)


def _share(hits: int, n: int) -> Estimate | NotMeasured:
    if not n:
        return NotMeasured("it counted for none of the cases")
    low, high = wilson(hits, n)
    return Estimate(hits / n, n=n, low=low, high=high)


def _spoil(
    principle: Principle,
    constitution: Constitution,
    reviewed: Sequence[ReviewedDecision],
    readings: Sequence[Reading],
    cultures: tuple[str, ...],
) -> tuple[int, int]:
    """Return in how many ways cases were spoilt, and how many of these the principle noticed."""
    if principle.checker == JUDGED:
        return 0, 0
    ways: dict[str, bool] = {}
    for one, reading in list(zip(reviewed, readings, strict=False))[:_SPOILT_CASES]:
        here = constitution.for_case(one.first.context, cultures)
        own = next((each for each in here.principles if each.id == principle.id), None)
        if own is None:
            continue
        beside = reading_for(own, reading)
        before = _heard(own, here, one.first, beside)
        for what, decision, changed in damaged(one.first, beside, own):
            fresh = [item for item in _heard(own, here, decision, changed) if item not in before]
            ways[what] = ways.get(what, False) or bool(fresh)
    return len(ways), sum(ways.values())


def _heard(
    principle: Principle, constitution: Constitution, decision: Decision, reading: Reading
) -> list[Complaint]:
    """Return what is complained about and not let off; a checker that raises refuses the case, too."""
    try:
        heard = complaints_of(principle, constitution, decision, reading)
    except Exception as err:  # noqa: BLE001 - as in a review
        return [Complaint(f"The principle could not be checked: {type(err).__name__}")]
    return [item for item in heard if let_off(principle, item, decision) is None]


def _expired(principle: Principle, reviewed: Sequence[ReviewedDecision]) -> tuple[str, ...]:
    today = max((one.first.decided_at.date() for one in reviewed), default=None)
    if today is None:
        return ()
    return tuple(one.until.isoformat() for one in principle.exception if one.until <= today)


def _measured(standings: Sequence[Standing]) -> list[Problem]:
    found = []
    for one in standings:
        share = one.complained
        if isinstance(share, Estimate) and one.unjudged and _is_everything(share):
            found.append(
                Problem(
                    "no verdict",
                    (one.principle,),
                    f"principle {one.principle} was not judged in {one.unjudged:,} of "
                    f"{count(share.n, 'case')} ({one.why_unjudged.rstrip('.')})",
                    "See that the critic of [constitution] can be asked, then run it again.",
                )
            )
        elif isinstance(share, Estimate) and _is_everything(share):
            hits = round(share.value * share.n)
            found.append(
                Problem(
                    "complains about everything",
                    (one.principle,),
                    f"principle {one.principle} complains about {hits:,} of {count(share.n, 'case')}, so it "
                    "says nothing about any of them",
                    "Narrow what it asks, mend what is wrong with all cases, or take it out.",
                )
            )
        if one.spoilt and not one.noticed:
            found.append(
                Problem(
                    "notices nothing",
                    (one.principle,),
                    f"principle {one.principle} notices none of {count(one.spoilt, 'way')} in which cases "
                    "were spoilt on purpose",
                    "Correct its settings and exceptions, or its checker, or take it out.",
                )
            )
    return found


def _is_everything(share: Estimate) -> bool:
    whole = share.value == 1.0 and share.n >= _FEWEST
    return whole or (share.low is not None and share.low > _NEARLY_ALL)


def _met(reviewed: Sequence[ReviewedDecision]) -> list[Problem]:
    """Return the conflicts that cases met, and that no rule settled."""
    pairs: dict[tuple[str, str], set[str]] = {}
    for one in reviewed:
        for conflict in one.conflicts:
            if not conflict.settled:
                pairs.setdefault((conflict.followed, conflict.gave_way), set()).add(one.first.case_id)
    return [
        Problem(
            "open conflict",
            pair,
            f"principles {pair[0]} and {pair[1]} wanted different things of the same field in "
            f"{count(len(cases), 'case')}, and no rule says which one goes first",
            f'Give one the higher priority, or write over = ["{pair[1]}"] into {pair[0]}.',
        )
        for pair, cases in pairs.items()
    ]
