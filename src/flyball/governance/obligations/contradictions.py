"""Duties that contradict each other: found, named, and refused until a rule of precedence settles them."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from flyball.governance.obligations.errors import ContradictingDuties
from flyball.governance.obligations.records import Contradiction, Obligation, Precedence

__all__ = ["contradiction", "contradictions", "named", "require_settled"]


def contradictions(
    duties: Sequence[Obligation], precedences: Sequence[Precedence] = ()
) -> tuple[Contradiction, ...]:
    """Return every pair of duties that nobody can keep together.

    Parameters
    ----------
    duties : sequence of Obligation
        In force at once.
    precedences : sequence of Precedence
        Rules that settle such pairs; the first that fits counts.

    Returns
    -------
    tuple of Contradiction
        In the order of the duties. A pair is one where a demand of the one opposes a demand of the other, or
        where one of them names the other in `contradicts`.
    """
    place = {duty.key: number for number, duty in enumerate(duties)}
    found = []
    for one, other in sorted(_suspects(duties, place)):
        first, second = duties[one], duties[other]
        said = contradiction(first, second)
        if said:
            found.append(Contradiction(first.key, second.key, said, _settling(first, second, precedences)))
    return tuple(found)


def _suspects(duties: Sequence[Obligation], place: Mapping[str, int]) -> set[tuple[int, int]]:
    """Return the pairs that ask something of one thing, or of which one names the other: few among many."""
    asking: dict[str, list[int]] = {}
    ids: dict[str, list[int]] = {}
    for number, duty in enumerate(duties):
        ids.setdefault(duty.id, []).append(number)
        for thing in {demand.of for demand in duty.demands}:
            asking.setdefault(thing, []).append(number)
    pairs = {pair for together in asking.values() for pair in itertools.combinations(together, 2)}
    for number, duty in enumerate(duties):
        for name in duty.contradicts:
            others = ids.get(name, [place[name]] if name in place else [])
            pairs |= {(min(number, other), max(number, other)) for other in others if other != number}
    return pairs


def contradiction(first: Obligation, second: Obligation) -> str:
    """Return what two duties ask that nobody can do together; "" where they can be kept together."""
    if first.id == second.id:
        return ""
    for one, other in itertools.product(first.demands, second.demands):
        if one.opposes(other):
            return f"{first.key} asks: {one.in_words}; {second.key} asks: {other.in_words}"
    if _names(first.contradicts, second) or _names(second.contradicts, first):
        who = first if _names(first.contradicts, second) else second
        return f"the entry of {who.key} says that they cannot be kept together"
    return ""


def named(duties: Iterable[Obligation], name: str) -> tuple[Obligation, ...]:
    """Return the duties that an id, or a key, stands for."""
    return tuple(one for one in duties if _names((name,), one))


def require_settled(duties: Sequence[Obligation], precedences: Sequence[Precedence]) -> None:
    """Refuse duties of which two contradict each other and no rule says which goes before.

    Raises
    ------
    ContradictingDuties
        Names the first such pair and how many there are.
    """
    open_ones = [one for one in contradictions(duties, precedences) if one.settled is None]
    if open_ones:
        one = open_ones[0]
        more = f" Other such pairs: {len(open_ones) - 1}." if len(open_ones) > 1 else ""
        raise ContradictingDuties(
            f"Duties {one.first} and {one.second} contradict each other: {one.said}.{more}",
            fix="Let counsel decide which goes before, and write it as a [[precedence]] in the folder of "
            "obligations: duty, over, why, decided_by.",
            first=one.first,
            second=one.second,
            pairs=len(open_ones),
        )


def _settling(first: Obligation, second: Obligation, precedences: Sequence[Precedence]) -> Precedence | None:
    for rule in precedences:
        for high, low in ((first, second), (second, first)):
            if _names((rule.duty,), high) and _names((rule.over,), low):
                return rule
    return None


def _names(names: Iterable[str], duty: Obligation) -> bool:
    return any(name in (duty.id, duty.key) for name in names)
