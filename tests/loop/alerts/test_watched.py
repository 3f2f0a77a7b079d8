"""Who notices that the watcher itself is gone, and what it makes of what lies beside the ledger."""

import logging
from datetime import timedelta

import pytest
import servers

from flyball.core.errors import BadInput
from flyball.loop.alerts.heartbeat import Heartbeat
from flyball.loop.alerts.settings import HeartbeatSettings
from flyball.loop.alerts.standing import standing_of
from flyball.loop.egress import egress_of
from flyball.loop.watched import Kept, last_look, read_kept

BEAT = """
[alerts]
disk_free_gb = 0
[watch.heartbeat]
url = { env = "PING" }
host = "HOST"
"""


@pytest.fixture
def monitor(monkeypatch):
    server = servers.Hook()
    monkeypatch.setenv("PING", server.url)
    yield server
    server.shutdown()
    server.server_close()


def watched(house, server, more=""):
    return house(BEAT.replace("HOST", server.url.split("/")[2]) + more)


def test_the_outside_monitor_hears_of_every_look_that_went_well(house, monitor):
    talk = watched(house, monitor)
    talk.pass_(3)
    assert [path for path, _, _ in monitor.got] == ["/hook"] * 3
    assert all(body == b"" for _, _, body in monitor.got)


def test_it_hears_nothing_of_a_look_that_broke(house, monitor, monkeypatch):
    talk = watched(house, monitor)
    monkeypatch.setattr("flyball.loop.watching.raise_and_resolve", lambda *args, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        talk.watcher.look()
    assert monitor.got == []


def test_it_hears_nothing_where_no_channel_takes_a_message_because_it_is_the_last_that_can_tell(
    house, monitor
):
    refusing = servers.Hook(*[403] * 100)
    more = (
        '[[alerts.channel]]\nname = "ops"\nkind = "webhook"\n'
        f'settings = {{ url = "{refusing.url}", secret = {{ env = "PING" }} }}\n'
        '[[slo]]\nname = "available"\nindicator = "availability"\ntarget = 0.999\n'
    )
    talk = watched(house, monitor, more)
    talk.pass_(2)
    assert len(monitor.got) == 2
    talk.pass_(5, good=0, bad=60)
    assert standing_of(talk.workshop.ledger, talk.now).failing.keys() == {"ops"}
    before = len(monitor.got)
    talk.pass_(3, good=0, bad=60)
    assert len(monitor.got) == before
    refusing.shutdown()
    refusing.server_close()


def test_a_monitor_that_does_not_answer_is_told_after_three_looks_and_no_address_is(house, monitor, caplog):
    talk = watched(house, monitor)
    monitor.statuses = [500] * 10
    with caplog.at_level(logging.WARNING):
        talk.pass_(2)
        assert standing_of(talk.workshop.ledger, talk.now).open == {}
        talk.pass_(3)
    (alert,) = standing_of(talk.workshop.ledger, talk.now).open.values()
    assert [(one.name, one.why) for one in alert.causes] == [("watch/heartbeat", "loop.not_delivered")]
    assert "/hook" not in caplog.text
    monitor.statuses = []
    talk.pass_(8)
    assert standing_of(talk.workshop.ledger, talk.now).open == {}


def test_an_address_that_lies_elsewhere_than_listed_is_not_asked(monitor):
    beat = Heartbeat(HeartbeatSettings(url={"env": "PING"}, host="hc-ping.com"))
    assert [beat.beat() for _ in range(3)] == ["", "", BadInput.code]
    assert monitor.got == []


def test_the_host_of_the_monitor_is_listed_as_egress(house, monitor):
    talk = watched(house, monitor)
    settings = [one.setting for one in egress_of(talk.workshop.deployment.settings)]
    assert "watch.heartbeat host" in settings


def test_everybody_can_see_when_it_last_looked(house):
    talk = house("[alerts]\ndisk_free_gb = 0\n")
    assert last_look(talk.workshop) is None
    talk.watcher.look()
    talk.now += timedelta(minutes=5)
    assert (last_look(talk.workshop).seconds, last_look(talk.workshop).late) == (300.0, False)
    talk.now += timedelta(seconds=1)
    assert last_look(talk.workshop).late
    talk.now -= timedelta(hours=1)  # a clock that was put back
    assert last_look(talk.workshop).seconds == 0.0


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"last": 3}',
        b'{"last": {"drift": "2026-11-01T00:00:00"}, "clear_since": {}}',  # a time without its zone
        b'{"clear_since": {"available": "no time"}}',
        b"{" * 100_000,
    ],
)
def test_what_lies_beside_the_ledger_may_be_damaged(house, damaged):
    talk = house("[alerts]\ndisk_free_gb = 0\n")
    path = talk.workshop.state / "watch.json"
    talk.watcher.look()
    path.write_bytes(damaged)
    assert read_kept(path) == Kept()
    talk.restart()
    talk.watcher.look()
    assert last_look(talk.workshop) is not None


def test_a_failing_rare_look_is_not_over_because_the_watcher_began_anew(house, monkeypatch):
    talk = house("[alerts]\ndisk_free_gb = 0\n")
    monkeypatch.setattr(
        "flyball.loop.alerts.conditions.ledger.verify_ledger", lambda ledger: (_ for _ in ()).throw(OSError())
    )
    talk.watcher.look()
    talk.watcher.wait(30)
    talk.pass_(1)
    assert "watch" in standing_of(talk.workshop.ledger, talk.now).open
    talk.restart()
    talk.pass_(20)
    assert "watch" in standing_of(talk.workshop.ledger, talk.now).open


def test_figures_that_cannot_be_measured_keep_no_alert_from_being_raised(house, monkeypatch):
    talk = house(
        '[[kpi]]\nname = "cases"\ntitle = "Cases"\nformula = "count(decisions)"\nunit = "decisions"\n'
        "[alerts]\ndisk_free_gb = 1e9\n"
    )
    monkeypatch.setattr("flyball.loop.watching.kpis_view", lambda *args, **more: 1 / 0)
    looked = talk.watcher.look()
    assert {one.name for one in looked.raised} == {"disk", "watch"}
