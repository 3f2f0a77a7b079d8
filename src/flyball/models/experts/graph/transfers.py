"""Transfers from a table: which column holds what, and how times and amounts are written."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.models.experts.graph.log import BadTransfers, Transfers

__all__ = ["TransferColumns", "in_order", "transfers_of"]

_LARGEST = 10**13
"""Units of the currency: sums of 32 squares of cents stay whole numbers far below it."""


@dataclass(frozen=True, slots=True)
class TransferColumns:
    """Which column holds what.

    Parameters
    ----------
    id, time, payer, payee, amount : str
        Times as timestamps, or as text in ISO 8601; without a zone they are UTC. Amounts in units of one
        currency.
    device : str
        "" where none is recorded.
    """

    id: str = "transfer_id"
    time: str = "time"
    payer: str = "payer"
    payee: str = "payee"
    amount: str = "amount"
    device: str = ""


def transfers_of(rows: pa.Table | pa.RecordBatch, columns: TransferColumns) -> Transfers:
    """Return the transfers of a table, in its order.

    Raises
    ------
    BadTransfers
        A column that is not there, a value that is missing, or one that is no time or amount.
    """
    wanted = [columns.id, columns.time, columns.payer, columns.payee, columns.amount]
    for name in [*wanted, *([columns.device] if columns.device else [])]:
        if name not in rows.schema.names:
            raise BadTransfers(
                f"Transfers need the column {name!r}, which is not there.",
                fix=f"Name it in [source.neighbours] of flyball.toml: {', '.join(rows.schema.names)}.",
                column=name,
            )
    for name in wanted:
        if rows.column(name).null_count:
            row = pc.index(pc.is_null(rows.column(name)), True).as_py() + 1
            raise BadTransfers(
                f"Row {row} has no {name}.",
                fix="Leave the row out: without it nobody can say who had paid whom by then.",
                column=name,
                row=row,
            )
    return Transfers(
        ids=_texts(rows, columns.id),
        payers=_texts(rows, columns.payer),
        payees=_texts(rows, columns.payee),
        times=_seconds(rows, columns.time),
        amounts=_cents(rows, columns.amount),
        devices=_devices(rows, columns.device),
    )


def in_order(transfers: Transfers) -> npt.NDArray[np.int64]:
    """Return the places of transfers by their time, those of one moment by their id."""
    ids = np.array(transfers.ids, dtype=np.str_) if len(transfers) else np.zeros(0, dtype=np.str_)
    order: npt.NDArray[np.int64] = np.lexsort((ids, transfers.times))
    return order


def _texts(rows: pa.Table | pa.RecordBatch, name: str) -> list[str]:
    try:
        return rows.column(name).cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    except pa.ArrowException as err:
        raise BadTransfers(
            f"The column {name} holds {rows.schema.field(name).type}.", fix="Give texts."
        ) from err


def _devices(rows: pa.Table | pa.RecordBatch, name: str) -> list[str | None]:
    if not name:
        return [None] * rows.num_rows
    return [one or None for one in _texts(rows, name)]


def _seconds(rows: pa.Table | pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    values = rows.column(name)
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(values.type):
        seconds = pc.floor_temporal(values, unit="second").cast(pa.timestamp("s", values.type.tz))
        return np.asarray(seconds.cast(pa.int64()).to_numpy(), dtype=np.int64)
    return np.array(
        [_second(one, name, row) for row, one in enumerate(values.to_pylist(), 1)], dtype=np.int64
    )


def _second(value: object, name: str, row: int) -> int:
    try:
        moment = datetime.fromisoformat(str(value).strip())
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as err:
        raise BadTransfers(
            f"Row {row}, {name}: {str(value)[:40]!r} is no time.",
            fix="Write it as 2026-11-30T14:05:00Z.",
            column=name,
            row=row,
        ) from err


def _cents(rows: pa.Table | pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    try:
        amounts = np.asarray(rows.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowException as err:
        raise BadTransfers(
            f"The column {name} holds {rows.schema.field(name).type}, not amounts.",
            fix="Write numbers, such as 1250.50, in one currency.",
            column=name,
        ) from err
    wrong = ~(np.isfinite(amounts) & (amounts >= 0.0) & (amounts < _LARGEST))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadTransfers(
            f"Row {row + 1}, {name}: {amounts[row]} is no amount.",
            fix=f"Amounts lie between 0 and {_LARGEST:,}; money that goes back is a transfer the other way.",
            column=name,
            row=row + 1,
        )
    cents: npt.NDArray[np.int64] = np.rint(amounts * 100.0).astype(np.int64)
    return cents
