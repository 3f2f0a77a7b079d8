"""A bank with 14 accounts of 7 customers, three people who may sign, and a clock that a test moves."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.people import make_person, person_entry
from flyball.loop.sources import find_source
from flyball.loop.syncing import sync_source
from flyball.loop.workshop import Workshop

START = datetime(2026, 11, 30, 9, tzinfo=UTC)
CONTRACT = """
subject = "customer"
[[column]]
name = "account"
type = "string"
[[column]]
name = "customer"
type = "int64"
labels = ["personal-data"]
treatment = "keep"
"""
SOURCE = """
[[source]]
name = "core"
url = "sqlite:///core.db"
[[source.stream]]
name = "accounts"
key = ["account"]
contract = "accounts.toml"
"""
KINDS = {"anna": '"erase", "hold", "release"', "ben": '"hold", "release", "erase"', "cleo": '"release"'}


class Bank:
    """The deployment, opened anew for each act, as commands do."""

    def __init__(self, root):
        self.root, self.now = root, START

    def pass_time(self, **more):
        self.now += timedelta(**more)

    def open(self, person=""):
        actor = f"person:{person}" if person else "user:t"
        return Workshop(open_deployment(self.root), clock=lambda: self.now, actor=actor)

    def say(self, text):
        with (self.root / "flyball.toml").open("a") as file:
            file.write(text)

    def list_people(self, kinds=None, **more):
        """Write people.toml; `more` are lines after an entry."""
        kinds = KINDS if kinds is None else kinds
        text = ""
        for id, may in kinds.items():
            text += f"{person_entry(make_person(id), name=id, role='Officer')}kinds = [{may}]\n"
            text += more.get(id, "")
        (self.root / "people.toml").write_text(text)

    def fill(self, accounts=14):
        with sqlite3.connect(self.root / "core.db") as core:
            core.execute("drop table if exists accounts")
            core.execute("create table accounts (account text primary key, customer integer)")
            rows = [(f"A{n:03}", 40_000 + n % 7) for n in range(accounts)]
            core.executemany("insert into accounts values (?, ?)", rows)
        core.close()

    def load(self, accounts=14):
        self.fill(accounts)
        with self.open() as workshop:
            return list(sync_source(workshop, find_source(workshop.deployment, "core")))

    def kinds(self):
        with self.open() as workshop:
            return [one.kind for one in workshop.ledger.entries()]


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    root = init_deployment("contract-review", tmp_path / "bank")
    (root / "accounts.toml").write_text(CONTRACT)
    made = Bank(root)
    made.say(SOURCE)
    made.list_people()
    return made
