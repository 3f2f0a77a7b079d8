"""Money budgets that cannot leak: reserve the most that a request may cost, then settle what it did cost.

A process leases a small part of the budget from a file and hands it out from memory, so that thousands of
requests a second cost no write each. What is leased counts as spent until it is given back: a process that
is killed loses its lease, never the limit. What cannot be read counts as spent.
"""

import logging
import os
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from types import TracebackType
from typing import Literal

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import BadInput
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetSpent, BudgetUnreadable

__all__ = ["MoneyBudget", "Period", "Reservation", "period_of", "reserve_all"]

_LOG = logging.getLogger(__name__)

Period = Literal["hour", "day", "month", "ever"]

_NANO = Decimal(1_000_000_000)
_LEASES_PER_PERIOD = 200


@dataclass
class _Lease:
    """What this process may still hand out in one period, in nano-euros; below 0 it owes."""

    period: str
    start: datetime
    end: datetime
    free: int = 0


@dataclass
class Reservation:
    """Money set aside for one request. In a `with` statement, what was not settled stays spent.

    The first of `settle` and `release` counts; what comes after it changes nothing.
    """

    budget: "MoneyBudget"
    amount: Decimal
    _nano: int
    _lease: _Lease
    _open: bool = True

    def settle(self, actual: Decimal) -> None:
        """Say what the request did cost; the rest is free again.

        Parameters
        ----------
        actual : Decimal
            Euros, 0 or more. More than was reserved is written down too, beyond the limit if need be:
            money that is gone is not denied. The next reservation is then refused.
        """
        self.budget._settle(self, _nano_of(actual, "settled"))

    def release(self) -> None:
        """Say that nothing was spent: the request never left."""
        self.budget._settle(self, 0)

    def __enter__(self) -> "Reservation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False


class MoneyBudget:
    """How much one account may spend in one period; safe across threads and processes.

    Parameters
    ----------
    file : BudgetFile
    account : Account
    limit_eur : Decimal
        0 or more. 0 means that nothing that costs money may be asked.
    period : "hour", "day", "month" or "ever"
        In UTC. What is left at its end does not add to the next one.
    clock : Clock
    """

    def __init__(
        self,
        file: BudgetFile,
        account: Account,
        *,
        limit_eur: Decimal,
        period: Period = "day",
        clock: Clock = utc_now,
    ) -> None:
        self._file = file
        self.account = account
        self.limit_eur = limit_eur
        self._limit = _nano_of(limit_eur, "limit", rounding_up=False)
        self._period = period
        self._clock = clock
        self._lock = threading.Lock()
        self._lease: _Lease | None = None
        self._pid = os.getpid()

    def reserve(self, amount: Decimal) -> Reservation:
        """Set aside the most that a request may cost, before it leaves.

        Parameters
        ----------
        amount : Decimal
            Euros, 0 or more.

        Returns
        -------
        Reservation

        Raises
        ------
        BudgetSpent
            Less than that is left.
        BudgetUnreadable
            What was spent cannot be read, so it counts as all.
        """
        wanted = _nano_of(amount, "reserved")
        self._own()
        with self._lock:
            lease = self._current()
            if lease.free < wanted or lease.free < 0:
                self._extend(lease, max(wanted - lease.free, 1))
            lease.free -= wanted
            return Reservation(self, amount, wanted, lease)

    def left_eur(self, *, enough: Decimal | None = None) -> Decimal:
        """Return what this process may still reserve in this period, leases of others counted as spent.

        Parameters
        ----------
        enough : Decimal, optional
            Where so much is in this process's lease, the lease is returned and the file is not looked at.

        Raises
        ------
        BudgetUnreadable
            What was spent cannot be read, so nothing is left.
        """
        self._own()
        with self._lock:
            lease = self._current()
            if enough is not None and lease.free >= _nano_of(enough, "asked about"):
                return Decimal(lease.free) / _NANO
            left = self._limit - self._file.taken(self.account, lease.period) + lease.free
        return Decimal(max(left, 0)) / _NANO

    def taken_eur(self) -> Decimal:
        """Return what the account has taken in this period: spent, reserved, or leased by a process."""
        self._own()
        with self._lock:
            return Decimal(self._file.taken(self.account, self._current().period)) / _NANO

    def give_back(self) -> None:
        """Give back what is leased and not reserved, for other processes to use."""
        self._own()
        with self._lock:
            if self._lease is not None:
                self._return(self._lease)

    def close(self) -> None:
        """Give back what is leased. What is reserved stays spent until it is settled."""
        self.give_back()

    def _current(self) -> _Lease:
        """Return the lease for the period that it is now."""
        now = self._clock()
        if self._lease is None or not self._lease.start <= now < self._lease.end:
            lease = _Lease(*period_of(now, self._period))
            if self._lease is not None:
                self._return(self._lease)
            self._lease = lease
        return self._lease

    def _own(self) -> None:
        if self._pid != os.getpid():
            raise BudgetUnreadable(
                f"The budget was opened by process {self._pid} and is used in {os.getpid()}: "
                "it counts as spent.",
                fix="Open it in each process: a lease in memory must not be handed out twice.",
                account=self.account.deployment,
            )

    def _extend(self, lease: _Lease, least: int) -> None:
        usual = self._limit // _LEASES_PER_PERIOD
        amount = self._file.take(self.account, lease.period, least, max(least, usual), self._limit)
        if not amount:
            left = self._limit - self._file.taken(self.account, lease.period) + lease.free
            wait = "R" if self._period == "ever" else f"Wait for the next {self._period}, r"
            whose = f" of tenant {self.account.tenant}" if self.account.tenant else ""
            raise BudgetSpent(
                f"The request may cost {_shown(least + lease.free)} euros, and {_shown(max(left, 0))} of "
                f"{self.limit_eur:f} are left of the budget{whose} for {lease.period}.",
                fix=f"{wait}aise the budget, or ask for less at once.",
                account=self.account.deployment,
                tenant=self.account.tenant,
                period=lease.period,
            )
        lease.free += amount

    def _settle(self, reservation: Reservation, actual: int) -> None:
        if self._pid != os.getpid():
            return  # a copy in a child process frees nothing: the parent settles
        with self._lock:
            if not reservation._open:
                return
            reservation._open = False
            lease = reservation._lease
            lease.free += reservation._nano - actual
            if lease.free < 0 or lease is not self._lease:
                try:
                    self._return(lease)
                except BudgetUnreadable as err:
                    # What is owed stays in the lease, so the next reservation is refused; what is left
                    # of a lease of an earlier period stays spent.
                    _LOG.warning("%s", err)

    def _return(self, lease: _Lease) -> None:
        """Write down what is left of a lease, or what is owed beyond it. On failure it stays as it was."""
        free = lease.free
        if free:
            self._file.add(self.account, lease.period, -free)
            lease.free = 0


def reserve_all(budgets: Sequence[MoneyBudget], amount: Decimal) -> list[Reservation]:
    """Reserve the same amount from several budgets (the deployment's, the tenant's), or from none.

    Raises
    ------
    BudgetSpent, BudgetUnreadable
        From the first budget that refuses.
    """
    with ExitStack() as undo:
        found = []
        for budget in budgets:
            reservation = budget.reserve(amount)
            undo.callback(reservation.release)
            found.append(reservation)
        undo.pop_all()
    return found


def period_of(now: datetime, period: Period) -> tuple[str, datetime, datetime]:
    """Return the name of the period that `now` lies in, and its start and end in UTC."""
    now = now.astimezone(UTC)
    if period == "ever":
        return "ever", datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if period == "hour":
        start = now.replace(minute=0, second=0, microsecond=0)
        return start.strftime("%Y-%m-%dT%H"), start, start + timedelta(hours=1)
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return start.strftime("%Y-%m-%d"), start, start + timedelta(days=1)
    start = start.replace(day=1)
    return start.strftime("%Y-%m"), start, (start + timedelta(days=32)).replace(day=1)


def _nano_of(amount: Decimal, what: str, *, rounding_up: bool = True) -> int:
    """Return whole nano-euros: what is spent is rounded up, what may be spent down."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or not 0 <= amount <= _MOST_EUR:
        raise BadInput(
            f"An amount to be {what} must be a Decimal of 0 to {_MOST_EUR} euros, got {amount!r}.",
            fix="Give euros as a Decimal, 0 or more.",
        )
    if rounding_up:
        return int((amount * _NANO).to_integral_value(rounding=ROUND_CEILING))
    return int(amount * _NANO)


_MOST_EUR = Decimal(1_000_000_000)


def _shown(nano: int) -> str:
    return format((Decimal(nano) / _NANO).normalize(), "f")
