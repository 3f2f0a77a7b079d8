"""Champion against challenger on outcomes, with decisions written by hand: who is right is known."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flyball.core.errors import Refused
from flyball.core.records import Context
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.loop.answering import FAILED
from flyball.loop.comparing import COMPARED, compare_challenge, stop_if_worse
from flyball.loop.deployment import Deployment
from flyball.loop.settings import load_settings
from flyball.loop.shadowing import SHADOW, SHADOW_FAILED, Follower, shadow_of
from flyball.loop.traffic import TRAFFIC, Challenge, traffic_history, traffic_now
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import FieldDecision, Route

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
AT = datetime(2026, 11, 30, tzinfo=UTC)
SETTINGS = """
[deployment]
name = "claims"
purpose = "test"
owner = "test"
jurisdictions = ["EU"]
[[source]]
name = "claims"
path = "claims"
[[expert]]
name = "rules"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.05
"""


@pytest.fixture
def workshop(tmp_path):
    (tmp_path / "flyball.toml").write_text(SETTINGS)
    settings = load_settings(Path(tmp_path) / "flyball.toml", environ={})
    with Workshop(Deployment(tmp_path, settings, ())) as opened:
        body = {"release": OLD, "before": "", "why": "first"}
        opened.ledger.append(kind="release.promoted", actor="test", body=body)
        yield opened


def challenge(workshop, mode, *, share=0.0, tenants=()):
    one = Challenge(NEW, OLD, mode, share, tenants, "salt", 0.02, 0.05)
    workshop.ledger.append(kind=TRAFFIC, actor="test", body={"challenge": one, "against": OLD, "why": ""})


def said(answer):
    route = Route("rules", "", ())
    return FieldDecision("covered", answer, "automated", 0.9, (), route, "")


def decide(workshop, case, answer, *, release=OLD, tenant="default", kind="decision", key=None):
    body = {
        "case_id": case,
        "release": release,
        "context": Context(("EU",), date(2026, 11, 30), tenant=tenant),
        "fields": [said(answer)],
    }
    return workshop.ledger.append(kind=kind, actor="test", body=body, key=key).index


def report(workshop, decision, answer="true", *, case="", tenant="default", by="key:claims", release=OLD):
    one = ReportedOutcome(decision, case, release, tenant, "label", "covered", answer, by)
    workshop.ledger.append(kind=OUTCOME, actor=by, body=one, key=one.key)


def pair(workshop, case, champion, challenger):
    """Both answer a case whose truth is "true"."""
    entry = decide(workshop, case, champion)
    decide(workshop, case, challenger, release=NEW, kind=SHADOW, key=f"shadow/{NEW}/{entry}")
    report(workshop, entry, case=case)
    return entry


def test_without_a_challenge_there_is_nothing_to_compare(workshop):
    with pytest.raises(Refused, match="nothing to compare"):
        compare_challenge(workshop)
    assert stop_if_worse(workshop) is None


def test_pairs_of_a_shadow_are_held_against_each_other(workshop):
    challenge(workshop, "shadow")
    for number in range(10):
        pair(workshop, f"c{number}", "true", "true" if number else "false")
    found = compare_challenge(workshop)
    assert (found.design, found.verdict) == ("paired", "not yet")
    assert found.difference.value == pytest.approx(-0.1)
    assert (found.champion_right.value, found.challenger_right.value) == (1.0, pytest.approx(0.9))
    assert found.difference.n == 10


def test_a_challenger_that_is_clearly_worse_is_stopped_by_itself_and_written_down(workshop):
    challenge(workshop, "shadow")
    for number in range(120):
        pair(workshop, f"c{number}", "true", "false" if number % 3 == 0 else "true")
    found = stop_if_worse(workshop)
    assert found.verdict == "worse"
    assert 0 < found.at_case <= 120
    assert traffic_now(workshop.ledger).challenge is None
    step = traffic_history(workshop.ledger)[-1]
    assert (step.challenge, step.by) == (None, "system:comparison")
    assert step.why.startswith(
        f"rolled back: {NEW[7:19]} is worse, since case {found.at_case}, with an error rate of 0.05"
    )
    (entry,) = workshop.ledger.entries(COMPARED)
    assert entry.body["verdict"] == "worse"
    assert workshop.ledger.checkpoints()[-1].size == workshop.ledger.size()
    assert stop_if_worse(workshop) is None


def test_one_that_is_better_or_as_good_stays_until_people_say_so(workshop):
    challenge(workshop, "shadow")
    for number in range(120):
        pair(workshop, f"c{number}", "false" if number % 3 == 0 else "true", "true")
    assert stop_if_worse(workshop) is None
    assert compare_challenge(workshop).verdict == "better"
    assert traffic_now(workshop.ledger).challenge is not None


def test_what_was_said_once_stays_said(workshop):
    challenge(workshop, "shadow")
    for number in range(120):
        pair(workshop, f"c{number}", "true", "false" if number % 3 == 0 else "true")
    at = compare_challenge(workshop).at_case
    for number in range(120, 260):
        pair(workshop, f"c{number}", "false" if number % 3 == 0 else "true", "true")
    found = compare_challenge(workshop)
    assert (found.verdict, found.at_case) == ("worse", at)
    assert found.difference.value > -0.1


def test_what_says_nothing_is_left_out_and_counted(workshop):
    early = decide(workshop, "early", "true")
    challenge(workshop, "shadow")
    report(workshop, early, case="early")
    waiting = decide(workshop, "waiting", "true")
    report(workshop, waiting, case="waiting")
    disputed = pair(workshop, "disputed", "true", "true")
    report(workshop, disputed, "false", case="disputed", by="person:bo")
    pair(workshop, "twice", "true", "true")
    pair(workshop, "twice", "true", "true")
    found = compare_challenge(workshop)
    assert found.difference.n == 1
    assert found.left_out == {
        "the challenger has not decided it yet, or its text was erased": 1,
        "the reports disagree, or are not about a field": 1,
        "the same case was decided again": 1,
    }


def test_a_case_on_which_the_challenger_broke_counts_as_wrong(workshop):
    challenge(workshop, "shadow")
    entry = decide(workshop, "c", "true")
    workshop.ledger.append(
        kind=SHADOW_FAILED, actor="test", body={"case_id": "c"}, key=f"shadow/{NEW}/{entry}"
    )
    report(workshop, entry, case="c")
    assert shadow_of(workshop, NEW, entry).kind == SHADOW_FAILED
    found = compare_challenge(workshop)
    assert (found.failed, found.challenger_right.value, found.champion_right.value) == (1, 0.0, 1.0)


def canary_cases(workshop, number, *, good_old, good_new, share, seed=1, break_every=0, tenant="default"):
    draw = random.Random(seed)  # noqa: S311 - a simulation
    for n in range(number):
        case = f"{tenant}-case-{n}"
        mine = traffic_now(workshop.ledger).release_for(case, tenant).release
        right = draw.random() < (good_new if mine == NEW else good_old)
        if mine == NEW and break_every and n % break_every == 0:
            workshop.ledger.append(kind=FAILED, actor="test", body={"case_id": case, "release": NEW})
            mine = OLD
        entry = decide(workshop, case, "true" if right else "false", release=mine, tenant=tenant)
        report(workshop, entry, case=case, tenant=tenant, release=mine)


def test_a_canary_by_share_is_a_random_trial(workshop):
    challenge(workshop, "canary", share=0.5)
    canary_cases(workshop, 500, good_old=0.95, good_new=0.65, share=0.5)
    found = compare_challenge(workshop)
    assert (found.design, found.verdict) == ("randomised", "worse")
    assert found.champion_right.n + found.challenger_right.n == 500
    assert 200 < found.challenger_right.n < 300
    assert found.difference.low < -0.3 < found.difference.high
    assert stop_if_worse(workshop).verdict == "worse"
    assert traffic_now(workshop.ledger).release_for("any", "default").release == OLD


def test_where_the_champion_stepped_in_for_a_broken_canary_the_canary_pays(workshop):
    challenge(workshop, "canary", share=0.5)
    canary_cases(workshop, 60, good_old=1.0, good_new=1.0, share=0.5, break_every=2)
    found = compare_challenge(workshop)
    assert found.failed > 5
    assert found.champion_right.value == 1.0
    assert found.challenger_right.value == pytest.approx(1 - found.failed / found.challenger_right.n)


def test_tenants_are_not_drawn_so_they_can_stop_a_challenger_and_not_speak_for_it(workshop):
    challenge(workshop, "canary", share=1.0, tenants=("acme",))
    canary_cases(workshop, 150, good_old=0.6, good_new=1.0, share=1.0, tenant="acme")
    canary_cases(workshop, 150, good_old=0.6, good_new=1.0, share=1.0, tenant="bank")
    found = compare_challenge(workshop)
    assert found.design == "by tenant"
    assert found.difference.low > 0
    assert found.verdict == "not yet"


def test_a_worse_canary_of_tenants_is_stopped(workshop):
    challenge(workshop, "canary", share=1.0, tenants=("acme",))
    canary_cases(workshop, 120, good_old=0.95, good_new=0.3, share=1.0, tenant="acme")
    canary_cases(workshop, 120, good_old=0.95, good_new=0.3, share=1.0, tenant="bank")
    assert stop_if_worse(workshop).verdict == "worse"


def test_the_gateway_stops_a_worse_challenger_while_it_serves(workshop):
    challenge(workshop, "canary", share=0.5)
    follower = Follower(workshop, every_seconds=0.01, judge=stop_if_worse)
    try:
        canary_cases(workshop, 400, good_old=1.0, good_new=0.2, share=0.5)
        for _ in range(500):
            if traffic_now(workshop.ledger).challenge is None:
                break
            follower._stop.wait(0.02)
    finally:
        follower.close()
    assert traffic_now(workshop.ledger).challenge is None
    assert [entry.body["verdict"] for entry in workshop.ledger.entries(COMPARED)] == ["worse"]
