"""Budgets stand in flyball.toml and are spent in the deployment's own ledger."""

import tomllib
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import write_snapshot
from flyball.data.privacy.differential import count, protect
from flyball.data.privacy.differential.errors import BudgetExhausted
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.privacy_budgets import budgets_of, open_budget, open_private_table
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


def kept(workshop, dataset, table, parents=()):
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        return write_snapshot(catalogue, dataset, table, parents=parents, card={}).digest


def test_the_rows_of_a_dataset_are_asked_through_its_budget(root):
    with Workshop(open_deployment(root)) as workshop:
        kept(workshop, "loans", pa.table({"x": range(50)}))
        private = open_private_table(workshop, "loans", "borrowers")
        assert private.rows.num_rows == 50
        count(private, epsilon=0.75)
        with pytest.raises(BudgetExhausted):
            count(open_private_table(workshop, "loans", "borrowers"), epsilon=0.5)
        with pytest.raises(UnknownName, match="loans/everybody"):
            open_private_table(workshop, "loans", "everybody")


def test_a_dataset_made_from_another_has_no_budget_of_its_own(root):
    with (root / "flyball.toml").open("a") as file:
        file.write(BUDGET.replace('"loans"', '"young"'))
    with Workshop(open_deployment(root)) as workshop:
        loans = kept(workshop, "loans", pa.table({"x": range(50)}))
        kept(workshop, "young", pa.table({"x": range(40)}), parents=[loans])
        with pytest.raises(Refused, match="was made from loans, and has no privacy budget of its own"):
            open_private_table(workshop, "young", "borrowers")


def test_a_budget_under_another_name_leaves_what_was_spent_in_sight(root):
    with Workshop(open_deployment(root)) as workshop:
        count(protect(pa.table({"x": [1]}), open_budget(workshop, "loans", "borrowers")), epsilon=0.75)
    text = (root / "flyball.toml").read_text()
    (root / "flyball.toml").write_text(text.replace('dataset = "loans"', 'dataset = "credits"'))
    with Workshop(open_deployment(root)) as workshop:
        fresh, spent = budgets_of(workshop)["budgets"]
    assert (fresh["dataset"], fresh["declared"], fresh["epsilon_spent"]) == ("credits", True, 0.0)
    assert (spent["dataset"], spent["declared"], spent["epsilon_spent"]) == ("loans", False, 0.75)
    assert (spent["unit"], spent["epsilon_limit"], len(spent["releases"])) == ("one loan", 1.0, 1)
