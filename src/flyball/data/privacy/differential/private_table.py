"""A table that answers only through its budget."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.data.privacy.differential.accounting import Composition, Spend
from flyball.data.privacy.differential.budget import Budget, Reservation
from flyball.data.privacy.differential.columns import column_of
from flyball.data.privacy.differential.noise import opendp

__all__ = ["Guarantee", "PrivateTable", "Released", "protect"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What is promised about a release; it travels with it.

    Parameters
    ----------
    dataset, group, unit : str
        Whose privacy, and what is added or removed.
    neighbouring : str
        "add_remove".
    rows_per_unit_at_most : int
        Rows of one unit that counted.
    epsilon, delta : float
        Of this release alone. With others, the budget says what they add up to.
    composition : "basic" or "zcdp"
    loss : float
        What the budget was charged: epsilon, or rho of zCDP.
    mechanism, bounds : str
        How it was made, and what was taken as known beforehand.
    entry : int
        Index of the reservation in the ledger.
    """

    dataset: str
    group: str
    unit: str
    neighbouring: str
    rows_per_unit_at_most: int
    epsilon: float
    delta: float
    composition: Composition
    loss: float
    mechanism: str
    bounds: str
    entry: int


@dataclass(frozen=True, slots=True)
class Released(Generic[T]):
    """An answer that may leave, with what is promised about it.

    Parameters
    ----------
    value : T
        The answer; never exact.
    guarantee : Guarantee
    deviation : float
        Standard deviation of the noise on each number of the answer, in its unit; 0 where noise
        is not added to numbers (a quantile, a synthetic table, a model).
    """

    value: T
    guarantee: Guarantee
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class PrivateTable:
    """Rows that are looked at only by `release`. Make one with `protect`.

    Parameters
    ----------
    rows : Table
        With at most `rows_per_unit_at_most` rows of each unit.
    budget : Budget
    """

    rows: pa.Table = field(repr=False)
    budget: Budget

    @property
    def rows_per_unit(self) -> int:
        """Rows by which neighbouring tables can differ."""
        return self.budget.declaration.rows_per_unit_at_most

    def release(
        self,
        query: str,
        answer: Callable[[pa.Table, Spend], tuple[T, float]],
        *,
        epsilon: float,
        delta: float = 0.0,
        mechanism: str,
        bounds: str,
        digest: Callable[[T], str] = digest_of,
    ) -> Released[T]:
        """Pay, then answer, then write down that it was answered; the only way to the rows.

        Parameters
        ----------
        query : str
            What is asked, for the ledger.
        answer : callable (rows, spend) -> (value, deviation)
            Must lose no more than `spend`, whatever the rows are: all its use of them goes through
            `noise`. If it fails, the budget is spent all the same.
        epsilon, delta : float
            Of this release alone.
        mechanism, bounds : str
            For the guarantee.
        digest : callable T -> str
            Names the value in the ledger.

        Raises
        ------
        BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
            Nothing was released; see `Budget.reserve`.
        MissingExtra
            OpenDP is not installed; nothing was spent.
        """
        opendp()
        reservation = self.budget.reserve(
            query, epsilon=epsilon, delta=delta, mechanism=mechanism, bounds=bounds
        )
        value, deviation = answer(self.rows, reservation.spend)
        self.budget.settle(reservation, digest(value))
        return Released(value, _guarantee(reservation), deviation)


def protect(table: pa.Table, budget: Budget) -> PrivateTable:
    """Put a table behind its budget, and leave out rows of units that have too many.

    Of each unit the first `rows_per_unit_at_most` rows count. Which ones does not depend on other
    units, so that adding or removing a unit moves no row of another. Rows without a unit (null) are
    one unit together. Without a unit column every row is a unit.

    Raises
    ------
    BadPrivateQuery
        The unit column is not there.
    """
    declared = budget.declaration
    table = _plain(table)
    if not declared.unit_column:
        return PrivateTable(table, budget)
    units = column_of(table, declared.unit_column).combine_chunks()
    codes = units.dictionary_encode(null_encoding="encode").indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, int)
    place = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    kept = np.sort(order[place < declared.rows_per_unit_at_most])
    return PrivateTable(table.take(pa.array(kept)), budget)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table without dictionaries: one may list a value twice, and one unit would be two."""
    fields = [
        one.with_type(one.type.value_type) if pa.types.is_dictionary(one.type) else one
        for one in table.schema
    ]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _guarantee(reservation: Reservation) -> Guarantee:
    declared = reservation.declaration
    # Under zCDP the epsilon of a release is stated at half of the budget's delta.
    delta = declared.delta / 2.0 + reservation.delta
    return Guarantee(
        dataset=declared.dataset,
        group=declared.group,
        unit=declared.unit,
        neighbouring=declared.neighbouring,
        rows_per_unit_at_most=declared.rows_per_unit_at_most,
        epsilon=reservation.epsilon,
        delta=delta,
        composition=declared.composition,
        loss=reservation.spend.amount,
        mechanism=reservation.mechanism,
        bounds=reservation.bounds,
        entry=reservation.entry,
    )
