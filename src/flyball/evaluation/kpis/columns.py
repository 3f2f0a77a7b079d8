"""The columns that formulas speak of, for the decisions of one window of time."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.formula import COLUMNS, Column, Node, Told, parts_of
from flyball.evaluation.kpis.units import Unit, unit_of

__all__ = ["Needs", "Rows", "Vector", "coded", "needs_of"]

_CHECKED = ("fields_checked", "fields_wrong", "fields_false")

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """One value for each decision.

    Parameters
    ----------
    kind : {"number", "truth", "coded"}
    values : array of shape (n_decisions,)
        Numbers in bases, truths, or places in `words`.
    known : bool array of shape (n_decisions,)
    words : tuple
        What the codes stand for: texts, numbers, truths.
    disputed : bool array, or None
        Where reports disagree; not known there.
    strange : tuple of str
        Units that were reported and do not fit; not known there.
    """

    kind: Literal["number", "truth", "coded"]
    values: NDArray[Any]
    known: Bools
    words: tuple[object, ...] = ()
    disputed: Bools | None = None
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be read for a set of formulas.

    Parameters
    ----------
    fields : tuple of str
        Whose answers.
    reports, reviews : bool
    checked : bool
        Whether every answer is held against what turned out.
    """

    fields: tuple[str, ...]
    reports: bool
    reviews: bool
    checked: bool = False


def needs_of(formulas: Iterable[Node], minutes: Mapping[str, float]) -> Needs:
    """Return what a set of formulas needs.

    Parameters
    ----------
    formulas : iterable of Node
    minutes : mapping of field to minutes
        What people would need for each field.
    """
    parts = {one for formula in formulas for one in parts_of(formula)}
    columns = {one.name for one in parts if isinstance(one, Column)}
    told = {one for one in parts if isinstance(one, Told)}
    fields = {one.name for one in told if one.about != "outcome"}
    if "minutes_automated" in columns and len(set(minutes.values())) > 1:
        fields |= {name for name, one in minutes.items() if one > 0.0}
    return Needs(
        tuple(sorted(fields)),
        bool(columns & {"minutes", "reported", *_CHECKED}) or any(one.about == "outcome" for one in told),
        "time_to_decision" in columns,
        bool(columns & set(_CHECKED)),
    )


class Rows:
    """The decisions of one window.

    Parameters
    ----------
    history : History
    wanted : Wanted
    needs : Needs
    minutes : mapping of field to minutes
    """

    def __init__(self, history: History, wanted: Wanted, needs: Needs, minutes: Mapping[str, float]) -> None:
        self._minutes = minutes
        self._history, self._wanted = history, wanted
        self._decisions = history.decisions_table(wanted)
        self.entry = _numbers(self._decisions, "entry")
        self.n = len(self.entry)
        self.at: Whole = _numbers(self._decisions, "decided_at")
        self._answers = history.answers_table(wanted, fields=needs.fields) if needs.fields else None
        self._reports = history.reports_table(wanted) if needs.reports else None
        self._reviews = history.reviews_table(wanted) if needs.reviews else None
        self._judged = history.answers_table(replace(wanted, reported=True)) if needs.checked else None
        self._judges = history.reports_table(wanted, fair=True) if needs.checked else None
        self._checked: dict[str, Floats] | None = None
        self._told: dict[tuple[str, str], pa.Table] = {}

    def codes(self, name: Literal["release", "tenant", "case_id"]) -> tuple[Whole, list[str]]:
        """Return a column of texts as codes and words."""
        return _coded_texts(self._decisions.column(name))

    def column(self, name: str) -> Vector:
        """Return a column by its name in formulas."""
        every = np.ones(self.n, dtype=np.bool_)
        if name in ("case", "release", "tenant"):
            codes, words = _coded_texts(self._decisions.column("case_name" if name == "case" else name))
            return Vector("coded", codes, every, tuple(words))
        if name == "minutes":
            return self._minutes_of_people()
        if name == "minutes_automated":
            return Vector("number", self._minutes_automated() * 60.0, every)
        if name == "time_to_decision":
            return self._time()
        if name in _CHECKED:
            counted = self._held_against()
            return Vector("number", counted[name], counted["fields_checked"] > 0)
        if name in ("allowed", "waiting"):
            return Vector("truth", self._truth("waits" if name == "waiting" else name), every)
        if name in ("automated", "referred"):
            return Vector("truth", self._by_machine() if name == "automated" else ~self._by_machine(), every)
        if name == "decided_again":
            last = _numbers(self._history.decisions_table(replace(self._wanted, newest=True)), "entry")
            return Vector("truth", ~np.isin(self.entry, last, assume_unique=True), every)
        if name == "reported":
            told = np.zeros(self.n, dtype=np.bool_)
            if self._reports is not None:
                told[self._places(_numbers(self._reports, "decision"))] = True
            return Vector("truth", told, every)
        column = self._decisions.column(name.removeprefix("fields_"))
        values = pc.fill_null(column, float("nan") if name == "confidence" else 0).to_numpy()
        values = values.astype(np.float64) * COLUMNS[name].unit.scale
        return Vector("number", values, np.isfinite(values))

    def told(self, node: Told) -> Vector:
        """Return what was answered, or what turned out."""
        return self._turned_out(node) if node.about == "outcome" else self._answered(node)

    def _answered(self, node: Told) -> Vector:
        assert self._answers is not None  # noqa: S101 - see `needs_of`
        table = self._of(self._answers, "field", node.name)
        places = self._places(_numbers(table, "entry"))
        if node.about == "automated":
            values = np.zeros(self.n, dtype=np.bool_)
            values[places] = pc.equal(table.column("outcome"), "automated").to_numpy()
            known = np.zeros(self.n, dtype=np.bool_)
            known[places] = True
            return Vector("truth", values & self._truth("allowed"), known)
        if node.about == "confidence":
            numbers = np.full(self.n, np.nan)
            numbers[places] = table.column("confidence").to_numpy()
            return Vector("number", numbers, np.isfinite(numbers))
        codes, words = _coded_texts(table.column("answer"))
        return coded(self.n, places, codes, words, node.unit)

    def _turned_out(self, node: Told) -> Vector:
        """Return what stands: the last word of each reporter, where they agree or somebody settled it."""
        assert self._reports is not None  # noqa: S101 - see `needs_of`
        table = self._of(self._reports, "name", node.name)
        business = pc.equal(table.column("kind"), "business").to_numpy(zero_copy_only=False)
        if business.any() and not business.all():  # a figure called like a field: the field is meant
            table = table.filter(pa.array(~business))
        places = self._places(_numbers(table, "decision"))
        by, _ = _coded_texts(table.column("by"))
        units, unit_words = _coded_texts(table.column("unit"))
        answers, words = _coded_texts(table.column("answer"))
        said = answers * max(1, len(unit_words)) + units
        settled = pc.equal(table.column("source"), "settled").to_numpy(zero_copy_only=False)
        place, found, disputed_at = _standing(places, by, said, settled)
        disputed = np.zeros(self.n, dtype=np.bool_)
        disputed[disputed_at] = True
        answer, unit = found // max(1, len(unit_words)), found % max(1, len(unit_words))
        scales = np.array([_scale(node.unit, word) for word in unit_words] or [1.0])[unit]
        fits = np.isfinite(scales)
        strange = tuple(sorted({unit_words[one] for one in unit[~fits]}))
        vector = coded(self.n, place[fits], answer[fits], words, None if node.said else node.unit)
        if node.said:
            numbers = _as_numbers(vector)
            numbers.values[place[fits]] *= scales[fits]
            vector = numbers
        return Vector(vector.kind, vector.values, vector.known, vector.words, disputed, strange)

    def _held_against(self) -> dict[str, Floats]:
        """Return how many automated answers were checked, wrong, and falsely yes, for each decision."""
        if self._checked is None:
            assert self._judged is not None  # noqa: S101 - see `needs_of`
            assert self._judges is not None  # noqa: S101 - see `needs_of`
            self._checked = _checked(self._judged, self._judges, self._places, self.n)
        return self._checked

    def _of(self, table: pa.Table, column: str, name: str) -> pa.Table:
        key = (column, name)
        if key not in self._told:
            self._told[key] = table.filter(pc.equal(table.column(column), name))
        return self._told[key]

    def _places(self, entries: Whole) -> Whole:
        return np.searchsorted(self.entry, entries).astype(np.int64)

    def _truth(self, name: str) -> Bools:
        found: Bools = self._decisions.column(name).to_numpy(zero_copy_only=False).astype(np.bool_)
        return found

    def _by_machine(self) -> Bools:
        people = _numbers(self._decisions, "referred") + _numbers(self._decisions, "refused")
        found: Bools = self._truth("allowed") & (people == 0)
        return found

    def _minutes_of_people(self) -> Vector:
        assert self._reports is not None  # noqa: S101 - see `needs_of`
        minutes = self._reports.column("minutes")
        said = pc.is_valid(minutes).to_numpy(zero_copy_only=False)
        places = self._places(_numbers(self._reports, "decision"))
        stated = pc.fill_null(minutes, 0.0).to_numpy()
        total = np.bincount(places[said], weights=stated[said], minlength=self.n)
        known = self._by_machine()
        known[places[said]] = True
        return Vector("number", total * 60.0, known)

    def _minutes_automated(self) -> Floats:
        each = set(self._minutes.values())
        if len(each) <= 1:
            counted = _numbers(self._decisions, "automated").astype(np.float64) * next(iter(each), 0.0)
        else:
            assert self._answers is not None  # noqa: S101 - see `needs_of`
            table = self._answers.filter(pc.equal(self._answers.column("outcome"), "automated"))
            fields, words = _coded_texts(table.column("field"))
            need = np.array([self._minutes.get(word, 0.0) for word in words] or [0.0])
            places = self._places(_numbers(table, "entry"))
            counted = np.bincount(places, weights=need[fields], minlength=self.n).astype(np.float64)
        result: Floats = np.where(self._truth("allowed"), counted, 0.0)
        return result

    def _time(self) -> Vector:
        assert self._reviews is not None  # noqa: S101 - see `needs_of`
        last = np.zeros(self.n, dtype=np.int64)
        np.maximum.at(last, self._places(_numbers(self._reviews, "decision")), _numbers(self._reviews, "at"))
        machine = self._by_machine()
        known = machine | (~self._truth("waits") & (last > 0))
        seconds = np.where(machine, 0.0, np.maximum(0, last - self.at) / 1e6)
        return Vector("number", np.where(known, seconds, 0.0), known)


def _checked(
    answers: pa.Table, reports: pa.Table, places: Callable[[Whole], Whole], n: int
) -> dict[str, Floats]:
    """Hold automated answers against what stands for the same field of the same decision."""
    answers = answers.filter(pc.equal(answers.column("outcome"), "automated"))
    reports = reports.filter(pc.not_equal(reports.column("kind"), "business"))
    fields, names = _coded_texts(answers.column("field"))
    told, told_names = _coded_texts(reports.column("name"))
    number = {name: at for at, name in enumerate(names)}
    told = np.array([number.get(name, -1) for name in told_names] or [-1], dtype=np.int64)[told]
    reports, told = reports.filter(pa.array(told >= 0)), told[told >= 0]
    width = max(1, len(names))
    by, _ = _coded_texts(reports.column("by"))
    said, words = _coded_texts(reports.column("answer"))
    settled = pc.equal(reports.column("source"), "settled").to_numpy(zero_copy_only=False)
    cell, stands, _ = _standing(places(_numbers(reports, "decision")) * width + told, by, said, settled)
    given, given_words = _coded_texts(answers.column("answer"))
    ours = places(_numbers(answers, "entry")) * width + fields
    at = np.minimum(np.searchsorted(cell, ours), max(0, len(cell) - 1))
    judged = cell[at] == ours if len(cell) else np.zeros(len(ours), dtype=np.bool_)
    codes: dict[object, int] = {}
    left = np.array([_code(word, codes) for word in given_words] or [0])[given[judged]]
    right = np.array([_code(word, codes) for word in words] or [0])[stands[at[judged]]]
    yes = np.array([_parsed(word) is True for word in given_words] or [False])[given[judged]]
    where = ours[judged] // width
    wrong = (left != right).astype(np.float64)
    return {
        "fields_checked": np.bincount(where, minlength=n).astype(np.float64),
        "fields_wrong": np.bincount(where, weights=wrong, minlength=n).astype(np.float64),
        "fields_false": np.bincount(where, weights=wrong * yes, minlength=n).astype(np.float64),
    }


def _code(word: str, codes: dict[object, int]) -> int:
    """Return a number for an answer: 5 and 5.0 have the same, true has another than 1."""
    parsed = _parsed(word)
    return codes.setdefault((isinstance(parsed, bool), parsed), len(codes))


def coded(n: int, places: Whole, codes: Whole, words: Sequence[str], unit: Unit | None = None) -> Vector:
    """Return answers, given as JSON at some places, as codes over all `n` decisions.

    `null`, and numbers that are not finite, are not known.
    """
    values = np.full(n, -1, dtype=np.int64)
    parsed = [_parsed(word) for word in words]
    if unit is not None and unit.scale != 1.0:
        parsed = [one * unit.scale if _is_number(one) else one for one in parsed]  # type: ignore[operator]
    good = np.array([one is not None for one in parsed] or [False])
    kept = good[codes] if len(codes) else np.zeros(0, dtype=np.bool_)
    values[places[kept]] = codes[kept]
    return Vector("coded", values, values >= 0, tuple(parsed))


def _as_numbers(vector: Vector) -> Vector:
    """Return coded answers as numbers; those that are none are not known."""
    numbers = np.array([float(one) if _is_number(one) else np.nan for one in vector.words] or [np.nan])  # type: ignore[arg-type]
    values = np.where(vector.known, numbers[np.maximum(vector.values, 0)], np.nan)
    known = np.isfinite(values)
    return Vector("number", np.where(known, values, 0.0), known, (), vector.disputed, vector.strange)


def _standing(places: Whole, by: Whole, said: Whole, settled: Bools) -> tuple[Whole, Whole, Whole]:
    """Return places with what stands there, and places where reporters disagree.

    The same rules as `outcomes.standing.standings`, in columns.
    """
    if not len(places):
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    order = np.lexsort((np.arange(len(places)), by, places))
    places_in, by_in, said_in = places[order], by[order], said[order]
    last = np.append((places_in[1:] != places_in[:-1]) | (by_in[1:] != by_in[:-1]), True)
    places_in, said_in = places_in[last], said_in[last]
    first = np.flatnonzero(np.append(True, places_in[1:] != places_in[:-1]))
    low, high = np.minimum.reduceat(said_in, first), np.maximum.reduceat(said_in, first)
    place, agreed = places_in[first], low == high
    if settled.any():
        final = dict(zip(places[settled].tolist(), said[settled].tolist(), strict=True))
        at = np.searchsorted(place, np.fromiter(final, np.int64))
        low[at], agreed[at] = np.fromiter(final.values(), np.int64), True
    return place[agreed], low[agreed], place[~agreed]


def _scale(wanted: Unit, reported: str) -> float:
    """Return what a reported figure is multiplied by; NaN where its unit does not fit."""
    if not reported:
        return wanted.scale
    unit = unit_of(reported)
    return unit.scale if unit.fits(wanted) else math.nan


def _parsed(word: str) -> object:
    try:
        found = json.loads(word)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, float) and not math.isfinite(found):
        return None
    return found if isinstance(found, str | int | float | bool) else word if found is not None else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(table: pa.Table, name: str) -> Whole:
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _coded_texts(column: pa.ChunkedArray) -> tuple[Whole, list[str]]:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        if whole.num_chunks == 0:
            return np.zeros(0, dtype=np.int64), []
        whole = whole.chunk(0)
    return np.asarray(
        whole.indices.to_numpy(zero_copy_only=False), dtype=np.int64
    ), whole.dictionary.to_pylist()
