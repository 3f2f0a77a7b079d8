"""What only PostgreSQL has: passwords that must not be shown. (The common promises: tests/contracts.)"""

import pytest

from flyball.ledger.errors import BadLedgerUrl, LedgerUnavailable
from flyball.ledger.opening import open_ledger
from flyball.ledger.stores.postgresql import postgresql


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@host/database?nonsense=1",
        "postgresql://user:secret@[host/database",
        "postgresql://user:sec%ZZret@host/database",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_quoting_it(url):
    with pytest.raises(BadLedgerUrl) as caught:
        postgresql(url)
    assert "sec" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_away_is_named_without_the_password(tmp_path):
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger(f"postgresql://user:secret@/database?host={tmp_path}", origin="example.com/x")
    assert caught.value.message.startswith(f"postgresql://{tmp_path}:5432/database cannot be used:")
    assert "secret" not in str(caught.value) + str(caught.value.__cause__) + repr(caught.value.values)
    assert caught.value.retry


def test_the_place_leaves_out_user_and_password():
    store = postgresql("postgresql://user:secret@db.example.com:5433/ledger")
    assert store.place == "postgresql://db.example.com:5433/ledger"
    assert "secret" not in repr(store)
