"""Errors of differential privacy: a query that cannot be asked, a budget that cannot pay."""

from flyball.core.errors import FlyballError

__all__ = ["BadPrivateQuery", "BudgetChanged", "BudgetExhausted", "BudgetUnreadable"]


class BadPrivateQuery(FlyballError):
    """The query or the budget is wrong as written; no row was read and nothing was spent."""

    code = "privacy.bad_query"


class BudgetExhausted(FlyballError):
    """The release would cost more than is left; nothing was released and nothing was spent."""

    code = "privacy.budget_exhausted"
    exit_code = 1


class BudgetChanged(FlyballError):
    """The budget is declared more loosely than when it was first drawn on; it counts as spent."""

    code = "privacy.budget_changed"
    exit_code = 1


class BudgetUnreadable(FlyballError):
    """What was spent cannot be read, or was altered; it counts as all."""

    code = "privacy.budget_unreadable"
    exit_code = 1
