"""By group: how the live release decided about groups of people, on its re-test."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flyball.core.digests import digest_of_bytes, from_json
from flyball.core.errors import BadInput, UnknownName
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import ratio_ends, wilson
from flyball.core.text import count
from flyball.governance.fairness.cases import MOST_GROUPS, SMALLEST_GROUP
from flyball.loop.erased import left_of
from flyball.loop.releases import live_release, read_release
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.experts.intervals import share

__all__ = [
    "SMALLEST_GROUP",
    "BadGroups",
    "GroupShares",
    "TraitShares",
    "Words",
    "by_group",
    "read_groups",
    "shares_of",
    "traits_of",
]


class BadGroups(BadInput):
    """A file of groups cannot be read, or names no case that was re-tested."""

    code = "loop.bad_groups"


@dataclass(frozen=True, slots=True)
class Words:
    """How many cases a machine answered yes, or no, and how many went to a person."""

    yes: int = 0
    no: int = 0
    person: int = 0

    @property
    def n(self) -> int:
        """All of them."""
        return self.yes + self.no + self.person


@dataclass(frozen=True, slots=True)
class GroupShares:
    """What was decided about one group.

    Parameters
    ----------
    group : str
        As the file has it; "" for cases of which the file says nothing.
    n : int
        Cases.
    yes, no, person : Estimate or NotMeasured
        Shares of them that a machine answered yes, or no, and that went to a person.
    """

    group: str
    n: int
    yes: Measurement
    no: Measurement
    person: Measurement


@dataclass(frozen=True, slots=True)
class TraitShares:
    """One field, by the groups of one column of the file.

    Parameters
    ----------
    field, trait : str
    groups : tuple of GroupShares
        Largest first.
    yes_of_all : Estimate or NotMeasured
        Share of all cases that a machine answered yes; no ratio means anything without it.
    ratio : Estimate or NotMeasured
        Share of yes in the group that has least of it, divided by that in the one that has most, among groups
        of at least `SMALLEST_GROUP` cases; 1 means the same, 0 that nobody got a yes. Interval at 95 %
        (`core.intervals.ratio_ends`).
    lowest, highest : str
        The two groups; "" where there is no ratio.
    """

    field: str
    trait: str
    groups: tuple[GroupShares, ...]
    yes_of_all: Measurement
    ratio: Measurement
    lowest: str = ""
    highest: str = ""


def by_group(workshop: Workshop, path: Path) -> tuple[TraitShares, ...]:
    """Hold the re-test of the live release against a file that says of each case to which groups it belongs.

    Parameters
    ----------
    workshop : Workshop
    path : Path
        CSV with a header: names of cases in the first column, one trait in each other.

    Returns
    -------
    tuple of TraitShares
        Also written to the ledger, without cases and without groups of few.

    Raises
    ------
    UnknownName
        Nothing is live.
    BadGroups
        The file cannot be read so, names a case twice, or none that was re-tested.
    """
    live = live_release(workshop.ledger)
    if live is None:
        raise UnknownName("Nothing is live, so nothing was re-tested.", fix="Run flyball turn.")
    data, traits, groups = read_groups(path)
    release = read_release(workshop.state, live.release, workshop.key.verifier).release
    tested = workshop.blobs.get(left_of(workshop, release.parts["reviewed decisions"]))
    decisions = from_json(tested, list[Decision])
    if not any(one.case_name in groups for one in decisions):
        raise BadGroups(
            f"{path.name} names none of the {len(decisions)} cases on which the live release was re-tested.",
            fix="Its first column holds names of cases, as in flyball release show.",
            file=path.name,
        )
    flags = [field.key for field in workshop.deployment.fields if field.kind == "flag"]
    found = traits_of(decisions, groups, traits, flags)
    workshop.ledger.append(
        kind="evaluation.groups",
        actor=workshop.actor,
        body={
            "release": live.release,
            "file": digest_of_bytes(data),
            "traits": [
                replace(one, groups=tuple(group for group in one.groups if group.n >= SMALLEST_GROUP))
                for one in found
            ],
        },
    )
    return found


def traits_of(
    decisions: Sequence[Decision],
    groups: Mapping[str, Sequence[str]],
    traits: Sequence[str],
    fields: Sequence[str],
) -> tuple[TraitShares, ...]:
    """Count by field and trait; `groups` says of each case the group of every trait, in their order."""
    found = []
    for field in fields:
        said = {one.case_name: _said(one, field) for one in decisions}
        for place, trait in enumerate(traits):
            counted: dict[str, dict[str, int]] = {}
            for case, outcome in said.items():
                words = counted.setdefault(groups[case][place] if case in groups else "", {})
                words[outcome] = words.get(outcome, 0) + 1
            found.append(shares_of(field, trait, {group: Words(**words) for group, words in counted.items()}))
    return tuple(found)


def shares_of(field: str, trait: str, counted: Mapping[str, Words]) -> TraitShares:
    """Return the shares of one field and trait, counted by group."""
    shares = tuple(
        GroupShares(group, one.n, *(share(many, one.n) for many in (one.yes, one.no, one.person)))
        for group, one in sorted(counted.items(), key=lambda item: (-item[1].n, item[0]))
    )
    yes, n = sum(one.yes for one in counted.values()), sum(one.n for one in counted.values())
    return TraitShares(field, trait, shares, share(yes, n), *_ratio(counted))


def read_groups(path: Path) -> tuple[bytes, tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return a file of groups: its bytes, the traits, and the group of every trait by the name of the case.

    Raises
    ------
    BadGroups
        It is not there or cannot be read so.
    """
    if not path.is_file():
        raise BadGroups(f"There is no file {path.name}.", fix="Give a CSV file of names and groups.")
    data = path.read_bytes()
    return data, *_read(path, data)


def _said(decision: Decision, field: str) -> str:
    one = next((one for one in decision.fields if one.field == field), None)
    if one is None or one.outcome != "automated" or not decision.verdict.allowed:
        return "person"
    return "yes" if one.answer == "true" else "no"


def _ratio(counted: Mapping[str, Words]) -> tuple[Measurement, str, str]:
    large = {group: one for group, one in counted.items() if group and one.n >= SMALLEST_GROUP}
    if len(large) < 2:
        why = f"{len(large)} groups of at least {SMALLEST_GROUP} cases; two are needed"
        return NotMeasured(why), "", ""
    ranked = sorted(large, key=lambda group: (large[group].yes / large[group].n, group))
    low, high = large[ranked[0]], large[ranked[-1]]
    if not high.yes:
        return NotMeasured("a machine answered yes to nobody"), ranked[0], ranked[-1]
    ends = ratio_ends(
        *((one.yes / one.n, *wilson(one.yes, one.n)) for one in (low, high)),
    )
    value = (low.yes / low.n) / (high.yes / high.n)
    return Estimate(value, low.n + high.n, *ends), ranked[0], ranked[-1]


def _read(path: Path, data: bytes) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    try:
        rows = list(csv.reader(data.decode("utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as err:
        raise BadGroups(
            f"{path.name} is no CSV file: {err}.", fix="Write it in UTF-8.", file=path.name
        ) from err
    if len(rows) < 2 or len(rows[0]) < 2:
        raise BadGroups(
            f"{path.name} holds {count(len(rows), 'row')} of "
            f"{count(len(rows[0]) if rows else 0, 'column')} parted by commas; a header and one row for each "
            "case, its name and a group, are needed.",
            fix="Write application,group in the first line, then A-000001,A.",
            file=path.name,
        )
    groups: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(rows[0]) or row[0] in groups:
            why = "names a case twice" if row[0] in groups else f"has {len(row)} cells, not {len(rows[0])}"
            raise BadGroups(f"Row {number} of {path.name} {why}.", fix="Mend the row.", file=path.name)
        groups[row[0]] = tuple(row[1:])
    for place, trait in enumerate(rows[0][1:]):
        if (n_groups := len({one[place] for one in groups.values()})) > MOST_GROUPS:
            raise BadGroups(
                f"The column {trait} of {path.name} holds {n_groups} different groups; "
                f"{MOST_GROUPS} are the most.",
                fix="Give a file of groups, with bands for numbers, and no other columns.",
                file=path.name,
                column=trait,
            )
    return tuple(rows[0][1:]), groups
