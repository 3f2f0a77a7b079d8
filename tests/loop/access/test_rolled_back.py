"""Each act is under a signature when its command ends, so that an older copy of the ledger cannot undo it."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from flyball.cli.main import build
from flyball.core.errors import Refused
from flyball.gateway.access.break_glass import break_glass, end_emergency
from flyball.ledger.errors import LedgerRewritten
from flyball.loop.access_reviews import review_access
from flyball.loop.erasure import erase
from flyball.loop.permission import approve_request


def unsigned(bank):
    """Return how many entries stand behind the last checkpoint."""
    with bank.open() as workshop:
        return workshop.ledger.size() - workshop.ledger.checkpoints()[-1].size


@pytest.fixture
def give(bank, monkeypatch, capsys):
    monkeypatch.chdir(bank.root)

    def given(*words):
        build(words[0])(args=list(words), prog_name="flyball", standalone_mode=False)
        return capsys.readouterr().out

    return given


def test_emergencies_reviews_second_signatures_and_erasures_end_signed(bank):
    bank.say('\n[access]\ntwo_people = ["erase"]\n')
    bank.load()
    with bank.open("anna") as workshop:
        entry = break_glass(workshop, person="anna", reason="Payments are stuck", hours=1.0).emergency.entry
        end_emergency(workshop, entry)
    assert unsigned(bank) == 0
    with bank.open("ben") as workshop:
        review_access(workshop, entry, person="ben", comment="Only as reported")
    assert unsigned(bank) == 0
    about = {"person": "anna", "reason": "Request 2026-118"}
    with bank.open("anna") as workshop, pytest.raises(Refused, match="Two people"):
        erase(workshop, "40003", **about)
    with bank.open("ben") as workshop:
        digest = next(iter(workshop.ledger.entries("access.asked"))).body["digest"]
        approve_request(workshop, digest, person="ben")
    assert unsigned(bank) == 0
    with bank.open("anna") as workshop:
        assert erase(workshop, "40003", **about).complete
    assert unsigned(bank) == 0


def test_a_revoked_key_does_not_come_back_with_an_older_copy_of_the_ledger(bank, give):
    give("key", "create", "app", "--scope", "decisions", "--as", "anna")
    state = bank.root / ".flyball"
    with bank.open() as workshop:
        id = str(next(iter(workshop.ledger.entries("access.key"))).body["id"])
    with closing(sqlite3.connect(state / "ledger.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(state / "ledger.sqlite", state / "older")
    give("key", "revoke", id, "--as", "ben")
    assert unsigned(bank) == 0
    for path in state.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(state / "older", state / "ledger.sqlite")
    with pytest.raises(LedgerRewritten), bank.open() as workshop:
        workshop.ledger.size()
