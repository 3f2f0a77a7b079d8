"""By hand: 3 requests in one minute, 2 of them in one step; two days later they stand in their hour."""

import os
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from flyball.evaluation.objectives.requests import Counted, RequestLog, RequestsUnavailable
from flyball.evaluation.objectives.steps import STEPS_MS, step_of

NOW = datetime(2026, 11, 30, 12, 34, tzinfo=UTC)
DOOR = "POST /v1/decisions"


def minute(at):
    return int(at.timestamp()) // 60 * 60


def one(at=NOW, *, door=DOOR, status=2, step=3, n=1):
    return Counted(minute(at), door, status, step, n)


def all_of(log, now=NOW, days=89, **more):
    return log.read(now - timedelta(days=days), now + timedelta(minutes=1), **more)


def test_steps_are_narrow_and_hold_every_round_number():
    assert all(after / before <= 1.125 + 1e-9 for before, after in pairwise(STEPS_MS))
    assert {1, 5, 10, 50, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 2500, 5000, 30_000} <= set(
        STEPS_MS
    )
    assert STEPS_MS[step_of(300.0)] == 300
    assert STEPS_MS[step_of(300.1)] == 325
    assert step_of(10_000_000.0) == len(STEPS_MS)


def test_what_is_counted_twice_is_added_up_and_doors_can_be_chosen(tmp_path):
    log = RequestLog(tmp_path / "o" / "requests.sqlite")
    log.add([one(), one(step=5)], now=NOW)
    log.add([one(), one(door="GET /v1/models")], now=NOW)
    found = all_of(log, doors=[DOOR])
    assert (found.step.tolist(), found.n.tolist()) == ([3, 5], [2, 1])
    assert all_of(log).n.sum() == 4
    assert log.last() == datetime(2026, 11, 30, 12, 34, tzinfo=UTC)
    assert log.last(doors=["POST /v1/other"]) is None


def test_nothing_was_counted_where_there_is_no_file(tmp_path):
    log = RequestLog(tmp_path / "requests.sqlite")
    assert all_of(log).n.sum() == 0
    assert log.last() is None
    assert not (tmp_path / "requests.sqlite").exists()


def test_minutes_become_hours_and_hours_go_but_nothing_in_the_window_is_lost(tmp_path):
    log = RequestLog(tmp_path / "requests.sqlite")
    for hours in range(100 * 24):
        at = NOW - timedelta(days=100) + timedelta(hours=hours)
        log.add([one(at, n=2), one(at + timedelta(minutes=1))], now=at)
    found = all_of(log)
    assert found.n.sum() == (89 * 24 - 1) * 3  # the hour in which the window begins began before it
    with sqlite3.connect(tmp_path / "requests.sqlite") as database:
        kinds = dict(database.execute("SELECT seconds, COUNT(*) FROM requests GROUP BY seconds"))
    database.close()
    assert kinds[60] <= 50 * 2
    assert kinds[3600] <= 92 * 24


def test_many_writers_lose_nothing(tmp_path):
    path = tmp_path / "requests.sqlite"
    threads = [
        threading.Thread(target=lambda: [RequestLog(path).add([one()], now=NOW) for _ in range(20)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all_of(RequestLog(path)).n.sum() == 80


def test_only_the_owner_may_read_it(tmp_path):
    log = RequestLog(tmp_path / "requests.sqlite")
    log.add([one()], now=NOW)
    assert stat.S_IMODE(os.stat(tmp_path / "requests.sqlite").st_mode) == 0o600


def test_a_damaged_file_is_put_aside_and_said_and_counting_goes_on(tmp_path):
    path = tmp_path / "requests.sqlite"
    path.write_bytes(b"no database at all" * 400)
    log = RequestLog(path)
    with pytest.raises(RequestsUnavailable, match="cannot be used"):
        all_of(log)
    with pytest.raises(RequestsUnavailable):
        log.add([one()], now=NOW)
    log.add([one()], now=NOW)
    assert all_of(log).n.sum() == 1
    assert (tmp_path / "requests.damaged").exists()
