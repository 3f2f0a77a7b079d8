"""What a look for drift is asked and what it says."""

from dataclasses import dataclass
from typing import Literal

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured

__all__ = ["ColumnDrift", "DriftReport", "JointDrift", "Options", "SchemaChange"]


@dataclass(frozen=True, slots=True)
class Options:
    """How drift is looked for.

    Parameters
    ----------
    rate : float
        False alarms that are accepted: under no drift, the chance that a look finds any; and among what is
        found, the expected share that is not there. In (0, 1).
    smallest_effect : float
        Share of rows below which a difference does not matter, however sure it is. In [0, 1).
    smallest_rows : int
        Rows with a value that a column needs on each side, at least 20.
    leave_out : tuple of str
        Columns that are not looked at.
    outcome : str
        Column of the reference with what turned out, or what was predicted: numbers, or yes and no. Columns
        are then ranked by what their change means for its mean.
    seed : int
    """

    rate: float = 0.05
    smallest_effect: float = 0.02
    smallest_rows: int = 50
    leave_out: tuple[str, ...] = ()
    outcome: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < 1.0:
            raise BadInput(f"The rate must lie between 0 and 1, got {self.rate}.", fix="Write 0.05 for 5 %.")
        if not 0.0 <= self.smallest_effect < 1.0:
            raise BadInput(
                f"The smallest effect must be at least 0 and below 1, got {self.smallest_effect}.",
                fix="Write 0.02: two rows in a hundred.",
            )
        if self.smallest_rows < 20:
            raise BadInput(
                f"A column needs at least 20 rows, got {self.smallest_rows}.", fix="Write 50, or more."
            )
        if self.seed < 0:
            raise BadInput(f"The seed must be 0 or more, got {self.seed}.", fix="Write 0.")


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A column that is not what it was.

    Parameters
    ----------
    column : str
    change : {"missing", "new", "other type"}
        In the current rows.
    was, now : str
        Kinds of values; "" where there is no such column.
    """

    column: str
    change: Literal["missing", "new", "other type"]
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """What happened to one column.

    Parameters
    ----------
    name, kind : str
    drifted : bool or None
        None where it could not be measured: `reason` says why.
    effect : Estimate or NotMeasured
        Share of rows, 0 to 1.
    p, q : float or None
        Chance of it where nothing changed; the same controlled over everything that was looked at.
    what : str
        The comparison that showed most: "values", "missing", "new values", "length", "words", "vectors".
    reason : str
        For people.
    n_reference, n_current : int
        Rows with a value.
    missing_reference, missing_current : float or None
        Share of rows without a value.
    impact : Estimate or NotMeasured
        Change of the mean outcome that comes with the change of this column, in the unit of the outcome.
    """

    name: str
    kind: str
    drifted: bool | None
    effect: Estimate | NotMeasured
    p: float | None
    q: float | None
    what: str
    reason: str
    n_reference: int
    n_current: int
    missing_reference: float | None
    missing_current: float | None
    impact: Estimate | NotMeasured


@dataclass(frozen=True, slots=True)
class JointDrift:
    """What happened between columns.

    Parameters
    ----------
    name : {"relations", "rows"}
        "relations": the correlation of two columns, over all pairs. "rows": whether a model can tell the
        rows of both sides apart.
    drifted, effect, p, q, reason
        As for a column.
    columns : tuple of str
        The two whose relation changed most; () where that is not the question.
    """

    name: Literal["relations", "rows"]
    drifted: bool | None
    effect: Estimate | NotMeasured
    p: float | None
    q: float | None
    reason: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What changed between two tables.

    Parameters
    ----------
    reference, current : str
        Names.
    n_reference, n_current : int
        Rows.
    drifted : bool or None
        Whether any column, relation or the schema did; None where nothing could be measured.
    effect : Estimate or NotMeasured
        The largest among what drifted, otherwise the largest.
    q : float or None
        Of the surest finding; it is at most `rate` by chance in `rate` of all looks, or fewer.
    columns : tuple of ColumnDrift
        By rank: what matters most for the outcome first, where one is named; otherwise by effect, those
        that drifted first.
    joint : tuple of JointDrift
    schema : tuple of SchemaChange
    rate, smallest_effect : float
    """

    reference: str
    current: str
    n_reference: int
    n_current: int
    drifted: bool | None
    effect: Estimate | NotMeasured
    q: float | None
    columns: tuple[ColumnDrift, ...]
    joint: tuple[JointDrift, ...]
    schema: tuple[SchemaChange, ...]
    rate: float
    smallest_effect: float
