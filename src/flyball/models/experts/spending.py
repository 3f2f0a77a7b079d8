"""What an expert may spend in a day, remembered in the deployment's own file of money."""

from decimal import Decimal
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile

__all__ = ["MONEY", "budgets_of"]

MONEY = "money.sqlite"
"""Name of the file in the state folder; the gateway counts in the same one."""


def budgets_of(expert: str, eur_per_day: Decimal | None, state: str) -> tuple[MoneyBudget, ...]:
    """Return the budgets that every request of an expert reserves from; () where it has none.

    Parameters
    ----------
    expert : str
        Its name in the deployment.
    eur_per_day : Decimal or None
        None for no limit.
    state : str
        The state folder of the deployment.

    Raises
    ------
    BadInput
        There is a limit, and no place where what was spent is remembered.
    """
    if eur_per_day is None:
        return ()
    if not state:
        raise BadInput(
            f"The expert {expert} may spend {eur_per_day:f} euros a day, and there is no folder to count in.",
            fix="Use it in a deployment, which has a state folder.",
            expert=expert,
        )
    file = BudgetFile(Path(state) / MONEY)
    return (MoneyBudget(file, Account(f"expert:{expert}"), limit_eur=eur_per_day),)
