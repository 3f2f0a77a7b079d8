"""By hand: of a budget of one euro 0.97 are spent. A request of 0.02 fits, one of 0.05 does not."""

from datetime import timedelta
from decimal import Decimal

import pytest

from flyball.loop.alerts.standing import standing_of
from flyball.models.experts.spending import EVERYTHING, MONEY
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetSpent

BUDGET = '[alerts]\ndisk_free_gb = 0\n[budget]\neur_per_day = "1.00"\n'


def spender(talk):
    file = BudgetFile(talk.workshop.state / MONEY)
    return MoneyBudget(file, Account(EVERYTHING), limit_eur=Decimal("1.00"), clock=talk.workshop.clock)


def alert(talk):
    talk.now += timedelta(minutes=6)
    talk.watcher.look()
    return standing_of(talk.workshop.ledger, talk.now).open.get("money")


def test_money_that_is_nearly_spent_is_a_ticket_and_a_page_once_something_is_refused(house):
    talk = house(BUDGET)
    budget = spender(talk)
    budget.reserve(Decimal("0.5")).settle(Decimal("0.5"))
    budget.give_back()
    assert alert(talk) is None
    budget.reserve(Decimal("0.47")).settle(Decimal("0.47"))
    budget.give_back()
    found = alert(talk)
    assert (found.severity, found.causes[0].why) == ("ticket", "0.97 of 1.00 euros are spent or set aside")
    with pytest.raises(BudgetSpent):
        budget.reserve(Decimal("0.05"))
    found = alert(talk)
    assert found.severity == "page"
    assert found.causes[0].why.endswith("; what is asked now is refused")
    talk.now += timedelta(days=1)
    for _ in range(3):
        found = alert(talk)
    assert found is None


def test_one_request_that_is_too_large_for_half_a_budget_pages_nobody(house):
    talk = house(BUDGET)
    budget = spender(talk)
    budget.reserve(Decimal("0.5")).settle(Decimal("0.5"))
    with pytest.raises(BudgetSpent):
        budget.reserve(Decimal("0.9"))
    budget.give_back()
    assert alert(talk) is None
