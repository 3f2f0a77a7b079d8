"""A ledger, and budgets in it."""

import pytest

from flyball.data.privacy.differential import Budget, Declaration
from flyball.ledger import load_or_create_key, open_ledger

NAME = "example.com/private"


@pytest.fixture
def opened(tmp_path):
    """Open the ledger of this test, as often as wanted."""
    ledgers = []

    def again():
        key = load_or_create_key(tmp_path / "key.pem", name=NAME)
        ledgers.append(
            open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=key, anchor=tmp_path / "anchor")
        )
        return ledgers[-1]

    yield again
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def budget(opened):
    """Make a budget: dataset loans, group applicants, unless told otherwise."""
    ledger = opened()

    def made(**terms):
        given = {"dataset": "loans", "group": "applicants", "unit": "one loan", "epsilon": 1.0, **terms}
        return Budget(Declaration(**given), ledger)

    return made
