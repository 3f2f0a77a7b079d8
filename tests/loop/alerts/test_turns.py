"""What asks for a turn, that the watcher runs it once, and what happens when it fails."""

from datetime import UTC, datetime, timedelta

import pytest

from flyball.core.errors import BadInput
from flyball.loop.alerts.standing import standing_of
from flyball.loop.asked_turns import answer_asked, ask_for_turn, asked_turns
from flyball.loop.deployment import open_deployment
from flyball.loop.stages.obligations import obligations
from flyball.loop.turn import TurnBusy, run_turn
from flyball.loop.watching import Watcher
from flyball.loop.workshop import Workshop

START = datetime(2026, 11, 30, tzinfo=UTC)
DEPLOYMENT = """
[deployment]
name = "loans"
purpose = "test"
owner = "test"
jurisdictions = ["EU", "DE"]
tags = ["credit-risk", "sector:banking", "high-risk"]
[[source]]
name = "loans"
path = "cases"
[[expert]]
name = "rules"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.05
[alerts]
disk_free_gb = 0
[watch]
MORE
"""
FIELDS = '[[field]]\nkey = "grant"\ntitle = "Grant"\nquestion = "Grant?"\nkind = "flag"\n'
DUTY = """
[[obligation]]
id = "own.new_duty"
title = "A duty that begins on 1 December"
jurisdiction = "EU"
source = { law = "Own policy", article = "1", citation = "https://example.com" }
text = "Test."
effective_from = 2026-12-01
applies_to = { tags = ["credit-risk"] }
read_at = "Written for a test."
gaps = "None."
"""


class Loans:
    def __init__(self, folder, more=""):
        (folder / "flyball.toml").write_text(DEPLOYMENT.replace("MORE", more))
        (folder / "fields.toml").write_text(FIELDS)
        self.now, self.ran, self.fails = START, 0, None
        self.workshop = Workshop(open_deployment(folder), clock=lambda: self.now)
        self.watcher = Watcher(self.workshop, turns=self._turn)

    def _turn(self):
        self.ran += 1
        if self.fails is not None:
            raise self.fails
        ledger = self.workshop.ledger
        answer_asked(ledger, asked_turns(ledger), actor="system:watch", release="r", live=True)
        return "done: live"

    def look(self):
        looked = self.watcher.look()
        self.watcher.wait(20)
        return looked

    def ask(self, key="one"):
        return ask_for_turn(self.workshop.ledger, by="test", why="why", key=key)

    @property
    def asked(self):
        return [one.by for one in asked_turns(self.workshop.ledger)]


@pytest.fixture
def loans(tmp_path):
    made = []

    def make(more=""):
        made.append(Loans(tmp_path, more))
        return made[-1]

    yield make
    for one in made:
        one.watcher.wait(20)
        one.workshop.__exit__(None, None, None)


def test_a_cause_asks_once_however_it_is_worded(loans):
    one = loans()
    first = one.ask()
    assert ask_for_turn(one.workshop.ledger, by="test", why="other words", key="one") == first
    assert one.asked == ["test"]


def test_a_turn_that_is_asked_for_is_run_once(loans):
    one = loans()
    one.ask()
    assert one.look().turn == "began"
    assert one.look().turn == "done: live"
    assert [one.look().turn for _ in range(3)] == [""] * 3
    assert (one.ran, one.asked) == (1, [])


def test_asked_turns_wait_for_people_where_the_watcher_runs_none(loans):
    one = loans("run_turns = false")
    one.ask()
    assert [one.look().turn for _ in range(3)] == [""] * 3
    assert (one.ran, one.asked) == (0, ["test"])


def test_a_turn_that_fails_is_told_and_tried_less_and_less(loans):
    one = loans()
    one.ask()
    one.fails = BadInput("The contract of Mrs Example cannot be read.", fix="Mend it.")
    for _ in range(6 * 60):
        one.look()
        one.now += timedelta(minutes=1)
    assert 4 <= one.ran <= 6  # after 10, 20, 40, 80 and 160 minutes
    alert = standing_of(one.workshop.ledger, one.now).open["turn"]
    assert alert.causes[0].why == "failed: core.bad_input"
    assert "Example" not in str([entry.body for entry in one.workshop.ledger.entries()])
    one.fails = None
    one.now += timedelta(hours=6)
    one.look()
    for _ in range(7):
        one.now += timedelta(minutes=1)
        one.look()
    assert one.asked == []
    assert "turn" not in standing_of(one.workshop.ledger, one.now).open


def test_another_turn_under_way_is_no_failure(loans):
    one = loans()
    one.ask()
    one.fails = TurnBusy("A turn is already under way.", fix="Wait.")
    one.look()
    assert one.look().turn.startswith("busy")
    assert one.asked == ["test"]
    assert "turn" not in standing_of(one.workshop.ledger, one.now).open


def test_a_schedule_asks_once_in_each_period_also_after_restarts(loans):
    one = loans("turn_every_hours = 24")
    for _ in range(4):
        one.look()
        one.watcher = Watcher(one.workshop, turns=one._turn)
        one.now += timedelta(hours=5)
    assert one.ran == 1
    one.now += timedelta(hours=12)
    one.look()
    assert one.ran == 2


def test_a_duty_that_begins_asks_for_a_turn(loans, tmp_path):
    one = loans("run_turns = false")
    (tmp_path / "obligations").mkdir()
    (tmp_path / "obligations" / "own.toml").write_text(DUTY)
    one.look()
    assert one.asked == []  # nothing was ever tested under the duties of today
    run_turn((obligations(),), one.workshop)
    one.now += timedelta(hours=2)
    one.look()
    assert one.asked == []
    one.now = START + timedelta(days=1, hours=1)
    one.look()
    (asked,) = asked_turns(one.workshop.ledger)
    assert asked.by == "obligations"
    assert "own.new_duty" in asked.why
    one.now += timedelta(hours=3)
    one.look()
    assert len(asked_turns(one.workshop.ledger)) == 1
