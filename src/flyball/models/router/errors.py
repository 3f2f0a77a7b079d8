"""Errors of the router: money that is spent, and endpoints that are left alone for a while."""

from flyball.core.errors import FlyballError

__all__ = ["BudgetSpent", "BudgetUnreadable", "CircuitOpen"]


class BudgetSpent(FlyballError):
    """The request may cost more than is left of the budget; nothing was asked and nothing was spent."""

    code = "router.budget_spent"
    exit_code = 1


class BudgetUnreadable(FlyballError):
    """What was spent cannot be read; it counts as all."""

    code = "router.budget_unreadable"
    exit_code = 1


class CircuitOpen(FlyballError):
    """An endpoint failed so often that it is left alone for a while."""

    code = "router.circuit_open"
    retry = True
    exit_code = 3
