"""Cases that a change touches: of the last re-test, those that wait for people, and decisions of the past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from flyball.core.digests import short
from flyball.core.records import Outcome
from flyball.evaluation.history.records import Wanted
from flyball.loop.erased import left_of
from flyball.loop.workshop import Workshop

__all__ = ["CaseGroup", "Named", "TouchedCases", "touched_cases"]


@dataclass(frozen=True, slots=True)
class Named:
    """By what cases are found. All that are given must hold.

    Parameters
    ----------
    path : tuple of str
        From the change to the cases.
    rule, obligation, principle, expert, field, outcome : str
        As of `Wanted`.
    """

    path: tuple[str, ...]
    rule: str = ""
    obligation: str = ""
    principle: str = ""
    expert: str = ""
    field: str = ""
    outcome: Outcome | str = ""

    def wanted(self, *, waiting: bool | None = None) -> Wanted:
        """Return the same as a question to the history."""
        return Wanted(
            rule=self.rule,
            obligation=self.obligation,
            principle=self.principle,
            expert=self.expert,
            field=self.field,
            outcome=self.outcome,  # type: ignore[arg-type]
            waiting=waiting,
            newest=waiting,
        )


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """Cases that a change reaches in one way.

    Parameters
    ----------
    path : tuple of str
    n : int
    entries : tuple of (int, int)
        Ledger entries of the decisions, as runs from first to last; () for cases of a re-test.
    names : tuple of str
        Of cases of a re-test; () for decisions.
    """

    path: tuple[str, ...]
    n: int
    entries: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()

    def numbers(self) -> Iterator[int]:
        """Yield every ledger entry."""
        for first, last in self.entries:
            yield from range(first, last + 1)


@dataclass(frozen=True, slots=True)
class TouchedCases:
    """What was found; `by_release` names, for each release that made such decisions, the path to it."""

    tests: tuple[CaseGroup, ...]
    open_cases: tuple[CaseGroup, ...]
    decisions: tuple[CaseGroup, ...]
    by_release: dict[str, tuple[str, ...]]


class _Route(msgspec.Struct):
    expert: str = ""


class _Field(msgspec.Struct):
    field: str
    outcome: str
    reason: str
    route: _Route


class _Finding(msgspec.Struct):
    rule: str


class _Principle(msgspec.Struct):
    principle: str


class _Tested(msgspec.Struct):
    """What of a re-tested decision is looked at."""

    case_name: str
    fields: list[_Field]
    findings: list[_Finding]
    obligations: list[str]
    principles: list[_Principle]


_TESTED = msgspec.json.Decoder(list[_Tested])


def touched_cases(workshop: Workshop, named: Sequence[Named]) -> TouchedCases:
    """Find the cases behind each path; paths without any are left out."""
    tested = _tested(workshop) if named else []
    tests, waiting, past = [], [], []
    releases: dict[str, tuple[str, ...]] = {}
    for one in named:
        names = tuple(case.case_name for case in tested if _holds(one, case))
        if names:
            tests.append(CaseGroup(one.path, len(names), names=names))
        found = workshop.history.entries(one.wanted())
        if not found:
            continue
        past.append(CaseGroup(one.path, len(found), entries=_runs(found)))
        if still := workshop.history.entries(one.wanted(waiting=True)):
            waiting.append(CaseGroup(one.path, len(still), entries=_runs(still)))
        for release, n in workshop.history.by_release(one.wanted()).items():
            decisions = "decision" if n == 1 else "decisions"
            releases.setdefault(release, (*one.path, f"in {n} {decisions} of release {short(release)}"))
    return TouchedCases(tuple(tests), tuple(waiting), tuple(past), releases)


def _tested(workshop: Workshop) -> list[_Tested]:
    """Return the cases of the last re-test, as they came out; none where there was no turn yet."""
    last = workshop.memo.last("constitution")
    if last is None:
        return []
    return _TESTED.decode(workshop.blobs.get(left_of(workshop, str(last.output["decisions"]))))


def _holds(named: Named, case: _Tested) -> bool:
    mark = f"(Rule {named.rule}, row "
    if named.rule and not (
        any(finding.rule == named.rule for finding in case.findings)
        or any(mark in field.reason for field in case.fields)
    ):
        return False
    if named.obligation and named.obligation not in case.obligations:
        return False
    if named.principle and all(one.principle != named.principle for one in case.principles):
        return False
    if not (named.expert or named.field or named.outcome):
        return True
    return any(
        (not named.expert or field.route.expert == named.expert)
        and (not named.field or field.field == named.field)
        and (not named.outcome or field.outcome == named.outcome)
        for field in case.fields
    )


def _runs(entries: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return numbers in order as runs without a gap."""
    found: list[tuple[int, int]] = []
    first = last = entries[0]
    for one in entries[1:]:
        if one != last + 1:
            found.append((first, last))
            first = one
        last = one
    return (*found, (first, last))
