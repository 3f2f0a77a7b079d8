"""Compare two tables: what drifted, how much of it, and how sure that is."""

import dataclasses
from typing import TypeVar

import numpy as np
import pyarrow as pa

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.drift.column import compared, counts_up, of_both
from flyball.evaluation.drift.impact import Outcome, impact, outcome_of
from flyball.evaluation.drift.kinds import kind_of
from flyball.evaluation.drift.records import ColumnDrift, DriftReport, JointDrift, Options, SchemaChange
from flyball.evaluation.drift.sketches import ColumnSketch
from flyball.evaluation.drift.table_sketch import TableSketch
from flyball.evaluation.drift.together import Encoded, encoded, relations, rows_apart
from flyball.evaluation.drift.two_samples import Test, adjusted

__all__ = ["compare"]

Compared = TypeVar("Compared", ColumnDrift, JointDrift)


def compare(reference: TableSketch, current: TableSketch, options: Options | None = None) -> DriftReport:
    """Look for drift between two tables that were summed up.

    Every column gives one p, and so do the relations between columns and the rows as a whole. All of them
    together are held to the rate by the procedure of Benjamini and Hochberg: without any drift, the chance
    that a look finds some is at most `rate`. Something drifted where q is at most the rate **and** the
    effect at least the smallest that matters; a column that is gone, or is of another kind, drifted too.

    Raises
    ------
    BadInput
        The outcome names no column, or one that cannot be one.
    """
    options = options or Options()
    reference, current = (_without(one, options.leave_out) for one in (reference, current))
    changes = _schema_changes(reference, current)
    outcome = outcome_of(reference.sample, options.outcome) if options.outcome else None
    sampled = set(reference.sample.column_names) & set(current.sample.column_names)
    columns = [
        _column(name, reference, current, changes, sampled, options)
        for name in [*reference.kinds, *(one.column for one in changes if one.change == "new")]
    ]
    joint = _joint(reference, current, {one.column for one in changes}, columns, sampled, options)
    chances = [p for p in (*(one.p for one in columns), *(one.p for one in joint)) if p is not None]
    found = iter(adjusted(np.array(chances)).tolist() if chances else [])
    columns = [one if one.p is None else _judged(one, next(found), options) for one in columns]
    if outcome is not None:
        columns = [
            _with_impact(one, reference, current, outcome, options) if one.name in sampled else one
            for one in columns
        ]
    joint = [one if one.p is None else _judged(one, next(found), options) for one in joint]
    everything: list[ColumnDrift | JointDrift] = [*columns, *joint]
    return DriftReport(
        reference=reference.name,
        current=current.name,
        n_reference=reference.n_rows,
        n_current=current.n_rows,
        drifted=_any([one.drifted for one in everything]),
        effect=_largest(everything),
        q=min((one.q for one in everything if one.q is not None), default=None),
        columns=tuple(sorted(columns, key=_rank)),
        joint=tuple(joint),
        schema=tuple(changes),
        rate=options.rate,
        smallest_effect=options.smallest_effect,
    )


def _column(
    name: str,
    reference: TableSketch,
    current: TableSketch,
    changes: list[SchemaChange],
    sampled: set[str],
    options: Options,
) -> ColumnDrift:
    kinds = [side.kinds.get(name) for side in (reference, current)]
    kind = next((one for one in kinds if one not in (None, "empty")), None) or "empty"
    ours, theirs = reference.columns.get(name), current.columns.get(name)
    change = next((one for one in changes if one.column == name), None)
    about = _About(name, kind, ours, theirs)
    if name == options.outcome and (theirs is None or not theirs.n):
        return about.unmeasured("nobody knows yet what turned out of the current rows")
    if change is not None:
        words = {
            "missing": "the current rows have no such column",
            "new": "the reference has no such column",
            "other type": f"it held values of the kind {change.was}, now {change.now}",
        }
        some = min(reference.n_rows, current.n_rows) > 0  # a table without rows has no types to speak of
        return about.unmeasured(
            words[change.change], drifted=True if some and change.change != "new" else None
        )
    if name not in reference.kinds or kind == "other":
        return about.unmeasured("values of this type are not compared")
    ours, theirs = _of_one_kind(ours, reference, theirs, current)
    about = _About(name, kind, ours, theirs)
    if ours is None or theirs is None:
        return about.unmeasured("there is no value on either side")
    if counts_up(ours, theirs, is_time=kind == "time") and min(ours.n, theirs.n) >= options.smallest_rows:
        return about.unmeasured(
            "it only counts up from row to row: a key, or the time of the row, which differs by itself"
        )
    samples = [
        side.sample.column(name).combine_chunks() if name in sampled else pa.nulls(0)
        for side in (reference, current)
    ]
    tests = compared(ours, theirs, samples, smallest_rows=options.smallest_rows, seed=options.seed)
    if name == options.outcome:  # what turns out comes later: that some is missing says nothing
        tests = [one for one in tests if one.name != "missing"]
    if not tests:
        fewest = min(ours.n, theirs.n)
        return about.unmeasured(
            f"too few rows with a value: {fewest}, at least {options.smallest_rows} are needed"
        )
    surest, p = of_both(tests)
    return dataclasses.replace(about.unmeasured(""), effect=_estimate(surest), p=p, what=surest.name)


def _with_impact(
    one: ColumnDrift, reference: TableSketch, current: TableSketch, outcome: Outcome, options: Options
) -> ColumnDrift:
    """Return what is known of a column, with what its change means for the outcome where it did change."""
    if one.name == options.outcome or one.q is None:
        return one
    if one.q > options.rate:
        return dataclasses.replace(one, impact=NotMeasured("no change was found that could mean anything"))
    sides = [side.sample.column(one.name).combine_chunks() for side in (reference, current)]
    kinds = [kind_of(side.type) for side in sides]
    if kinds[0] != kinds[1]:
        return dataclasses.replace(one, impact=NotMeasured("one side has no value"))
    return dataclasses.replace(one, impact=impact(sides[0], sides[1], kinds[0], outcome))


@dataclasses.dataclass(frozen=True, slots=True)
class _About:
    """What is known of a column before it is compared."""

    name: str
    kind: str
    ours: ColumnSketch | None
    theirs: ColumnSketch | None

    def unmeasured(self, reason: str, *, drifted: bool | None = None) -> ColumnDrift:
        """Return the column without a comparison."""
        why = NotMeasured(reason or "not compared yet")
        return ColumnDrift(
            name=self.name,
            kind=self.kind,
            drifted=drifted,
            effect=why,
            p=None,
            q=None,
            what="",
            reason=reason,
            n_reference=self.ours.n if self.ours else 0,
            n_current=self.theirs.n if self.theirs else 0,
            missing_reference=_missing(self.ours),
            missing_current=_missing(self.theirs),
            impact=NotMeasured(reason or "no outcome is named"),
        )


def _joint(
    reference: TableSketch,
    current: TableSketch,
    changed: set[str],
    columns: list[ColumnDrift],
    sampled: set[str],
    options: Options,
) -> list[JointDrift]:
    measured = {one.name for one in columns if one.p is not None and one.name not in changed}
    if any(
        one.columns[options.outcome].missing for one in (reference, current) if options.outcome in measured
    ):
        measured.discard(options.outcome)  # rows of which nobody knows it yet are no other rows
    kinds = {
        name: kind
        for name, kind in reference.kinds.items()
        if name in measured and name in sampled and current.kinds[name] == kind
    }
    rows = encoded(reference.sample, current.sample, kinds)
    if rows.reason:
        why = NotMeasured(rows.reason)
        return [
            JointDrift("relations", None, why, None, None, rows.reason),
            JointDrift("rows", None, why, None, None, rows.reason),
        ]
    test, pair = relations(rows)
    apart = rows_apart(rows, seed=options.seed)
    note = _note(rows)
    return [
        JointDrift("relations", None, _estimate(test), test.p, None, note, pair),
        JointDrift("rows", None, _estimate(apart), apart.p, None, note),
    ]


def _note(rows: Encoded) -> str:
    beyond = f"; {rows.left_out} features beyond {len(rows.names)} were left out" if rows.left_out else ""
    return f"on {len(rows.reference):,} and {len(rows.current):,} rows drawn at random{beyond}"


def _judged(one: Compared, q: float, options: Options) -> Compared:
    effect = one.effect.value if isinstance(one.effect, Estimate) else 0.0
    sure, matters = q <= options.rate, effect >= options.smallest_effect
    said = one.reason
    if isinstance(one, ColumnDrift):
        said = "sure, but smaller than what matters" if sure and not matters else ""
    return dataclasses.replace(one, q=q, drifted=sure and matters, reason=said)


def _schema_changes(reference: TableSketch, current: TableSketch) -> list[SchemaChange]:
    found = []
    for name, kind in reference.kinds.items():
        now = current.kinds.get(name)
        sides = [side.columns.get(name) for side in (reference, current)]
        if now is None:
            found.append(SchemaChange(name, "missing", kind, ""))
        elif now != kind and all(one is None or one.n for one in sides) and "empty" not in (now, kind):
            found.append(SchemaChange(name, "other type", kind, now))
    new = [name for name in current.kinds if name not in reference.kinds]
    return found + [SchemaChange(name, "new", "", current.kinds[name]) for name in new]


def _of_one_kind(
    ours: ColumnSketch | None, reference: TableSketch, theirs: ColumnSketch | None, current: TableSketch
) -> tuple[ColumnSketch | None, ColumnSketch | None]:
    """Return both sides; a column without any value is taken for one of the other side's kind."""
    if theirs is not None and (ours is None or (not ours.n and type(ours) is not type(theirs))):
        return type(theirs)(missing=reference.n_rows), theirs
    if ours is not None and (theirs is None or (not theirs.n and type(theirs) is not type(ours))):
        return ours, type(ours)(missing=current.n_rows)
    return ours, theirs


def _without(table: TableSketch, names: tuple[str, ...]) -> TableSketch:
    gone = set(names)
    if not gone & set(table.kinds):
        return table
    return dataclasses.replace(
        table,
        kinds={name: kind for name, kind in table.kinds.items() if name not in gone},
        columns={name: one for name, one in table.columns.items() if name not in gone},
        sample=table.sample.drop_columns([name for name in table.sample.column_names if name in gone]),
    )


def _missing(sketch: ColumnSketch | None) -> float | None:
    rows = sketch.n + sketch.missing if sketch else 0
    return sketch.missing / rows if sketch and rows else None


def _estimate(test: Test) -> Estimate:
    return Estimate(test.effect, test.n_reference + test.n_current, test.low, test.high)


def _any(found: list[bool | None]) -> bool | None:
    known = [one for one in found if one is not None]
    return any(known) if known else None


def _largest(found: list[ColumnDrift | JointDrift]) -> Estimate | NotMeasured:
    measured = [(bool(one.drifted), one.effect) for one in found if isinstance(one.effect, Estimate)]
    if not measured:
        return NotMeasured("nothing could be compared")
    return max(measured, key=lambda one: (one[0], one[1].value))[1]


def _rank(one: ColumnDrift) -> tuple[bool, float, float, str]:
    impact_ = abs(one.impact.value) if isinstance(one.impact, Estimate) else 0.0
    effect = one.effect.value if isinstance(one.effect, Estimate) else float(one.drifted is True)
    return one.drifted is not True, -impact_, -effect, one.name
