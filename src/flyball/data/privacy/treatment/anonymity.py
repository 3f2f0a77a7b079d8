"""k-anonymity: how many rows share each combination of what could be looked up elsewhere.

Source: Samarati and Sweeney 1998; Sweeney 2002, doi:10.1142/S0218488502001648.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import BadInput

__all__ = ["Anonymity", "anonymity_of"]


@dataclass(frozen=True, slots=True)
class Anonymity:
    """How well rows hide among each other.

    Parameters
    ----------
    k : int
        Size of the smallest group of rows that agree in all the columns. 1: somebody stands alone.
        0: there are no rows.
    groups : int
        Different combinations.
    rows_below : int
        Rows in groups smaller than what was asked for.
    """

    k: int
    groups: int
    rows_below: int


def anonymity_of(table: pa.Table, columns: Sequence[str], *, k: int) -> Anonymity:
    """Return how well the rows of a table hide among each other.

    Parameters
    ----------
    table : Table
    columns : sequence of str
        The quasi-identifiers: what somebody could know from elsewhere. Null is a value of its own.
    k : int
        Asked for, at least 2.

    Returns
    -------
    Anonymity

    Raises
    ------
    BadInput
        No column, an unknown one, or a k below 2.
    """
    unknown = [name for name in columns if name not in table.column_names]
    if not columns or unknown or k < 2:
        raise BadInput(
            f"k-anonymity needs known columns and a k of at least 2, got {list(columns)} and {k}.",
            fix=f"Columns: {', '.join(table.column_names)}.",
        )
    sizes = table.group_by(list(columns)).aggregate([([], "count_all")]).column("count_all")
    if table.num_rows == 0:
        return Anonymity(0, 0, 0)
    below = pc.sum(sizes.filter(pc.less(sizes, k))).as_py() or 0
    return Anonymity(pc.min(sizes).as_py(), len(sizes), below)
