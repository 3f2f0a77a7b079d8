"""Who is told when: at once, when nobody answers, when somebody no longer looks, and what a storm becomes."""

import json
from datetime import timedelta

import pytest

from flyball.core.errors import BadInput
from flyball.loop.alerts.alerting import acknowledge, raise_and_resolve, silence, unacknowledge
from flyball.loop.alerts.condition import Condition
from flyball.loop.alerts.settings import AlertSettings, ChannelSettings
from flyball.loop.alerts.standing import alerts_of, standing_of

TWO = """
[[slo]]
name = "available"
indicator = "availability"
target = 0.999
[alerts]
disk_free_gb = 0
[[alerts.channel]]
name = "first"
kind = "file"
settings = { path = "FOLDER/first" }
[[alerts.channel]]
name = "second"
kind = "file"
severities = ["page"]
after_minutes = 15
settings = { path = "FOLDER/second" }
"""


@pytest.fixture
def talk(house, tmp_path):
    return house(TWO.replace("FOLDER", str(tmp_path)))


def told(house, name):
    path = house.folder / name
    return [json.loads(one)["event"] for one in path.read_text().splitlines()] if path.exists() else []


def test_the_next_one_is_called_when_nobody_answers_for_as_long_as_was_said(talk):
    talk.pass_(15, good=0, bad=60)
    assert (told(talk, "first"), told(talk, "second")) == (["raised"], [])
    talk.pass_(3, good=0, bad=60)
    assert (told(talk, "first"), told(talk, "second")) == (["raised"], ["escalated"])
    talk.pass_(30, good=0, bad=60)
    assert told(talk, "second") == ["escalated"]
    talk.pass_(60)
    assert told(talk, "first")[-1] == "resolved"
    assert told(talk, "second") == ["escalated", "resolved"]


def test_whoever_answers_keeps_the_next_one_asleep(talk):
    talk.pass_(10, good=0, bad=60)
    acknowledge(talk.workshop.ledger, "available", by="person:anna", now=talk.now)
    talk.pass_(120, good=0, bad=60, look_every=5)
    assert told(talk, "second") == []


def test_an_acknowledgement_that_is_taken_back_begins_the_time_anew(talk):
    ledger = talk.workshop.ledger
    talk.pass_(10, good=0, bad=60)
    with pytest.raises(BadInput, match="Nobody acknowledged"):
        unacknowledge(ledger, "available", by="person:anna", now=talk.now)
    acknowledge(ledger, "available", by="person:anna", now=talk.now)
    talk.pass_(30, good=0, bad=60)
    unacknowledge(ledger, "available", by="person:ben", now=talk.now)
    (alert,) = alerts_of(ledger, talk.now)
    assert (alert.state, alert.acknowledged_by) == ("open", "")
    talk.pass_(14, good=0, bad=60)
    assert (told(talk, "first"), told(talk, "second")) == (["raised", "acknowledged", "unacknowledged"], [])
    talk.pass_(3, good=0, bad=60)
    assert told(talk, "second") == ["escalated"]
    acts = [one for one in ledger.entries() if one.actor.startswith("person:")]
    assert [(one.kind, one.actor) for one in acts] == [
        ("alert.acknowledged", "person:anna"),
        ("alert.unacknowledged", "person:ben"),
    ]


def test_nobody_is_called_for_what_is_silenced(talk):
    until = talk.now + timedelta(hours=1)
    silence(talk.workshop.ledger, "available", until=until, by="person:anna", why="moving", now=talk.now)
    talk.pass_(55, good=0, bad=60, look_every=5)
    assert (told(talk, "first"), told(talk, "second")) == ([], [])
    talk.pass_(25, good=0, bad=60)
    assert told(talk, "first") == ["reminded"]
    assert told(talk, "second") == ["escalated"]


def test_a_silence_may_name_causes_and_lets_others_through(talk):
    ledger, now = talk.workshop.ledger, talk.now
    silence(ledger, "money/*/acme", until=now + timedelta(hours=1), by="person:anna", why="trial", now=now)
    settings = AlertSettings(channel=(ChannelSettings(name="first", kind="file", settings={"path": "/x"}),))

    def look(*tenants):
        found = [
            Condition(f"money/budget/{one}", True, "ticket", one, "spent", "money", "money")
            for one in tenants
        ]
        raise_and_resolve(ledger, settings, found, talk.now, looked={"money"}, clear_since={})
        return alerts_of(ledger, talk.now)[0]

    assert (look("acme").state, standing_of(ledger, now).waiting) == ("silenced", [])
    talk.now += timedelta(minutes=6)
    assert look("acme", "other").state == "open"
    assert len(standing_of(ledger, talk.now).waiting) == 1


def test_a_storm_of_ten_thousand_causes_is_one_alert_and_few_small_entries(talk):
    ledger = talk.workshop.ledger
    settings = AlertSettings(channel=(ChannelSettings(name="first", kind="file", settings={"path": "/x"}),))
    clear_since = {}
    for minute in range(30):
        found = [
            Condition(f"money/budget/t{one}", True, "ticket", f"Tenant {one}", "spent", "money", "money")
            for one in range(min(500 * (minute + 1), 10_000))
        ]
        raise_and_resolve(ledger, settings, found, talk.now, looked={"money"}, clear_since=clear_since)
        talk.now += timedelta(minutes=1)
    raised = talk.entries("alert.raised")
    assert 1 < len(raised) <= 6
    (alert,) = alerts_of(ledger, talk.now)
    assert (len(alert.causes), alert.more, len(alert.seen)) == (50, 9_950, 10_000)
    gone = [Condition("money/budget/t0", False, group="money")]
    for _ in range(2):
        raise_and_resolve(ledger, settings, gone, talk.now, looked={"money"}, clear_since=clear_since)
        talk.now += timedelta(minutes=6)
    assert standing_of(ledger, talk.now).open == {}


def test_what_grows_worse_is_told_at_once(talk):
    ledger = talk.workshop.ledger
    settings = AlertSettings(channel=(ChannelSettings(name="first", kind="file", settings={"path": "/x"}),))
    for severity in ("ticket", "page"):
        found = [Condition("money/budget/a", True, severity, "A", "spent", "money", "money")]
        raise_and_resolve(ledger, settings, found, talk.now, looked={"money"}, clear_since={})
        talk.now += timedelta(seconds=1)
    assert [one.body["severity"] for one in talk.entries("alert.raised")] == ["ticket", "page"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[alerts]\nremind_hours = inf", "remind_hours must be 0 to 8760, got inf"),
        ("[alerts]\nresolve_minutes = nan", "resolve_minutes must be 0 to 10080, got nan"),
        ("[alerts]\nbudget_share = 0.0", "budget_share must be 0.001 to 1"),
        ("[watch]\nevery_seconds = inf", "every_seconds must be 1 to 3600, got inf"),
        ("[watch]\nkpi_every_hours = -1", "kpi_every_hours must be 0 to 8760"),
        ('[alerts]\nrunbooks = "wiki"', "runbooks is the beginning of an address, got 'wiki'"),
        (
            '[[alerts.channel]]\nname = "a"\nkind = "stdout"\nafter_minutes = 5',
            "nobody would be told at once",
        ),
        ('[[alerts.channel]]\nname = "a"\nkind = "stdout"\nseverities = []', "nothing would go there"),
        ('[watch.heartbeat]\nurl = { value = "https://x" }\nhost = "x"', "not the secret itself"),
        ('[[slo]]\nname = "f"\nindicator = "fairness"\ntarget = nan', "target"),
        ('[[slo]]\nname = "f"\nindicator = "fairness"\ntarget = 80', "target"),
        ('[[slo]]\nname = "c"\nindicator = "cost"\ntarget = inf', "target"),
        ('[[slo]]\nname = "a"\nindicator = "availability"\ntarget = 0.9\ndoors = ["decisions"]', "door"),
    ],
)
def test_settings_that_would_keep_it_from_telling_are_refused(house, text, said):
    with pytest.raises(BadInput, match=said.replace("[", r"\[")):
        house(text + "\n")
