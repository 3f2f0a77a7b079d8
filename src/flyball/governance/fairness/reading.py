"""Reading cases from a file of rows: which column is what, and what its values mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.text import count
from flyball.evaluation.drift.reading import Columnwise, Rows, open_rows
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import (
    MOST_GROUPS,
    BadFairnessCases,
    Flags,
    Floats,
    GroupedCases,
    Trait,
)
from flyball.governance.fairness.meaning import Meaning, fears, goes_against, meaning_of
from flyball.governance.fairness.proxies import Input, input_of_numbers, input_of_texts

__all__ = [
    "KNOWN_TRAITS",
    "Named",
    "ReadCases",
    "numbers_of",
    "read_cases",
    "trait_of_column",
]

KNOWN_TRAITS = (
    "group", "protected_group", "sex", "gender", "race", "ethnicity", "age_group", "age_band", "religion",
    "disability", "marital_status", "national_origin", "nationality",
)  # fmt: skip
"""Columns that are taken as traits where none is named."""

_DEFAULTS = {
    "decision": ("decision", "approved", "prediction", "y_pred"),
    "outcome": ("outcome", "label", "y_true"),
    "score": ("score", "probability", "y_score"),
    "weight": ("weight",),
}


_FEWER_GROUPS = "Give groups, with bands for numbers such as ages, or name other columns with --group."
_FEWER_PERIODS = "Give a column of months, quarters or years."


@dataclass(frozen=True, slots=True)
class Named:
    """Which column is what.

    Parameters
    ----------
    decision, outcome, score, weight : str
        "" for the first of the usual names that the file has, in capitals or not.
    groups : tuple of str
        Columns of traits; () for those of `KNOWN_TRAITS` that the file has.
    yes, good : str
        The value of the decision, and of the outcome, that people want; "" where they are 1 and 0, yes and no
        or the like.
    low_is_good : bool or None
        Whether lower scores speak for yes; None: higher ones do, as long as nothing speaks against it.
    approve : float or None
        Approve this share of the rows, those with the highest scores, instead of reading a decision.
    threshold : float or None
        Or those with at least this score.
    period : str
        Column by whose values approval is looked at one by one; "" for none.
    inputs : tuple of str
        Columns that the model looks at; ("*",) for all that are nothing else, no usual trait and no name.
    search : bool
        Whether other models are looked for: without scores, the decision is read and `approve` is for them.
    """

    decision: str = ""
    outcome: str = ""
    score: str = ""
    weight: str = ""
    groups: tuple[str, ...] = ()
    yes: str = ""
    good: str = ""
    low_is_good: bool | None = None
    approve: float | None = None
    threshold: float | None = None
    period: str = ""
    inputs: tuple[str, ...] = ()
    search: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ReadCases:
    """Cases with where they came from.

    Parameters
    ----------
    cases : GroupedCases
    columns : dict of str to str
        What was taken for what.
    meanings : dict of str to dict
        Which values were taken for yes and no, for well and badly, and what a score speaks for.
    warnings : tuple of str
    period : Trait or None
    inputs : tuple of Input
    """

    cases: GroupedCases
    columns: dict[str, str]
    meanings: dict[str, dict[str, Any]]
    warnings: tuple[str, ...]
    period: Trait | None
    inputs: tuple[Input, ...]


def read_cases(path: Path, named: Named) -> ReadCases:
    """Read cases from Parquet, CSV, JSON lines or Excel.

    Raises
    ------
    BadFairnessCases
        A column is not there or holds what it cannot, nothing says what was decided, or no trait is there.
    """
    rows = open_rows(path)
    found = _found(rows, named)
    traits = _traits(rows, named)
    used = [one for one in dict.fromkeys([*found.values(), *traits, named.period]) if one]
    inputs = _inputs(rows, named, used)
    table = _table(rows, [*used, *inputs])
    warnings: list[str] = []
    score = numbers_of(table, found["score"]) if found["score"] else None
    weight = numbers_of(table, found["weight"]) if found["weight"] else None
    if weight is not None and np.isnan(weight).any():
        raise BadFairnessCases(
            f"{count(int(np.isnan(weight).sum()), 'row')} of {found['weight']} hold no weight.",
            fix="Give each row one, 0 where it should not count.",
        )
    _refuse_feared_score(found["score"], named)
    decided, decision_is = _decided(table, found["decision"], named, score, weight)
    kept: npt.NDArray[np.bool_] = decided >= 0
    if not kept.all():
        warnings.append(f"{count(int((~kept).sum()), 'row')} without a decision left out.")
    outcome, outcome_is = (
        _flags(table, found["outcome"], named.good, "--good") if found["outcome"] else (None, None)
    )
    if named.search and score is None:
        warnings.append("The model in use has no scores here: the search fits one in its place.")
    if not found["outcome"]:
        warnings += _other_outcomes(rows, [*used, *inputs])
    if score is not None and named.low_is_good:
        score = _turned(score)
    columns = {name: column for name, column in found.items() if column} | {"groups": ", ".join(traits)}
    only = table if kept.all() else table.filter(pa.array(kept))
    cases = GroupedCases(
        decision=decided[kept],
        traits=tuple(trait_of_column(only[one], one) for one in traits),
        outcome=None if outcome is None else outcome[kept],
        score=None if score is None else score[kept],
        weight=None if weight is None else weight[kept],
    )
    _refuse_contradictions(cases, found, named, {"decision": decision_is, "outcome": outcome_is})
    return ReadCases(
        cases=cases,
        columns=columns,
        meanings=_meanings(named, decision_is, outcome_is, scored=score is not None),
        warnings=tuple(warnings),
        period=trait_of_column(only[named.period], named.period, fix=_FEWER_PERIODS)
        if named.period
        else None,
        inputs=tuple(
            one for name in inputs if (one := _input(only, name, named_alone=named.inputs != ("*",)))
        ),
    )


def _meanings(
    named: Named, decision: Meaning | None, outcome: Meaning | None, *, scored: bool
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if decision is not None:
        found["decision"] = {"yes": list(decision.yes), "no": list(decision.no)}
    elif named.approve is not None:
        found["decision"] = {"approve": named.approve}
    else:
        found["decision"] = {"threshold": named.threshold}
    if outcome is not None:
        found["outcome"] = {"good": list(outcome.yes), "bad": list(outcome.no)}
    if scored:
        found["score"] = {"speaks_for_yes": "lower" if named.low_is_good else "higher"}
    return found


def _refuse_feared_score(column: str, named: Named) -> None:
    if column and named.low_is_good is None and (word := fears(column)):
        raise BadFairnessCases(
            f"{word!r} in the name of the column of scores, {column}, says that more of it is worse.",
            fix="Say what speaks for yes: --low-is-good or --high-is-good.",
            column=column,
        )


def _refuse_contradictions(
    cases: GroupedCases, found: dict[str, str], named: Named, said: dict[str, Meaning | None]
) -> None:
    """Refuse what was read by custom where the rows speak against it: figures would be turned round."""
    ask = {name: meaning.ask for name, meaning in said.items() if meaning is not None}
    values: dict[str, Floats | Flags] = {"decision": cases.decision}
    if cases.outcome is not None:
        values["outcome"] = cases.outcome
    if cases.score is not None:
        values["score"] = cases.score
        ask["score"] = "" if named.low_is_good is not None else "--low-is-good or --high-is-good"
    for one, other in (("decision", "outcome"), ("score", "decision"), ("score", "outcome")):
        if one not in ask or other not in ask or not (ask[one] or ask[other]):
            continue
        if goes_against(values[one], np.asarray(values[other], np.int8), cases.traits):
            high = "yes" if one == "decision" else "high"
            raise BadFairnessCases(
                f"Where {found[one]} is {high}, {found[other]} is good more seldom within groups: one of "
                "the two seems to be meant the other way.",
                fix=f"Say what is good: {', and '.join(text for text in (ask[one], ask[other]) if text)}.",
                column=found[one],
            )


def _other_outcomes(rows: Rows, used: Sequence[str]) -> list[str]:
    """Say which columns may hold the outcome that nobody named."""
    return [
        f"No outcome is read. The column {one} may hold one: --outcome {one} --good VALUE."
        for one in rows.schema.names
        if one not in used and fears(one)
    ][:1]


def _turned(score: Floats) -> Floats:
    """Return scores of which higher speaks for yes; a chance becomes the chance of the other."""
    there = score[np.isfinite(score)]
    chances = bool(len(there)) and there.min() >= 0.0 and there.max() <= 1.0
    turned: Floats = 1.0 - score if chances else -score
    return turned


def _found(rows: Rows, named: Named) -> dict[str, str]:
    there = {one.lower(): one for one in reversed(rows.schema.names)}
    if not there:
        raise BadFairnessCases(f"{rows.name} is empty.", fix="Give a file with one row for each case.")
    found = {}
    for what, usual in _DEFAULTS.items():
        wanted = getattr(named, what)
        if wanted and wanted not in rows.schema.names:
            raise _no_column(rows, wanted, f"--{what}")
        found[what] = wanted or next((there[one] for one in usual if one in there), "")
    decided = named.search and bool(found["decision"]) and not found["score"]
    by_score = (named.approve is not None and not decided) or named.threshold is not None
    if named.approve is not None and named.threshold is not None:
        raise BadFairnessCases("Both a share to approve and a threshold are given.", fix="Give one of them.")
    if by_score and not found["score"]:
        raise BadFairnessCases(
            "Who is approved should follow from scores, but there is no column of them.",
            fix="Name it with --score COLUMN.",
        )
    if named.threshold is not None and not np.isfinite(named.threshold):
        raise BadFairnessCases(f"A threshold must be a number, got {named.threshold}.", fix="Write 0.5.")
    idle = {
        "--yes": bool(named.yes) and by_score,
        "--good": bool(named.good) and not found["outcome"],
        "--low-is-good or --high-is-good": named.low_is_good is not None and not found["score"],
    }
    needed = {"--yes": "--decision", "--good": "--outcome"}
    for option in (one for one, is_idle in idle.items() if is_idle):
        raise BadFairnessCases(
            f"{option} is given, but no column of {rows.name} is read that it is about.",
            fix=f"Name the column with {needed.get(option, '--score')}, or leave {option} out.",
        )
    if by_score:
        found["decision"] = ""
    elif not found["decision"]:
        raise BadFairnessCases(
            f"{rows.name} has no column of decisions (looked for {', '.join(_DEFAULTS['decision'])}).",
            fix="Name it with --decision COLUMN, or approve by score: --approve 0.8. "
            f"Columns: {_some(rows.schema.names)}.",
        )
    return found


def _traits(rows: Rows, named: Named) -> tuple[str, ...]:
    there = list(rows.schema.names)
    if named.period and named.period not in there:
        raise _no_column(rows, named.period, "--period")
    for one in named.groups:
        if one not in there:
            raise _no_column(rows, one, "--group")
    traits = named.groups or tuple(one for one in there if one.lower() in KNOWN_TRAITS)
    if not traits:
        raise BadFairnessCases(
            f"{rows.name} has no column of groups (looked for {', '.join(KNOWN_TRAITS)}).",
            fix=f"Name each with --group COLUMN. Columns: {_some(there)}.",
        )
    return tuple(dict.fromkeys(traits))


def _inputs(rows: Rows, named: Named, used: Sequence[str]) -> tuple[str, ...]:
    there = list(rows.schema.names)
    if named.inputs == ("*",):
        return tuple(one for one in there if one not in used and one.lower() not in KNOWN_TRAITS)
    for one in named.inputs:
        if one not in there:
            raise _no_column(rows, one, "--input")
        if one in used:
            raise BadFairnessCases(
                f"The column {one} is named as an input, and as something else.",
                fix="An input is none of decision, outcome, score, weight, period and groups.",
                column=one,
            )
    return tuple(dict.fromkeys(named.inputs))


def _input(table: pa.Table, name: str, *, named_alone: bool) -> Input | None:
    """Return a column as an input; None where it names rows or is empty, unless it was asked for by name."""
    kind = table[name].type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = numbers_of(table, name)
        return input_of_numbers(name, values) if named_alone or np.isfinite(values).any() else None
    if pa.types.is_boolean(kind):
        return input_of_numbers(name, numbers_of(table, name))
    codes, texts = _coded(table[name])
    if not named_alone and len(texts) > max(MOST_GROUPS, len(codes) // 20):
        return None
    return input_of_texts(name, codes, texts)


def _no_column(rows: Rows, name: str, option: str) -> BadFairnessCases:
    return BadFairnessCases(
        f"{rows.name} has no column {name!r}.",
        fix=f"Give {option} one of: {_some(rows.schema.names)}.",
        column=name,
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _table(rows: Rows, names: Sequence[str]) -> pa.Table:
    """Return some columns of the file, in memory."""
    if isinstance(rows, Columnwise):
        columns = []
        for name in names:
            pieces = [piece.column(name) for piece in rows.pieces(name)]
            columns.append(pa.chunked_array(pieces, type=pieces[0].type if pieces else pa.null()))
        return pa.Table.from_arrays(columns, names=list(names))
    batches = [batch.select(list(names)) for batch in rows.batches()]
    if not batches:
        raise BadFairnessCases(f"{rows.name} has no rows.", fix="Give a file with one row for each case.")
    return pa.Table.from_batches(batches).unify_dictionaries()


def _decided(
    table: pa.Table, column: str, named: Named, score: Floats | None, weight: Floats | None
) -> tuple[Flags, Meaning | None]:
    if column:
        return _flags(table, column, named.yes, "--yes")
    if score is None:  # _found has refused it
        raise BadFairnessCases("There are no scores.", fix="Name them with --score COLUMN.")
    sign = -1.0 if named.low_is_good else 1.0
    if named.approve is not None:
        return approve_share(sign * score, named.approve, weight), None
    decided: Flags = (sign * score >= sign * (named.threshold or 0.0)).astype(np.int8)
    decided[~np.isfinite(score)] = -1
    return decided, None


def numbers_of(table: pa.Table, name: str) -> Floats:
    """Return a column as numbers; NaN where it holds none.

    Raises
    ------
    BadFairnessCases
        It holds something else.
    """
    try:
        column = table[name].cast(pa.float64())
    except pa.ArrowInvalid as err:
        raise BadFairnessCases(
            f"The column {name} holds {_example(table[name])!r}, which is no number.",
            fix="Give a column of numbers, with a point before tenths: 0.5.",
            column=name,
        ) from err
    values: Floats = pc.fill_null(column, float("nan")).to_numpy()
    return values


def _example(column: pa.ChunkedArray) -> str:
    for one in column.drop_null().unique()[:1_000].cast(pa.string()).to_pylist():
        try:
            float(one)
        except ValueError:
            return str(one)[:40]
    return "something else"


def _flags(table: pa.Table, name: str, wanted: str, option: str) -> tuple[Flags, Meaning]:
    """Return 1 for what is wanted, 0 for the other values, -1 for nothing; and which are which."""
    codes, values = _coded(table[name])
    meaning = meaning_of(name, values, wanted, option)
    meanings = [-1 if not one else int(one in meaning.yes) for one in values]
    lookup = np.array([*meanings, -1], dtype=np.int8)
    found: Flags = lookup[codes]
    return found, meaning


def trait_of_column(column: pa.ChunkedArray, name: str, *, fix: str = _FEWER_GROUPS) -> Trait:
    """Return a column as a trait; nothing in a cell means that the group is not known.

    Raises
    ------
    BadFairnessCases
        It holds more than 50 values.
    """
    codes, values = _coded(column)
    names = [value for value in values if value]
    if len(names) > MOST_GROUPS:
        raise BadFairnessCases(
            f"The column {name} holds {len(names):,} different values; {MOST_GROUPS} groups are the most.",
            fix=fix,
            column=name,
        )
    ranked = sorted(names)
    places = {value: place for place, value in enumerate(ranked)}
    lookup = np.array([*(places.get(value, -1) for value in values), -1], dtype=np.int32)
    return Trait(name, tuple(ranked), lookup[codes])


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return codes, -1 for nothing, and the values behind them as text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    whole = column.combine_chunks().dictionary_encode()
    if isinstance(whole, pa.ChunkedArray):  # pragma: no cover - what older readers return
        whole = whole.combine_chunks()
    values = [
        "" if one is None else str(one).strip() for one in whole.dictionary.cast(pa.string()).to_pylist()
    ]
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, values
