"""Review: hold a decision against every principle, mend it or withhold it, and keep the trail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from flyball.core.records import Outcome
from flyball.core.verdicts import Check, Verdict, combine
from flyball.governance.constitution.checker import Ask, Complaint, Reading
from flyball.governance.constitution.edits import CARE, bolder, described, refer, refuse, to_check
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.scope import Exemption, excepts
from flyball.models.decisions.records import Decision, PrincipleResult

__all__ = [
    "MOST_ROUNDS",
    "Conflict",
    "Critic",
    "Critique",
    "LetOff",
    "ReviewedDecision",
    "Round",
    "complaints_of",
    "let_off",
    "review",
]

JUDGED = "judged_by_a_model"
"""Name of the checker that needs a critic."""

MOST_ROUNDS = 3
"""Rounds of critique and revision; what is not mended after them is withheld."""


class Critic(Protocol):
    """A language model that judges decisions by principles."""

    def judging(self, principles: Sequence[Principle], reading: Reading) -> Mapping[str, Ask]:
        """Return for each principle, by its id, what to ask about one decision and its revisions."""
        ...


@dataclass(frozen=True, slots=True)
class Critique:
    """A complaint, with the principle that made it."""

    principle: str
    complaint: Complaint


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what was wrong, and what was changed for it.

    Parameters
    ----------
    number : int
        From 1.
    critiques : tuple of Critique
    changes : tuple of str
        For people.
    """

    number: int
    critiques: tuple[Critique, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two principles that wanted different outcomes of one field, and how that was settled.

    Parameters
    ----------
    field : str
    followed, gave_way : str
        Principles; `followed` is "" where only the rule "never less careful" decided.
    outcome : Outcome
        What the field became.
    why : str
    settled : bool
        Whether a rule settled it: a higher priority, `over`, or "never less careful". Otherwise the more
        careful one was followed, and no release is made of such a constitution.
    """

    field: str
    followed: str
    gave_way: str
    outcome: Outcome
    why: str
    settled: bool = True


@dataclass(frozen=True, slots=True)
class LetOff:
    """A complaint that an exception of its principle let off."""

    principle: str
    complaint: Complaint
    reason: str
    until: str


@dataclass(frozen=True, slots=True)
class ReviewedDecision:
    """A decision before and after review, with the whole way between.

    Parameters
    ----------
    first : Decision
        As the models and rules made it.
    revised : Decision
        As it may go to the gate: `principles` filled in; where something could not be mended, its
        verdict is a refusal.
    rounds : tuple of Round
        Empty where every principle was kept at once.
    conflicts : tuple of Conflict
    refused : bool
        Whether the whole decision is withheld.
    let_off : tuple of LetOff
    constitution : str
        Digest of what it was held against.
    """

    first: Decision
    revised: Decision
    rounds: tuple[Round, ...]
    conflicts: tuple[Conflict, ...]
    refused: bool
    let_off: tuple[LetOff, ...] = ()
    constitution: str = ""

    @property
    def kept_at_once(self) -> bool:
        """Whether nobody complained, and so nothing has to be remembered beside the decision itself."""
        return not (self.rounds or self.conflicts or self.let_off)

    @property
    def results(self) -> tuple[PrincipleResult, ...]:
        """How each principle judged, highest priority first."""
        return self.revised.principles


@dataclass(slots=True)
class _Trail:
    """What is remembered from round to round."""

    problems: dict[str, list[str]] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    changes: dict[str, list[str]] = field(default_factory=dict)
    waived: set[tuple[str, str]] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    let_off: list[LetOff] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)


def review(
    decision: Decision, reading: Reading, constitution: Constitution, critic: Critic | None = None
) -> ReviewedDecision:
    """Check a decision against every principle and mend what can be mended.

    Up to `MOST_ROUNDS` rounds: every principle is checked, complaints are answered (by the checker's
    revision, by referring, or by refusing the field, as the principle says), and the result is checked
    again. A field that still fails is withheld; what still fails then withholds the whole decision. A
    checker that raises, or whose revision claims more than before, counts as failed.

    Parameters
    ----------
    decision : Decision
        Its own `principles` are replaced.
    reading : Reading
    constitution : Constitution
        What counts for this case: see `Constitution.for_case`.
    critic : Critic, optional
        None: principles that a language model judges complain about every decided answer.

    Returns
    -------
    ReviewedDecision
        A result is `passed` when nothing is wrong any more after revision; its `critique` tells what was
        wrong at first.
    """
    trail = _Trail(readings=_readings(reading, constitution, critic))
    current = decision
    for number in range(1, MOST_ROUNDS + 1):
        critiques = _critiques(current, constitution, trail)
        if not critiques:
            break
        before = current
        current = _answer(current, constitution, critiques, trail)
        trail.rounds.append(Round(number, tuple(critiques), described(before, current)))
        if current == before:  # nothing could be mended: more rounds would not help
            break
    left = _critiques(current, constitution, trail) if trail.rounds else []
    if left:
        before = current
        current = _withhold(current, left, trail)
        changes = described(before, current)
        trail.rounds.append(Round(len(trail.rounds) + 1, tuple(left), changes))
        left = _critiques(current, constitution, trail)
    return _result(decision, current, left, constitution, trail)


def complaints_of(
    principle: Principle, constitution: Constitution, decision: Decision, reading: Reading
) -> tuple[Complaint, ...]:
    """Return what a principle complains about, exceptions not yet looked at.

    Raises
    ------
    Exception
        Whatever its checker raises; TypeError where it answers something else than complaints.
    """
    complaints = tuple(constitution.checkers[principle.checker].check(decision, reading))
    if strange := [item for item in complaints if not isinstance(item, Complaint)]:
        raise TypeError(f"it answered {strange[0]!r} instead of complaints")
    return complaints


def let_off(principle: Principle, complaint: Complaint, decision: Decision) -> Exemption | None:
    """Return the exception that lets a complaint off; None where none does."""
    for one in principle.exception:
        if excepts(one, decision) and (not one.fields or complaint.field in one.fields):
            return one
    return None


def reading_for(principle: Principle, reading: Reading) -> Reading:
    """Return what the checker of a principle may look at."""
    return replace(reading, settings=principle.settings) if principle.settings else reading


def _readings(reading: Reading, constitution: Constitution, critic: Critic | None) -> dict[str, Reading]:
    asks: Mapping[str, Ask] = {}
    if critic is not None:
        judged = [one for one in constitution.principles if one.checker == JUDGED]
        asks = critic.judging(judged, reading) if judged else {}
    return {
        one.id: replace(reading_for(one, reading), ask=asks[one.id])
        if one.id in asks
        else reading_for(one, reading)
        for one in constitution.principles
    }


def _critiques(decision: Decision, constitution: Constitution, trail: _Trail) -> list[Critique]:
    """Ask every checker; one that raises has failed, for the whole decision."""
    found = []
    for principle in constitution.principles:
        if principle.id in trail.broken:
            found.append(Critique(principle.id, Complaint(trail.broken[principle.id])))
            continue
        try:
            complaints = complaints_of(principle, constitution, decision, trail.readings[principle.id])
            kept = tuple(item for item in complaints if not _is_let_off(principle, item, decision, trail))
        except Exception as err:  # noqa: BLE001 - a guard that fails must refuse, whatever went wrong
            trail.broken[principle.id] = f"The principle could not be checked: {type(err).__name__}: {err}"
            found.append(Critique(principle.id, Complaint(trail.broken[principle.id])))
            continue
        found += [
            Critique(principle.id, complaint)
            for complaint in kept
            if not complaint.field or (principle.id, complaint.field) not in trail.waived
        ]
    for critique in found:
        _note(trail.problems, critique.principle, critique.complaint.problem)
        _note(trail.fields, critique.principle, critique.complaint.field)
    return found


def _is_let_off(principle: Principle, complaint: Complaint, decision: Decision, trail: _Trail) -> bool:
    """Say whether an exception lets a complaint off, and write down that it does."""
    exception = let_off(principle, complaint, decision) if principle.exception else None
    if exception is None:
        return False
    found = LetOff(principle.id, complaint, exception.reason, exception.until.isoformat())
    if found not in trail.let_off:
        trail.let_off.append(found)
        _note(trail.problems, principle.id, complaint.problem)
        _note(trail.fields, principle.id, complaint.field)
        _tell(trail, principle.id, (f"let off until {found.until}: {found.reason}",))
    return True


def _answer(
    decision: Decision,
    constitution: Constitution,
    critiques: Sequence[Critique],
    trail: _Trail,
) -> Decision:
    """Revise for each principle in order of priority, then set the outcomes that were asked for."""
    current = decision
    outcomes: list[tuple[Principle, Complaint, Outcome]] = []
    for principle in constitution.principles:
        complaints = tuple(item.complaint for item in critiques if item.principle == principle.id)
        if not complaints or principle.id in trail.broken:
            continue
        asked = [item for item in complaints if item.demands is not None or principle.when_failed != "revise"]
        if mend := tuple(item for item in complaints if item not in asked):
            current = _revise(current, constitution, principle, mend, trail)
        default: Outcome = "refused" if principle.when_failed == "refuse" else "referred"
        outcomes += [(principle, item, item.demands or default) for item in asked if item.field]
        rules = frozenset(item.rule for item in asked if item.rule)
        if rules:
            before = current
            current = to_check(current, rules)
            _tell(trail, principle.id, described(before, current))
    return _settle(current, outcomes, trail)


def _revise(
    decision: Decision,
    constitution: Constitution,
    principle: Principle,
    complaints: tuple[Complaint, ...],
    trail: _Trail,
) -> Decision:
    revise = constitution.checkers[principle.checker].revise
    try:
        if revise is None:
            raise TypeError(f"the checker {principle.checker} cannot revise")
        revised = revise(decision, trail.readings[principle.id], complaints)
        problem = bolder(decision, revised)
        changes = () if problem else described(decision, revised)
    except Exception as err:  # noqa: BLE001 - a revision that fails leaves the answer unmended: refused
        trail.broken[principle.id] = f"The revision failed: {type(err).__name__}: {err}"
        return decision
    if problem:
        trail.broken[principle.id] = f"The revision claimed more than the answer before it. {problem}"
        return decision
    _tell(trail, principle.id, changes)
    return revised


def _settle(
    decision: Decision, outcomes: Iterable[tuple[Principle, Complaint, Outcome]], trail: _Trail
) -> Decision:
    """Give each field one outcome: the highest priority decides, then `over`, then care; never less care."""
    by_field: dict[str, list[tuple[Principle, Complaint, Outcome]]] = {}
    for item in outcomes:
        by_field.setdefault(item[1].field, []).append(item)
    standing = {item.field: item.outcome for item in decision.fields}
    for key, wanted in by_field.items():
        if key not in standing:
            continue
        first = _foremost(wanted)
        winner, complaint, outcome = max(first, key=lambda item: CARE[item[2]])
        followed = winner.id
        open_between = {item[0].id for item in first if item[2] != outcome}
        if CARE[outcome] < CARE[standing[key]]:
            outcome, followed = standing[key], ""
        if outcome != "automated":
            before = decision
            decision = (refer if outcome == "referred" else refuse)(decision, {key: complaint.problem})
            _tell(trail, winner.id, described(before, decision))
        for principle, asked, demanded in wanted:
            settled = bool(followed) and principle.id != followed
            if demanded != outcome and (settled or asked.demands is not None):
                trail.waived.add((principle.id, key))
                conflict = _conflict(key, winner if followed else None, principle, demanded, outcome)
                conflict = replace(conflict, settled=principle.id not in open_between)
                trail.conflicts.append(conflict)
                _tell(trail, principle.id, (conflict.why,))
    return decision


def _foremost(
    wanted: Sequence[tuple[Principle, Complaint, Outcome]],
) -> list[tuple[Principle, Complaint, Outcome]]:
    """Return those of the highest priority over which none of the others goes."""
    top = max(item[0].priority for item in wanted)
    first = [item for item in wanted if item[0].priority == top]
    return [item for item in first if not any(item[0].id in other[0].over for other in first)]


def _conflict(
    key: str, winner: Principle | None, loser: Principle, demanded: Outcome, outcome: Outcome
) -> Conflict:
    if winner is None or winner.id == loser.id:
        why = f"{key} stays {outcome}: a principle may ask for more care, never for less ({demanded})"
        return Conflict(key, "", loser.id, outcome, why)
    if winner.priority > loser.priority:
        by = "higher priority"
    elif loser.id in winner.over:
        by = "equal priority, and it goes over the other"
    else:
        by = "equal priority, and the more careful wins"
    why = (
        f"{key} becomes {outcome} as {winner.id} asks ({by}: {winner.priority} against {loser.priority}); "
        f"{loser.id} wanted it {demanded}"
    )
    return Conflict(key, winner.id, loser.id, outcome, why)


def _withhold(decision: Decision, left: Sequence[Critique], trail: _Trail) -> Decision:
    """Refuse the fields that could not be mended, and ask where a finding could not."""
    reasons: dict[str, str] = {}
    for critique in left:
        if critique.complaint.field:
            reasons.setdefault(critique.complaint.field, f"Withheld: {critique.complaint.problem}")
    withheld = refuse(decision, reasons)
    withheld = to_check(withheld, frozenset(item.complaint.rule for item in left if item.complaint.rule))
    for critique in left:
        if critique.complaint.field:
            _tell(trail, critique.principle, (f"{critique.complaint.field}: withheld",))
    return withheld


def _result(
    first: Decision,
    current: Decision,
    left: Sequence[Critique],
    constitution: Constitution,
    trail: _Trail,
) -> ReviewedDecision:
    failed = {critique.principle for critique in left}
    results = tuple(
        PrincipleResult(
            principle=principle.id,
            passed=principle.id not in failed,
            critique=" ".join(trail.problems.get(principle.id, ())),
            revision="; ".join(trail.changes.get(principle.id, ())),
            fields=tuple(key for key in trail.fields.get(principle.id, ()) if key),
        )
        for principle in constitution.principles
    )
    revised = replace(current, principles=results)
    if failed or not constitution.principles:
        cites = {principle.id: principle.cites for principle in constitution.principles}
        checks = tuple(
            Check(
                f"principle.{result.principle}",
                result.passed,
                "kept" if result.passed else result.critique,
                cites[result.principle],
            )
            for result in results
        )
        verdict: Verdict = combine("constitution", checks)
        revised = replace(revised, verdict=verdict)
    return ReviewedDecision(
        first=first,
        revised=revised,
        rounds=tuple(trail.rounds),
        conflicts=tuple(trail.conflicts),
        refused=bool(failed) or not constitution.principles,
        let_off=tuple(trail.let_off),
    )


def _note(notes: dict[str, list[str]], principle: str, words: str) -> None:
    lines = notes.setdefault(principle, [])
    if words not in lines:
        lines.append(words)


def _tell(trail: _Trail, principle: str, changes: Sequence[str]) -> None:
    for change in changes:
        _note(trail.changes, principle, change)
