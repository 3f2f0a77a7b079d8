"""Reasons: from shares of columns to sentences that a person may be told, by a table that a lawyer can read.

The table is a CSV beside the model, one row for each column that the model looks at:

| column | what it says |
| --- | --- |
| `column` | name of the model's column |
| `reason` | the specific reason that stands in a notice when this column lowered the result |
| `person can change` | `no`, `lower` or `higher`: in which direction the person could bring the value |
| `down to`, `up to` | how far such a change may go; empty for as far as the model has seen |
| `to change it` | how to say the change, with {value} for the value that would have to be reached |
| `note` | for colleagues: where the wording comes from; changes nothing |

Columns with the same reason are one reason: what they did is added up.

Source: Regulation B, 12 CFR 1002.9(b)(2) and its official interpretation (comments 9(b)(2)-1 to -9): reasons
are specific and those actually considered, more than four are not likely to help, and a factor may be
measured against the average of all applicants. Sample reasons: Appendix C, form C-1.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.experts.attributed import counted_against
from flyball.models.experts.boosted_table.columns import Column

__all__ = ["MOST_REASONS", "REASONS", "BadReasons", "Reason", "Reasons", "plain_reasons", "read_reasons"]

REASONS = "reasons.csv"
MOST_REASONS = 4
_HEADER = ("column", "reason", "person can change", "down to", "up to", "to change it", "note")
_VAGUE = ("score", "standards", "policy", "policies", "model", "algorithm")
"""Words of reasons that tell nothing: 1002.9(b)(2) names internal standards, policies and missed scores."""

Floats = npt.NDArray[np.float64]


class BadReasons(BadInput):
    """The table of reasons does not fit the model."""

    code = "boosted_table.bad_reasons"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the table.

    Parameters
    ----------
    column : str
    words : str
        What the person is told.
    change : {"no", "lower", "higher"}
    lowest, highest : float or None
        Ends of a change.
    change_words : str
        With {value}.
    """

    column: str
    words: str
    change: Literal["no", "lower", "higher"]
    lowest: float | None
    highest: float | None
    change_words: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """The table, in the order of the model's columns.

    Parameters
    ----------
    rows : tuple of Reason
        One for each column.
    """

    rows: tuple[Reason, ...]

    def principal(self, shares: Floats) -> list[str]:
        """Return what lowered the result most, at most four, worst first.

        Parameters
        ----------
        shares : ndarray of float64, shape (n_columns,)
            Negative where a column lowered the result, measured against the average of all cases.
        """
        told = counted_against([row.words for row in self.rows], shares.tolist())
        return [words for _, words in told[:MOST_REASONS]]


def plain_reasons(columns: Sequence[Column]) -> Reasons:
    """Return a table for a model that came without one: the columns by name, and nothing to change."""
    return Reasons(
        tuple(Reason(one.name, one.name.replace("_", " "), "no", None, None, "") for one in columns)
    )


def read_reasons(path: Path, columns: Sequence[Column]) -> Reasons:
    """Read the table beside a model.

    Raises
    ------
    BadReasons
        Other columns, a column of the model without a reason, an unknown one, a reason that says nothing
        specific, or a change that cannot be made.
    """
    try:
        lines = list(
            csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        )
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise BadReasons(f"{path.name} cannot be read: {err}.", fix="Save it as CSV UTF-8.") from err
    if lines and tuple(lines[0]) != _HEADER:
        raise BadReasons(
            f"{path.name} has the columns {', '.join(str(one) for one in lines[0])}.",
            fix=f"Its first line must be: {','.join(_HEADER)}.",
        )
    kinds = {column.name: column for column in columns}
    found: dict[str, Reason] = {}
    for number, line in enumerate(lines, start=2):
        row = _row(path, number, line, kinds)
        if row.column in found:
            raise BadReasons(f"{path.name}, row {number}: {row.column} stands there twice.", fix="Keep one.")
        found[row.column] = row
    missing = [name for name in kinds if name not in found]
    if missing:
        raise BadReasons(
            f"{path.name} has no reason for the column {missing[0]}.",
            fix="Give every column that the model looks at a reason that may be told.",
            column=missing[0],
        )
    return Reasons(tuple(found[column.name] for column in columns))


def _row(path: Path, number: int, line: dict[str, str], kinds: dict[str, Column]) -> Reason:
    cells = {name: (line[name] or "").strip() for name in _HEADER}

    def bad(what: str, fix: str) -> BadReasons:
        return BadReasons(f"{path.name}, row {number}: {what}.", fix=fix, row=number)

    name, words, change = cells["column"], cells["reason"], cells["person can change"] or "no"
    if name not in kinds:
        raise bad(f"the model does not look at {name!r}", f"Its columns: {', '.join(kinds)}.")
    if len(words) < 8 or any(word in words.lower().split() for word in _VAGUE):
        raise bad(
            f"{words!r} is no specific reason",
            "Say what about the person or the request counted; that a score was missed says nothing.",
        )
    if change not in ("no", "lower", "higher"):
        raise bad(f"'person can change' is {change!r}", "Write no, lower or higher.")
    if change != "no" and kinds[name].kind != "number":
        raise bad(f"{name} is no number, so it has no lower and higher", "Write no.")
    if change != "no" and "{value}" not in cells["to change it"]:
        raise bad("'to change it' does not say {value}", "Write a sentence with {value} in it.")
    ends = []
    for end in ("down to", "up to"):
        try:
            ends.append(float(cells[end].replace(",", "")) if cells[end] else None)
        except ValueError:
            raise bad(f"{end!r} is {cells[end]!r}", "Write a number, or nothing.") from None
    given: Literal["no", "lower", "higher"] = next(one for one in ("no", "lower", "higher") if one == change)
    return Reason(name, words, given, ends[0], ends[1], cells["to change it"])
