"""Simulated traffic with known faults, on a clock that the tests move: what is raised, when, how often."""

import json
import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.loop.alerts.alerting import acknowledge, lift_silence, silence
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.asked_turns import asked_turns
from flyball.loop.watching import AlreadyWatched, only_one_watcher

SLO = """
[[slo]]
name = "available"
indicator = "availability"
target = 0.999
[[slo]]
name = "fast"
indicator = "latency"
target = 0.99
under_ms = 500
[alerts]
disk_free_gb = 0
[[alerts.channel]]
name = "log"
kind = "file"
settings = { path = "PATH" }
"""


@pytest.fixture
def talk(house, tmp_path):
    return house(SLO.replace("PATH", str(tmp_path / "told.jsonl")))


def told(house):
    path = house.folder / "told.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def events(house):
    return [(one["event"], one["alert"]) for one in told(house)]


def test_an_outage_pages_once_within_two_minutes_and_is_over_minutes_after_it_ends(talk):
    assert talk.pass_(120, look_every=5) == []
    during = talk.pass_(10, good=0, bad=60)
    assert [one[1:] for one in during] == [("raised", "available", "page")]
    assert during[0][0] <= 2
    after = talk.pass_(60)
    assert [one[1:] for one in after] == [
        ("raised", "available-budget", "ticket"),
        ("resolved", "available", "page"),
    ]
    assert after[1][0] <= 40  # the shorter window of the second rule, and five minutes
    assert events(talk)[0] == ("raised", "available")
    assert events(talk)[-1] == ("resolved", "available")
    raised = told(talk)[0]
    assert raised["runbook"] == "availability"
    assert raised["headline"] == "[PAGE] talk: available"
    assert len({one["dedup_key"] for one in told(talk) if one["alert"] == "available"}) == 1


@pytest.mark.slow
def test_thirty_days_of_sound_traffic_tell_nobody_anything(talk):
    assert talk.pass_(30 * 1440, good=20, bad=0, look_every=30) == []
    assert events(talk) == []
    assert 60 <= len(talk.entries("slo.measured")) <= 64  # two objectives a day, and a change of side


def test_a_restart_tells_nothing_twice_and_forgets_nothing(talk):
    talk.pass_(10, good=0, bad=60)
    for _ in range(3):
        talk.restart()
        talk.pass_(1, good=0, bad=60)
    assert events(talk) == [("raised", "available")]
    talk.restart()
    talk.pass_(60)
    assert [one for one in events(talk) if one[1] == "available"] == [
        ("raised", "available"),
        ("resolved", "available"),
    ]


def test_one_reminder_every_four_hours_until_somebody_acknowledges(talk):
    talk.pass_(9 * 60, good=0, bad=6, look_every=5)
    assert [one[0] for one in events(talk)] == ["raised", "reminded", "reminded"]
    acknowledge(talk.workshop.ledger, "available", by="person:anna", now=talk.now)
    talk.pass_(9 * 60, good=0, bad=6, look_every=5)
    assert [one[0] for one in events(talk)] == ["raised", "reminded", "reminded", "acknowledged"]
    assert told(talk)[-1]["by"] == "person:anna"
    (alert,) = alerts_of(talk.workshop.ledger, talk.now)
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "person:anna")


def test_silenced_alerts_are_raised_and_told_to_nobody_until_the_silence_ends(talk):
    ledger = talk.workshop.ledger
    until = talk.now + timedelta(hours=2)
    silence(ledger, "avail*", until=until, by="person:anna", why="moving house", now=talk.now)
    talk.pass_(60, good=0, bad=60, look_every=5)
    assert events(talk) == []
    (alert,) = alerts_of(ledger, talk.now)
    assert (alert.state, alert.silenced_by) == ("silenced", "person:anna")
    talk.pass_(65, good=0, bad=60, look_every=5)
    assert events(talk) == [("reminded", "available")]


def test_a_silence_can_be_lifted_and_needs_a_reason_and_an_end(talk):
    ledger, now = talk.workshop.ledger, talk.now
    with pytest.raises(BadInput, match="needs a reason"):
        silence(ledger, "x", until=now + timedelta(hours=1), by="person:anna", why=" ", now=now)
    with pytest.raises(BadInput, match="ends after now and within a year"):
        silence(ledger, "x", until=now, by="person:anna", why="why", now=now)
    silence(ledger, "available", until=now + timedelta(days=3), by="person:anna", why="why", now=now)
    talk.pass_(10, good=0, bad=60)
    lift_silence(ledger, "available", by="person:ben", now=talk.now)
    talk.pass_(1, good=0, bad=60)
    assert events(talk) == [("reminded", "available")]
    with pytest.raises(UnknownName, match="Known: none"):
        lift_silence(ledger, "available", by="person:ben", now=talk.now)


def test_nobody_is_told_again_and_again_where_no_channel_is_configured(house):
    alone = house(SLO.partition("[[alerts.channel]]")[0])
    alone.pass_(60, good=0, bad=60)
    assert len(alone.entries("alert.raised")) == 1


def test_when_traffic_stops_an_open_alert_stays_and_none_is_raised(talk):
    talk.pass_(10, good=0, bad=60)
    talk.pass_(12 * 60, good=0, bad=0, look_every=10)
    assert "available" in standing_of(talk.workshop.ledger, talk.now).open
    assert ("resolved", "available") not in events(talk)


def test_when_nothing_comes_at_all_an_objective_can_say_so(house, tmp_path):
    quiet = SLO.replace("target = 0.999", "target = 0.999\nquiet_minutes = 30")
    talk = house(quiet.replace("PATH", str(tmp_path / "told.jsonl")))
    talk.pass_(60)
    seen = talk.pass_(60, good=0)
    assert [one[:3] for one in seen] == [(29, "raised", "available")]
    assert "no request for 30 minutes" in told(talk)[0]["causes"][0]["why"]


def test_a_clock_that_jumps_neither_raises_nor_resolves_by_itself(talk):
    talk.pass_(60)
    talk.now += timedelta(days=2)
    assert talk.watcher.look().raised == ()
    talk.now -= timedelta(days=2)
    assert talk.pass_(10) == []
    talk.pass_(10, good=0, bad=60)
    talk.now -= timedelta(hours=5)
    looked = talk.watcher.look()
    assert (looked.raised, looked.resolved, looked.open) == ((), (), 1)


def test_objectives_of_one_group_make_one_alert_that_grows(house, tmp_path):
    text = (
        SLO.replace("PATH", str(tmp_path / "told.jsonl"))
        .replace("target = 0.999", 'target = 0.999\ngroup = "gateway"')
        .replace("target = 0.99\n", 'target = 0.99\ngroup = "gateway"\n')
    )
    talk = house(text)
    talk.pass_(60)
    talk.pass_(10, good=0, bad=60)
    talk.pass_(12, good=60, ms=2000.0)
    first, grown = [one for one in told(talk) if one["alert"] == "gateway"]
    assert [one["name"] for one in first["causes"]] == ["slo/available"]
    assert sorted(one["name"] for one in grown["causes"]) == ["slo/available", "slo/fast"]
    assert standing_of(talk.workshop.ledger, talk.now).open["gateway"].severity == "page"


def test_an_alert_asks_for_a_turn_once(house, tmp_path):
    text = SLO.replace("PATH", str(tmp_path / "told.jsonl")).replace(
        "target = 0.999", "target = 0.999\nstarts_turn = true"
    )
    talk = house(text)
    talk.pass_(30, good=0, bad=60)
    (asked,) = asked_turns(talk.workshop.ledger)
    assert asked.by == "alert:available"
    assert "times as fast as it may be" in asked.why


def test_what_an_objective_that_is_gone_had_raised_is_over(talk, tmp_path):
    talk.pass_(10, good=0, bad=60)
    (talk.folder / "flyball.toml").write_text(
        (talk.folder / "flyball.toml").read_text().replace('name = "available"', 'name = "other"')
    )
    from flyball.loop.deployment import open_deployment

    talk.workshop.deployment = open_deployment(talk.folder)
    talk.restart()
    talk.pass_(10)
    assert "available" not in standing_of(talk.workshop.ledger, talk.now).open


def test_two_watchers_do_not_double(talk):
    with only_one_watcher(talk.workshop.state):
        done = subprocess.run(
            [sys.executable, "-m", "flyball", "watch", "--once", "-d", str(talk.folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 3
        assert "loop.already_watched" in done.stderr
        with pytest.raises(AlreadyWatched), only_one_watcher(talk.workshop.state):
            pass


def test_a_look_that_breaks_is_told_and_the_others_go_on(talk, monkeypatch):
    talk.requests(60)
    (talk.workshop.state / "objectives" / "requests.sqlite").write_bytes(b"broken" * 1000)
    (alert,) = talk.watcher.look().raised  # nobody would hear of anything about these objectives
    assert [(one.name, one.why) for one in alert.causes] == [
        ("slo/available/unread", "evaluation.requests_unavailable"),
        ("slo/fast/unread", "evaluation.requests_unavailable"),
    ]
    monkeypatch.setattr(
        "flyball.loop.money.spending_of", lambda workshop: (_ for _ in ()).throw(RuntimeError("secret words"))
    )
    monkeypatch.setattr(
        "flyball.loop.alerts.conditions.money.spending_of",
        lambda workshop: (_ for _ in ()).throw(RuntimeError("secret words")),
    )
    for _ in range(6):  # another cause of the same alert is told five minutes later
        talk.now += timedelta(minutes=1)
        talk.watcher.look()
    assert "secret words" not in json.dumps(told(talk))
    assert ("watch/money", "RuntimeError") in [
        (cause["name"], cause["why"]) for one in told(talk) for cause in one["causes"]
    ]


def test_one_objective_that_breaks_keeps_no_other_from_paging(talk, monkeypatch):
    from flyball.loop.alerts.conditions import slo

    measure = slo.measure_objectives
    monkeypatch.setattr(
        slo,
        "measure_objectives",
        lambda *args, names: 1 / 0 if names == ("fast",) else measure(*args, names=names),
    )
    seen = talk.pass_(3, good=0, bad=60)
    assert {one[2] for one in seen} == {"available", "watch"}


def test_it_stops_when_it_is_told_to(talk):
    stop = threading.Event()
    thread = threading.Thread(target=talk.watcher.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_full_disk_is_told_before_it_is_full(house, tmp_path):
    talk = house("[alerts]\ndisk_free_gb = 1e9\n")
    talk.watcher.look()
    (alert,) = alerts_of(talk.workshop.ledger, talk.now)
    assert (alert.name, alert.severity, alert.runbook) == ("disk", "page", "disk")


def test_a_ledger_that_was_changed_behind_its_back_is_told(talk):
    talk.pass_(1)
    talk.watcher.wait(30)
    with sqlite3.connect(talk.workshop.state / "ledger.sqlite") as database:
        leaf = database.execute("SELECT leaf FROM ledger_entries WHERE idx = 0").fetchone()[0]
        database.execute("DROP TRIGGER ledger_no_update")
        database.execute("UPDATE ledger_entries SET leaf = ? WHERE idx = 0", (leaf.replace(b"met", b"mat"),))
    database.close()
    talk.now += timedelta(hours=25)
    talk.watcher.look()
    talk.watcher.wait(30)
    talk.watcher.look()
    assert "ledger" in standing_of(talk.workshop.ledger, talk.now).open
