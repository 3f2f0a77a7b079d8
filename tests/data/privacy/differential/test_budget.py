"""Budgets, by hand.

A budget of epsilon 1 with delta 0 pays ten releases of 0.1 and no eleventh. With delta 1e-6, four releases of
0.25 cost less than epsilon 1, because rhos add up and grow with about the square of epsilon: four times a
sixteenth is a quarter of rho(1), which is worth an epsilon of about a half.
"""

import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.data.privacy.differential import Budget, Declaration, protect, statement
from flyball.data.privacy.differential.errors import (
    BadPrivateQuery,
    BudgetChanged,
    BudgetExhausted,
    BudgetUnreadable,
)
from flyball.ledger import verify_ledger
from flyball.ledger.errors import LedgerRewritten

CHILD = Path(__file__).with_name("drawing.py")


def draw(budget, epsilon=0.1, **more):
    return budget.reserve("count", epsilon=epsilon, mechanism="test", bounds="none", **more)


def started(folder, *arguments):
    process = subprocess.Popen(
        [sys.executable, CHILD, folder, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def altered(tmp_path, *statements):
    """Do to the database what only someone with its file can do."""
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_update")
        database.execute("DROP TRIGGER ledger_no_delete")
        for one in statements:
            assert database.execute(one).rowcount > 0
    database.close()


def test_ten_tenths_are_paid_and_not_one_more(budget):
    loans = budget()
    for _ in range(10):
        draw(loans)
    with pytest.raises(BudgetExhausted) as caught:
        draw(loans, 0.0001)
    assert str(caught.value) == (
        "[privacy.budget_exhausted] The privacy budget of loans/applicants has epsilon 0 left of 1 for "
        "one more release, and this one asks for 0.0001. Ask for less, or do without: what was learned "
        "cannot be unlearned."
    )
    assert caught.value.exit_code == 1
    assert loans.statement()["epsilon_spent"] == 1.0


def test_a_refused_release_costs_nothing(budget):
    loans = budget()
    draw(loans, 0.6)
    with pytest.raises(BudgetExhausted):
        draw(loans, 0.5)
    draw(loans, 0.4)


def test_one_release_may_take_the_whole_budget(budget):
    for delta in (0.0, 1e-6):
        whole = budget(delta=delta, epsilon=0.7, group=f"delta {delta}")
        draw(whole, 0.7)
        assert whole.statement()["epsilon_spent"] == pytest.approx(0.7, rel=1e-5)
        with pytest.raises(BudgetExhausted):
            draw(whole, 0.0001 if not delta else 0.001)


def test_under_zcdp_four_quarters_cost_less_than_one(budget):
    loans = budget(delta=1e-6)
    for _ in range(4):
        draw(loans, 0.25)
    told = loans.statement()
    assert 0.5 < told["epsilon_spent"] < 0.55
    assert told["delta_spent"] == 5e-7
    assert told["remaining"] > 0.8


def test_half_of_delta_pays_for_unknown_keys_and_no_more(budget):
    loans = budget(delta=1e-6)
    draw(loans, 0.1, delta=4e-7)
    assert loans.statement()["delta_spent"] == pytest.approx(9e-7)
    with pytest.raises(BudgetExhausted, match="with delta 2e-07"):
        draw(loans, 0.1, delta=2e-7)


def test_every_group_of_every_dataset_has_its_own(budget):
    draw(budget(), 1.0)
    draw(budget(group="guarantors"), 1.0)
    draw(budget(dataset="cards"), 1.0)
    with pytest.raises(BudgetExhausted):
        draw(budget(), 0.1)


def test_what_is_spent_survives_a_restart(opened):
    declared = Declaration("loans", "applicants", "one loan", epsilon=1.0)
    ledger = opened()
    draw(Budget(declared, ledger), 0.9)
    ledger.close()
    with pytest.raises(BudgetExhausted):
        draw(Budget(declared, opened()), 0.2)


def test_two_processes_at_once_cannot_overdraw(opened, tmp_path):
    """Three processes want 20 times 0.05 each; the budget pays 20 in all."""
    ledger = opened()
    processes = [started(tmp_path, "spend", "0.05", "20") for _ in range(3)]
    for process in processes:
        go(process)
    paid = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(paid) == 20
    told = Budget(Declaration("loans", "applicants", "one loan", epsilon=1.0), ledger).statement()
    assert told["epsilon_spent"] == 1.0
    assert [line["number"] for line in told["releases"]] == list(range(1, 21))
    assert verify_ledger(ledger).ok


def test_killed_between_reservation_and_release_it_is_spent(opened, tmp_path):
    ledger = opened()
    process = started(tmp_path, "hang")
    go(process)
    assert process.stdout.readline() == "reserved\n"
    process.kill()  # SIGKILL
    process.communicate(timeout=30)
    loans = Budget(Declaration("loans", "applicants", "one loan", epsilon=1.0), ledger)
    told = loans.statement()
    assert told["epsilon_spent"] == 0.4
    assert [(line["query"], line["state"]) for line in told["releases"]] == [("never answered", "reserved")]
    with pytest.raises(BudgetExhausted):
        draw(loans, 0.7)


def test_an_answer_that_fails_is_spent(budget):
    loans = budget()

    def fails(rows, spend):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        protect(pa.table({"a": [1]}), loans).release("x", fails, epsilon=0.3, mechanism="m", bounds="b")
    assert loans.statement()["epsilon_spent"] == 0.3


@pytest.mark.parametrize(
    ("looser", "name"),
    [
        ({"epsilon": 2.0}, "epsilon"),
        ({"delta": 1e-6}, "delta"),
        ({"unit": "one letter"}, "unit"),
        ({"unit_column": "id"}, "unit_column"),
        ({"unit_column": "id", "rows_per_unit_at_most": 2}, "rows_per_unit_at_most"),
    ],
)
def test_the_terms_of_a_budget_cannot_be_loosened_once_it_was_drawn_on(budget, looser, name):
    draw(budget())
    with pytest.raises(BudgetChanged, match=f"is declared with {name} = "):
        draw(budget(**looser))


def test_a_budget_may_be_tightened(budget):
    draw(budget(), 0.5)
    with pytest.raises(BudgetExhausted):
        draw(budget(epsilon=0.6), 0.2)
    draw(budget(epsilon=0.6), 0.1)
    with pytest.raises(BudgetChanged):
        draw(budget(), 0.1)  # and not loosened again


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entries SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"loss\":100000000000', "
        "'\"loss\":1') AS BLOB) WHERE idx = 1",
        "UPDATE ledger_entries SET leaf = CAST('not json' AS BLOB) WHERE idx = 1",
        "UPDATE ledger_entries SET kind = 'other' WHERE idx = 1",
        "UPDATE ledger_entries SET kind = 'other' WHERE idx = 2",
        "DELETE FROM ledger_entries WHERE idx = 1",
        "DELETE FROM ledger_entries WHERE idx = 2",
        "UPDATE ledger_entries SET leaf_hash = zeroblob(32) WHERE idx = 0",
    ],
)
def test_whatever_is_altered_counts_as_spent(budget, tmp_path, change):
    loans = budget()
    for _ in range(3):
        draw(loans)
    ledger = loans._ledger
    altered(tmp_path, change)
    with pytest.raises(BudgetUnreadable, match="counts as spent"):
        draw(Budget(loans.declaration, ledger))


def test_a_ledger_cut_back_to_before_a_release_is_not_opened(budget, opened, tmp_path):
    loans = budget()
    draw(loans)
    altered(tmp_path, "DELETE FROM ledger_entries", "DELETE FROM ledger_checkpoints")
    with pytest.raises(LedgerRewritten):
        opened()


def test_the_statement_shows_every_budget_and_every_release(budget, opened):
    loans = budget()
    reservation = draw(loans, 0.25)
    loans.settle(reservation, "sha256:abc")
    other = Declaration("cards", "holders", "one person", epsilon=3.0, delta=1e-6)
    told = statement([loans.declaration, other], opened())
    assert told["ok"] is True
    first, second = told["budgets"]
    (release,) = first.pop("releases")
    assert first == {
        "dataset": "loans",
        "group": "applicants",
        "unit": "one loan",
        "rows_per_unit_at_most": 1,
        "unit_column": "",
        "neighbouring": "add_remove",
        "epsilon_limit": 1.0,
        "delta_limit": 0.0,
        "composition": "basic composition of pure differential privacy",
        "epsilon_spent": 0.25,
        "delta_spent": 0.0,
        "remaining": 0.75,
        "declared": True,
    }
    assert (release["epsilon"], release["state"], release["digest"]) == (0.25, "released", "sha256:abc")
    assert (second["epsilon_spent"], second["releases"]) == (0.0, [])
    assert second["remaining"] == pytest.approx(3.0, rel=1e-6)


def test_an_unreadable_budget_is_shown_as_spent(budget, opened, tmp_path):
    loans = budget()
    draw(loans)
    ledger = opened()
    altered(tmp_path, "UPDATE ledger_entries SET leaf_hash = zeroblob(32) WHERE idx = 0")
    told = statement([loans.declaration], ledger)
    assert told["ok"] is False
    (shown,) = told["budgets"]
    assert (shown["epsilon_spent"], shown["remaining"]) == (1.0, 0.0)
    assert shown["code"] == "privacy.budget_unreadable"


@pytest.mark.parametrize(
    "terms",
    [
        {"unit": ""},
        {"delta": 0.5},
        {"delta": -1e-9},
        {"rows_per_unit_at_most": 0},
        {"rows_per_unit_at_most": 2},
        {"rows_per_unit_at_most": 1.5, "unit_column": "id"},
        {"rows_per_unit_at_most": math.nan, "unit_column": "id"},
        {"epsilon": math.nan},
        {"epsilon": math.inf},
        {"delta": math.nan},
        {"neighbouring": "replace"},
        {"epsilon": 0.0},
    ],
)
def test_a_declaration_without_sense_is_refused(budget, terms):
    with pytest.raises(BadPrivateQuery):
        budget(**terms)
