"""A quality report: what a contract asked, what was broken, and by which rows."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Broken", "QualityReport", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One offending row, quoted so that it can be found and nobody can be recognised.

    Parameters
    ----------
    number : int
        Position in the load, from 1; 0 where it has none.
    values : mapping of str to str
        The columns that matter, with their values masked: letters as x, digits as 9.
    """

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that is not kept.

    Parameters
    ----------
    rule : str
        "column.allowed", "unique", "freshness", "schema", ...
    columns : tuple of str
    detail : str
        What was asked and what is there, without values of rows.
    rows : int
        How many rows break it; 0 where it is not about rows (freshness, a missing column).
    examples : tuple of Row
        At most five.
    """

    rule: str
    columns: tuple[str, ...]
    detail: str
    rows: int
    examples: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What a contract found in one load.

    Parameters
    ----------
    kept : bool
        Whether the rows may become a snapshot.
    rows : int
        Looked at.
    left_out : int
        Rows that break a rule of a column and were left out, as `broken_rows_at_most` allows.
    broken : tuple of Broken
    """

    kept: bool
    rows: int
    left_out: int
    broken: tuple[Broken, ...]

    @property
    def reason(self) -> str:
        """One sentence: what is broken, the most rows first."""
        if not self.broken:
            return f"{self.rows} rows keep the contract"
        worst = sorted(self.broken, key=lambda one: -one.rows)
        return "; ".join(one.detail for one in worst[:5])
