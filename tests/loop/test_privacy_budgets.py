"""Budgets stand in flyball.toml and are spent in the deployment's own ledger."""

import tomllib
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.data.privacy.differential import count, protect
from flyball.data.privacy.differential.errors import BudgetExhausted
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.privacy_budgets import budgets_of, open_budget
from flyball.loop.settings import BudgetSettings
from flyball.loop.workshop import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "recipes" / "differential-privacy.md"
BUDGET = '\n[[privacy.budget]]\ndataset = "loans"\ngroup = "borrowers"\nunit = "one loan"\nepsilon = 1.0\n'


@pytest.fixture
def root(tmp_path):
    init_deployment("contract-review", tmp_path / "d")
    with (tmp_path / "d" / "flyball.toml").open("a") as file:
        file.write(BUDGET)
    return tmp_path / "d"


def test_what_is_released_is_spent_after_a_restart_too(root):
    table = pa.table({"x": range(100)})
    with Workshop(open_deployment(root)) as workshop:
        assert budgets_of(workshop)["budgets"][0]["epsilon_spent"] == 0
        count(protect(table, open_budget(workshop, "loans", "borrowers")), epsilon=0.75)
    with Workshop(open_deployment(root)) as workshop:
        (shown,) = budgets_of(workshop)["budgets"]
        assert shown["epsilon_spent"] == pytest.approx(0.75)
        with pytest.raises(BudgetExhausted):
            count(protect(table, open_budget(workshop, "loans", "borrowers")), epsilon=0.5)


def test_nothing_is_released_without_a_declared_budget(root):
    with Workshop(open_deployment(root)) as workshop, pytest.raises(UnknownName, match="loans/borrowers"):
        open_budget(workshop, "loans", "everybody")


def test_the_declaration_on_the_page_is_one():
    text = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
    (budget,) = msgspec.convert(tomllib.loads(text)["privacy"]["budget"], list[BudgetSettings])
    assert (budget.epsilon, budget.rows_per_unit_at_most) == (2.0, 2)


def test_two_budgets_for_the_same_people_are_refused(root):
    with (root / "flyball.toml").open("a") as file:
        file.write(BUDGET)
    with pytest.raises(BadInput, match="two budgets are for loans/borrowers"):
        open_deployment(root)
