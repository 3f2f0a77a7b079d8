"""What asking may cost: the budgets that a request draws on, remembered in the deployment's file of money."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import BadInput
from flyball.core.estimates import Failed
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetUnreadable

__all__ = ["ANY_TENANT", "EVERYTHING", "MONEY", "Limits", "NotPaid", "Purse", "open_purse"]

_LOG = logging.getLogger(__name__)

MONEY = "money.sqlite"
"""Name of the file in the state folder; the gateway counts in the same one."""

EVERYTHING = "*"
"""The account of everything that a deployment asks, whoever asks it and through which door."""

ANY_TENANT = "*"
"""The name under which the limit stands of every tenant that is not named."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a deployment may spend in a day, over all doors and experts.

    Parameters
    ----------
    eur_per_day : Decimal or None
        None for no limit.
    tenants : mapping of str to Decimal
        By tenant, and under "*" for each of those that are not named. Where one is named, a tenant
        without a limit may spend nothing.
    """

    eur_per_day: Decimal | None = None
    tenants: Mapping[str, Decimal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return self.eur_per_day is not None or bool(self.tenants)

    def of(self, tenant: str) -> Decimal:
        """Return the limit of a tenant, where tenants have limits."""
        return self.tenants.get(tenant, self.tenants.get(ANY_TENANT, Decimal(0)))


@dataclass(frozen=True, slots=True)
class NotPaid(Failed):
    """Nothing was asked, because no budget could pay for it."""


class _Tenants:
    """The budget of each tenant, opened when it is first asked for."""

    def __init__(self, file: BudgetFile, limits: Limits, clock: Clock) -> None:
        self._file, self._limits, self._clock = file, limits, clock
        self._lock = threading.Lock()
        self._open: dict[str, MoneyBudget] = {}

    def of(self, tenant: str) -> MoneyBudget:
        with self._lock:
            found = self._open.get(tenant)
            if found is None:
                account = Account(EVERYTHING, tenant)
                limit = self._limits.of(tenant)
                found = MoneyBudget(self._file, account, limit_eur=limit, clock=self._clock)
                self._open[tenant] = found
            return found

    def everybody(self) -> list[MoneyBudget]:
        with self._lock:
            return list(self._open.values())


class Purse:
    """Every budget that a request draws on: those that hold for all, and the one of the tenant.

    Parameters
    ----------
    budgets : sequence of MoneyBudget
    tenants : optional
        Made by `open_purse`.
    """

    def __init__(self, budgets: Sequence[MoneyBudget] = (), tenants: _Tenants | None = None) -> None:
        self._budgets = tuple(budgets)
        self._tenants = tenants

    def of(self, tenant: str) -> tuple[MoneyBudget, ...]:
        """Return the budgets that a request for a tenant reserves from."""
        return self._budgets if self._tenants is None else (*self._budgets, self._tenants.of(tenant))

    def with_own(self, budgets: Sequence[MoneyBudget]) -> "Purse":
        """Return this one and further budgets; the tenants' are shared."""
        return Purse((*self._budgets, *budgets), self._tenants)

    def left_eur(self, tenant: str, *, enough: Decimal) -> Decimal | None:
        """Return what may still be spent for a tenant; None where nothing limits it.

        Raises
        ------
        BudgetUnreadable
            It cannot be read, so nothing is left.
        """
        left = [budget.left_eur(enough=enough) for budget in self.of(tenant)]
        return min(left) if left else None

    def give_back(self) -> None:
        """Give back what is leased and not reserved. What cannot be written down stays spent."""
        for budget in (*self._budgets, *(self._tenants.everybody() if self._tenants else ())):
            try:
                budget.give_back()
            except BudgetUnreadable as err:
                _LOG.warning("%s", err)


def open_purse(
    state: str,
    *,
    expert: str = "",
    eur_per_day: Decimal | None = None,
    limits: Limits | None = None,
    clock: Clock = utc_now,
) -> Purse:
    """Return what requests draw on.

    Parameters
    ----------
    state : str
        The state folder of the deployment.
    expert : str
        Whose own limit `eur_per_day` is.
    eur_per_day : Decimal or None
        None for no limit of its own.
    limits : Limits, optional
        Of the deployment.
    clock : Clock

    Raises
    ------
    BadInput
        There is a limit, and no place where what was spent is remembered.
    """
    if eur_per_day is None and not limits:
        return Purse()
    if not state:
        amount = f" {eur_per_day:f} euros" if eur_per_day is not None else " so much"
        raise BadInput(
            f"The expert {expert} may spend{amount} a day, and there is no folder to count in.",
            fix="Use it in a deployment, which has a state folder.",
            expert=expert,
        )
    file = BudgetFile(Path(state) / MONEY)
    accounts = [(Account(f"expert:{expert}"), eur_per_day)]
    accounts += [(Account(EVERYTHING), limits.eur_per_day)] if limits else []
    budgets = [
        MoneyBudget(file, account, limit_eur=limit, clock=clock)
        for account, limit in accounts
        if limit is not None
    ]
    return Purse(budgets, _Tenants(file, limits, clock) if limits and limits.tenants else None)
