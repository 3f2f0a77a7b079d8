"""Money: what may be spent in a day and what was taken, by budget and tenant."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flyball.loop.engine import limits_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.spending import EVERYTHING, MONEY
from flyball.models.router.budget import period_of
from flyball.models.router.budget_file import Account, BudgetFile, Taken

__all__ = ["Spending", "spending_of"]

_NANO = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Spending:
    """One budget today.

    Parameters
    ----------
    budget : str
        "everything", "chat", or "expert NAME".
    tenant : str
        "" where it is for all of them together.
    limit_eur : Decimal
    taken_eur : Decimal
        Spent, reserved, or leased by a process.
    refused : bool
        Whether something was refused today because too little was left for it.
    """

    budget: str
    tenant: str
    limit_eur: Decimal
    taken_eur: Decimal
    refused: bool = False


def spending_of(workshop: Workshop) -> list[Spending]:
    """Return every budget of a deployment, and every tenant that has one or has spent anything.

    Raises
    ------
    BudgetUnreadable
        What was spent cannot be read.
    """
    today = period_of(workshop.clock(), "day")[0]
    path = workshop.state / MONEY
    made = path.exists() or path.with_name(f"{MONEY}.made").exists()
    rows, refused = _read(path, today) if made else ([], set())
    taken = {one.account: one.nano for one in rows if one.period == today}
    return [
        Spending(name, account.tenant, limit, Decimal(taken.get(account, 0)) / _NANO, account in refused)
        for name, account, limit in _budgets(workshop, set(taken))
    ]


def _read(path: Path, today: str) -> tuple[list[Taken], set[Account]]:
    file = BudgetFile(path)
    try:
        return file.everything(), file.refused(today)
    finally:
        file.close()


def _budgets(workshop: Workshop, seen: set[Account]) -> Iterator[tuple[str, Account, Decimal]]:
    settings = workshop.deployment.settings
    limits = limits_of(settings.budget)
    if limits.eur_per_day is not None:
        yield "everything", Account(EVERYTHING), limits.eur_per_day
    if limits.tenants:
        spent = {one.tenant for one in seen if one.deployment == EVERYTHING and one.tenant}
        for tenant in sorted(set(limits.tenants) - {EVERYTHING} | spent):
            yield "everything", Account(EVERYTHING, tenant), limits.of(tenant)
    if settings.chat is not None and settings.chat.budget_eur_per_day:
        yield "chat", Account(workshop.deployment.name), Decimal(settings.chat.budget_eur_per_day)
    for expert in settings.expert:
        own = expert.settings.get("budget_eur_per_day")
        if own is not None:
            yield f"expert {expert.name}", Account(f"expert:{expert.name}"), Decimal(str(own))
