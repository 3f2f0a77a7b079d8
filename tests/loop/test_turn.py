"""By hand: a.txt "ab", b.txt "c": upper gives AB, join ABc, count 3."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flyball.ledger.verify import verify_ledger
from flyball.loop.plan import make_plan
from flyball.loop.turn import TurnBusy, only_one_turn, run_turn

sys.path.insert(0, str(Path(__file__).parent))
from toy_stages import toy_stages, workshop_in


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text("ab")
    (tmp_path / "b.txt").write_text("c")
    return tmp_path


def ran(folder):
    log = folder / "ran.log"
    return log.read_text().split() if log.exists() else []


def turn(folder):
    with workshop_in(folder) as workshop:
        return run_turn(toy_stages(folder), workshop)


def plan(folder):
    with workshop_in(folder) as workshop:
        return make_plan(toy_stages(folder), workshop)


def test_the_first_turn_runs_everything_and_the_second_nothing(folder):
    assert turn(folder).outputs["count"] == {"n": 3}
    assert ran(folder) == ["upper", "join", "count"]
    second = turn(folder)
    assert [one.ran for one in second.stages] == [False, False, False]
    assert second.outputs["count"] == {"n": 3}
    assert ran(folder) == ["upper", "join", "count"]


def test_a_changed_input_runs_only_what_depends_on_it_and_the_plan_says_why(folder):
    turn(folder)
    (folder / "b.txt").write_text("cd")
    planned = plan(folder)
    assert [(one.stage, one.action) for one in planned.stages] == [
        ("upper", "skip"),
        ("join", "run"),
        ("count", "run"),
    ]
    assert planned.stages[1].why == "changed: file b.txt"
    assert planned.stages[1].changed == ("file b.txt",)
    turn(folder)
    assert ran(folder)[3:] == ["join", "count"]


def test_a_stage_whose_inputs_come_out_the_same_is_not_run_although_its_upstream_was(folder):
    turn(folder)
    (folder / "a.txt").write_text("ab\n")  # another file, the same text
    assert [one.ran for one in turn(folder).stages] == [True, False, False]


def test_taking_a_change_back_needs_no_work_at_all(folder):
    turn(folder)
    (folder / "b.txt").write_text("cd")
    turn(folder)
    (folder / "b.txt").write_text("c")
    assert plan(folder).to_run == ()
    assert turn(folder).outputs["count"] == {"n": 3}


def test_a_damaged_result_is_made_again(folder):
    turn(folder)
    (damaged,) = (folder / ".flyball" / "memo" / "join").glob("*.json")
    damaged.write_bytes(damaged.read_bytes()[:-10])
    assert plan(folder).to_run == ("join", "count")
    assert turn(folder).outputs["count"] == {"n": 3}
    assert ran(folder)[3:] == ["join"]


def test_every_run_stands_in_the_ledger_once(folder):
    turn(folder)
    turn(folder)
    with workshop_in(folder) as workshop:
        entries = list(workshop.ledger.entries(kind="turn.stage"))
    assert [entry.body["stage"] for entry in entries] == ["upper", "join", "count"]


def test_two_turns_at_once_are_refused_with_try_again(folder):
    with (
        only_one_turn(folder / ".flyball"),
        pytest.raises(TurnBusy, match="A turn is already under way") as caught,
    ):
        turn(folder)
    assert (caught.value.exit_code, caught.value.retry) == (3, True)
    assert turn(folder).outputs["count"] == {"n": 3}


CHILD = """
import sys; sys.path.insert(0, {tests!r})
from pathlib import Path
from toy_stages import toy_stages, workshop_in
from flyball.loop.turn import run_turn
folder = Path({folder!r})
with workshop_in(folder) as workshop:
    run_turn(toy_stages(folder, pause=0.15), workshop)
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_anywhere_the_next_turn_goes_on_and_repeats_no_finished_stage(folder, after):
    code = CHILD.format(tests=str(Path(__file__).parent), folder=str(folder))
    child = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 30
    while len(ran(folder)) < after and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.005)
    time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    before = ran(folder)
    assert turn(folder).outputs["count"] == {"n": 3}
    # A stage may be repeated only if it was killed before its result was kept: at most the last one.
    again = ran(folder)[len(before) :]
    assert set(before[:-1]).isdisjoint(again)
    with workshop_in(folder) as workshop:
        entries = [entry.body["stage"] for entry in workshop.ledger.entries(kind="turn.stage")]
        workshop.ledger.checkpoint()
        assert verify_ledger(workshop.ledger).ok
    assert sorted(entries) == ["count", "join", "upper"]
