"""A text is due after 30 days; a day later that is overdue. The watcher takes it away where it may."""

import dataclasses
from datetime import timedelta

from msgspec.structs import replace

from flyball.loop.alerts.standing import standing_of

TEXTS = '\n[alerts]\ndisk_free_gb = 0\n[[retention]]\nrecords = "texts"\nkeep_days = 30\n'
MAY = "[watch]\nrun_retention = true\n"


def with_a_text(talk):
    workshop = talk.workshop
    blob = workshop.blobs.put(b'"what was said"')
    workshop.ledger.append(kind="completion", actor="system:test", body={}, refs=(blob,))
    return blob


def looked(talk, **more):
    """Let time pass and look; the look at retention is a rare one, so that it is made beside the others."""
    talk.now += timedelta(**more)
    talk.watcher.look()
    talk.watcher.wait(10)
    talk.watcher.look()
    return standing_of(talk.workshop.ledger, talk.now).open.get("retention")


def test_what_nobody_takes_away_is_an_alert_one_day_after_it_is_due(house):
    talk = house(TEXTS)
    blob = with_a_text(talk)
    assert looked(talk, days=30) is None
    found = looked(talk, days=1)
    assert found.severity == "ticket"
    assert found.causes[0].why == "1 text, the first since 2026-12-01"
    assert talk.workshop.blobs.status(blob) == "present"


def test_the_watcher_takes_away_what_is_due_where_it_may_and_says_so_in_the_ledger(house):
    talk = house(TEXTS + MAY)
    blob = with_a_text(talk)
    assert looked(talk, days=29) is None
    assert talk.workshop.blobs.status(blob) == "present"
    assert looked(talk, days=2) is None
    assert talk.workshop.blobs.status(blob) == "erased"
    *_, last = talk.workshop.ledger.entries("retention.texts")
    assert (last.actor, last.body["removed"]) == ("system:watch", 1)


def test_a_duty_that_asks_for_more_is_told_as_a_look_that_fails_and_nothing_goes(house):
    talk = house(TEXTS + MAY)
    labels = replace(talk.workshop.deployment.settings.deployment, data_labels=("house",))
    settings = replace(talk.workshop.deployment.settings, deployment=labels)
    talk.workshop.deployment = dataclasses.replace(talk.workshop.deployment, settings=settings)
    rule = '[[rule]]\nid = "house.1"\ntitle = "t"\nlabel = "house"\nrecords = ["texts"]\nmonths = 6\n'
    (talk.folder / "retention.toml").write_text(rule + 'source = "Schedule 4"\n')
    blob = with_a_text(talk)
    looked(talk, days=400)
    found = standing_of(talk.workshop.ledger, talk.now).open["watch"]
    assert found.causes[0].why == "retention.contradicts"
    assert talk.workshop.blobs.status(blob) == "present"


def test_without_a_rule_nothing_is_looked_at(house):
    talk = house("\n[alerts]\ndisk_free_gb = 0\n" + MAY)
    with_a_text(talk)
    assert looked(talk, days=4_000) is None
    assert not list(talk.workshop.ledger.entries("retention.texts"))
