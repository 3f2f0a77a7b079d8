"""Served cases: what a deployment decided about each case lately, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings
from flyball.governance.fairness.cases import Trait
from flyball.loop.workshop import Workshop

__all__ = ["PERSON", "ServedCases", "served_cases", "traits_of_names"]

PERSON = 2
"""Beside 0 for no and 1 for yes: a person decides, or the answer was withheld."""
_TOLD = ("kind", "name", "answer", "unit", "by", "source")

Flags = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class ServedCases:
    """One flag of every case, by its newest decision.

    Parameters
    ----------
    field : str
    names : Array of str, shape (n_cases,)
        Of the cases; a name may come twice where tenants share it.
    entries : ndarray of int64, shape (n_cases,)
        Of the ledger, rising.
    said : ndarray of int8, shape (n_cases,)
        What a machine answered: 0 no, 1 yes, or `PERSON`.
    stands : ndarray of int8, shape (n_cases,)
        What was reported since: 0 no, 1 yes, -1 nothing, or people disagree. Of what reviewers answered, only
        what speaks for all cases.
    chance : ndarray of float64, shape (n_cases,)
        Of yes, by the best answer; NaN without one.
    """

    field: str
    names: pa.Array
    entries: npt.NDArray[np.int64]
    said: Flags
    stands: Flags
    chance: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.said)

    @cached_property
    def right(self) -> Flags:
        """1 where a machine's answer turned out so, 0 where not, -1 where that is not known."""
        known = (self.said != PERSON) & (self.stands >= 0)
        return np.where(known, self.said == self.stands, -1).astype(np.int8)


def served_cases(
    workshop: Workshop, field: str, *, since: datetime | None = None, tenant: str | None = None
) -> ServedCases:
    """Return what was decided about one flag, each case by its newest decision; nothing is written down.

    Parameters
    ----------
    workshop : Workshop
    field : str
    since : datetime, optional
    tenant : str, optional
        Whose decisions; None for all.

    Raises
    ------
    TooMuch
        There are more than can be asked for at once.
    """
    wanted = Wanted(tenant=tenant, since=since)
    table = workshop.history.flags_table(wanted, field)
    kept = _newest(table)
    table = table.take(pa.array(kept))
    entries: npt.NDArray[np.int64] = table["entry"].to_numpy()
    said = pc.fill_null(table["said"], PERSON).to_numpy().astype(np.int8)
    guess = pc.fill_null(table["guess"], -1).to_numpy()
    confidence = pc.fill_null(table["confidence"], float("nan")).to_numpy()
    return ServedCases(
        field=field,
        names=table["case_name"].combine_chunks(),
        entries=entries,
        said=said,
        stands=_stands(workshop, wanted, field, entries),
        chance=np.where(guess == 1, confidence, np.where(guess == 0, 1.0 - confidence, np.nan)),
    )


def traits_of_names(
    names: pa.Array, traits: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> tuple[Trait, ...]:
    """Return the groups of cases by their names, as a file of groups has them; -1 where it has none."""
    known = pa.array(list(groups), pa.string())
    place = pc.fill_null(pc.index_in(names.cast(pa.string()), value_set=known), len(groups)).to_numpy()
    found = []
    for column, trait in enumerate(traits):
        values = [one[column] for one in groups.values()]
        ranked = sorted(set(values) - {""})
        codes = {value: code for code, value in enumerate(ranked)}
        lookup = np.array([*(codes.get(value, -1) for value in values), -1], dtype=np.int32)
        found.append(Trait(trait, tuple(ranked), lookup[place]))
    return tuple(found)


def _newest(table: pa.Table) -> npt.NDArray[np.int64]:
    """Return the places of rows whose case has no later row; rows come in the order of the ledger."""
    case = table["case_id"].combine_chunks().dictionary_encode()
    whose = case.indices.to_numpy().astype(np.int64) * (1 << 31) + table["tenant"].to_numpy()
    _, last = np.unique(whose[::-1], return_index=True)
    kept: npt.NDArray[np.int64] = np.sort(len(whose) - 1 - last)
    return kept


def _stands(workshop: Workshop, wanted: Wanted, field: str, entries: npt.NDArray[np.int64]) -> Flags:
    """Return what stands about a field of each decision; -1 where people disagree."""
    reports = workshop.history.reports_table(wanted, fair=True)
    reports = reports.filter(
        pc.and_(pc.equal(reports["name"], field), pc.not_equal(reports["kind"], "business"))
    )
    found: Flags = np.full(len(entries), -1, dtype=np.int8)
    if not len(reports):
        return found
    decisions = reports["decision"].to_numpy()
    answers = reports["answer"].cast(pa.string())
    values = np.where(
        pc.equal(answers, "true").to_numpy(), 1, np.where(pc.equal(answers, "false").to_numpy(), 0, -1)
    )
    whose, first, many = np.unique(decisions, return_index=True, return_counts=True)
    stands = values[first].astype(np.int8)
    several = np.flatnonzero(many > 1)
    if len(several):
        among = reports.filter(pa.array(np.isin(decisions, whose[several])))
        told: dict[int, list[ReportedOutcome]] = {}
        columns = (among[one].cast(pa.string()).to_pylist() for one in _TOLD)
        for decision, kind, name, answer, unit, by, source in zip(
            among["decision"].to_pylist(), *columns, strict=True
        ):
            told.setdefault(decision, []).append(
                ReportedOutcome(decision, "", "", "", kind, name, answer, by, source=source, unit=unit)
            )
        for place in several:
            [one] = standings(told[int(whose[place])])
            stands[place] = {"true": 1, "false": 0}.get(one.answer, -1)
    at = np.searchsorted(entries, whose)
    there = (at < len(entries)) & (entries[np.minimum(at, len(entries) - 1)] == whose)
    found[at[there]] = stands[there]
    return found
