"""Who answers what: by hand where the ledger is short, with two real releases where they decide."""

import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flyball.core.errors import BadInput, Refused
from flyball.data.datasets.cases import case_id_of
from flyball.data.datasets.relocation import relocate
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.opening import open_ledger
from flyball.loop.answering import FAILED, Answering
from flyball.loop.deciding import decide_files
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.live import live_engine
from flyball.loop.promotion import promote
from flyball.loop.releases import NothingLive, live_release, promotions
from flyball.loop.replay import replay
from flyball.loop.shadowing import (
    BEHIND_SECONDS,
    SHADOW,
    SHADOW_FAILED,
    Behind,
    Follower,
    _Helper,
    _Task,
    behind,
    catch_up,
)
from flyball.loop.stage_list import stages_of
from flyball.loop.tracing import trace_view
from flyball.loop.traffic import (
    TRAFFIC,
    Assigned,
    Challenge,
    TrafficOvertaken,
    TrafficWatch,
    _write,
    end_challenge,
    go_back,
    start_challenge,
    traffic_history,
    traffic_now,
)
from flyball.loop.trails import read_trail
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

OLD, NEW, OTHER = ("sha256:" + digit * 64 for digit in "abc")
CASES = [f"{number:016x}" for number in range(4000)]


def canary(share, *, tenants=(), salt="salt", release=NEW, against=OLD):
    return Challenge(release, against, "canary", share, tenants, salt, 0.02, 0.05)


@pytest.fixture
def ledger(tmp_path):
    key = load_or_create_key(tmp_path / "key.pem", name="flyball/test")
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", key=key) as opened:
        yield opened


def promoted(ledger, release, before=""):
    body = {"release": release, "before": before, "why": "test"}
    return ledger.append(kind="release.promoted", actor="test", body=body)


def changed(ledger, challenge, against=OLD):
    body = {"challenge": challenge, "against": against, "why": "test"}
    return ledger.append(kind=TRAFFIC, actor="test", body=body)


def test_without_a_live_release_nobody_answers(ledger):
    with pytest.raises(NothingLive):
        traffic_now(ledger).release_for("x", "default")


def test_a_shadow_sees_every_case_and_answers_none(ledger):
    promoted(ledger, OLD)
    changed(ledger, replace(canary(1.0), mode="shadow"))
    assert {traffic_now(ledger).release_for(case, "a") for case in CASES[:50]} == {Assigned(OLD, NEW)}


def test_the_same_case_always_goes_the_same_way_and_a_larger_share_takes_none_back(ledger):
    promoted(ledger, OLD)
    seen = set()
    for share in (0.05, 0.2, 0.2, 1.0):
        changed(ledger, canary(share))
        taken = {case for case in CASES if traffic_now(ledger).release_for(case, "a").release == NEW}
        assert seen <= taken
        seen = taken
        assert abs(len(taken) / len(CASES) - share) < 4 * (share * (1 - share) / len(CASES)) ** 0.5 + 1e-9
    other = {case for case in CASES if canary(0.2, salt="other").takes(case, "a")}
    assert 0.1 < len(other & {case for case in CASES if canary(0.2).takes(case, "a")}) / len(other) < 0.3


def test_a_canary_of_tenants_leaves_the_others_alone(ledger):
    promoted(ledger, OLD)
    changed(ledger, canary(0.5, tenants=("acme",)))
    now = traffic_now(ledger)
    assert {now.release_for(case, "bank").release for case in CASES} == {OLD}
    assert {now.release_for(case, "acme").release for case in CASES} == {OLD, NEW}


def test_every_promotion_ends_a_challenge_and_one_against_another_champion_is_void(ledger):
    promoted(ledger, OLD)
    changed(ledger, canary(1.0))
    promoted(ledger, OTHER, OLD)
    assert traffic_now(ledger).challenge is None
    changed(ledger, canary(1.0))  # still meant against OLD: written by somebody who was overtaken
    assert traffic_now(ledger).release_for("x", "a") == Assigned(OTHER)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"challenge": "everything", "against": OLD, "why": ""},
        {"challenge": {"release": NEW}, "against": OLD, "why": ""},
        {"challenge": replace(canary(1.0), share=7.0), "against": OLD, "why": ""},
    ],
)
def test_what_cannot_be_read_sends_nothing_to_a_challenger(ledger, body):
    promoted(ledger, OLD)
    changed(ledger, canary(1.0))
    ledger.append(kind=TRAFFIC, actor="test", body=body)
    assert traffic_now(ledger).release_for("x", "a") == Assigned(OLD)


def test_a_watch_reads_on_and_sees_every_change(ledger):
    watch = TrafficWatch(ledger)
    assert watch.now().champion == ""
    promoted(ledger, OLD)
    assert watch.now().champion == OLD
    changed(ledger, canary(0.5))
    began = watch.now().began
    changed(ledger, canary(0.7))
    assert (watch.now().challenge.share, watch.now().began) == (0.7, began)
    changed(ledger, None)
    assert watch.now() == replace(traffic_now(ledger))
    assert watch.now().challenge is None


# With two releases that decide


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """One release is live; another one, without the liability rules, is signed and waits."""
    root = tmp_path_factory.mktemp("traffic") / "deployment"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root)) as workshop:
        assert full_turn(workshop).promoted.live
    (root / "rules" / "playbook" / "liability.csv").unlink()
    with Workshop(open_deployment(root)) as workshop:
        run_turn(stages_of(workshop.deployment.settings), workshop)
    return root


@contextmanager
def opened(root):
    with Workshop(open_deployment(root), actor="person:anna") as workshop:
        relocate(workshop.catalogue_url, workshop.state / "warehouse")
        later = workshop.clock().replace(year=workshop.clock().year + 1)
        workshop.clock = lambda: later  # another day's law, so that all is decided anew
        yield workshop


@pytest.fixture
def workshop(two, tmp_path):
    shutil.copytree(two, tmp_path / "copy")
    with opened(tmp_path / "copy") as found:
        yield found


def releases(workshop):
    """Return (live, waiting)."""
    made = [entry.body["release"] for entry in workshop.ledger.entries("release.made")]
    assert len(made) == 2
    return made[0], made[1]


def start(workshop, mode, **given):
    return start_challenge(workshop, releases(workshop)[1], mode, by="person:anna", why="try", **given)


def files(workshop, most):
    folder = workshop.deployment.root / "cases" / "contracts"
    return [(path.name, path) for path in sorted(folder.glob("*"))[:most]]


def decide(workshop, most=6):
    live = live_engine(workshop)
    context = workshop.context_of(live.settings.deployment)
    found = list(decide_files(workshop, live, files(workshop, most), context=context, limits=Limits()))
    return [one.issued for one in found]


def has_trail(workshop, entry):
    return len(workshop.ledger.entry(entry).refs) > 1


def decisions_since(workshop, entry, kind="decision"):
    return list(workshop.ledger.entries(kind, start=entry))


def test_a_shadow_decides_everything_and_nothing_of_it_can_leave(workshop):
    live, waiting = releases(workshop)
    begun = start(workshop, "shadow")
    assert begun.ok
    issued = decide(workshop)
    assert {one.decision.release for one in issued} == {live}
    assert list(workshop.ledger.entries(SHADOW)) == []  # nothing was done before the answers were there
    list(catch_up(workshop))
    shadows = list(workshop.ledger.entries(SHADOW))
    assert [entry.body["case_id"] for entry in shadows] == [one.decision.case_id for one in issued]
    assert {entry.body["release"] for entry in shadows} == {waiting}
    assert {entry.body["verdict"]["allowed"] for entry in shadows} == {False}
    assert all("is not live" in entry.body["verdict"]["reason"] for entry in shadows)
    answered = [workshop.ledger.entry(one.entry).refs for one in issued]
    assert [entry.refs[0] for entry in shadows] == [refs[0] for refs in answered]
    size = workshop.ledger.size()
    list(catch_up(workshop))
    assert workshop.ledger.size() == size  # once each
    assert {one.status for one in replay(workshop, shadows)} == {"same"}
    assert decide(workshop)[0].decision.release == live


@pytest.mark.parametrize("apart", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_principles_changed_in_a_shadow_is_kept_beside_its_entry(workshop, apart):
    _, waiting = releases(workshop)
    start(workshop, "shadow")
    changed_by_rule = {one.decision.case_id for one in decide(workshop, 25) if has_trail(workshop, one.entry)}
    helper = _Helper(threading.Event()) if apart else None
    try:
        list(catch_up(workshop, helper=helper))
    finally:
        if helper is not None:
            helper.end()
    trails = {
        entry.body["case_id"]: trail
        for entry in workshop.ledger.entries(SHADOW)
        if (trail := read_trail(workshop, entry.refs)) is not None
    }
    assert changed_by_rule
    assert set(trails) == changed_by_rule
    assert {one.first.release for one in trails.values()} == {waiting}
    assert all(one.rounds for one in trails.values())


@pytest.mark.parametrize("apart", [False, True])
def test_what_a_shadow_did_is_a_trace_that_its_entries_lead_to(workshop, apart):
    start(workshop, "shadow")
    decide(workshop, 3)
    helper = _Helper(threading.Event()) if apart else None
    try:
        list(catch_up(workshop, helper=helper))
    finally:
        if helper is not None:
            helper.end()
    entry = next(workshop.ledger.entries(SHADOW))
    view = trace_view(workshop, entry.index)
    assert view.spans[0].name == "shadow"
    assert view.spans[0].attributes["flyball.release"] == releases(workshop)[1]
    below = {one.name for one in view.spans if one.depth == 1}
    assert {"expert triage", "expert clause_detector", "route", "rules", "gate", "ledger commit"} <= below
    assert view.row.tenant == "default"


def test_a_text_that_was_erased_is_not_looked_at_again_and_one_that_breaks_is_written_down(workshop):
    start(workshop, "shadow")
    first, second, third = decide(workshop, 3)
    workshop.blobs.erase(workshop.ledger.entry(first.entry).refs[0], reason="asked for")
    entry = workshop.ledger.entry(second.entry)
    body = {**entry.body, "context": {**entry.body["context"], "jurisdictions": []}}
    workshop.ledger.append(kind="decision", actor="test", body={**body, "case_id": "x"}, refs=entry.refs)
    list(catch_up(workshop))
    told = [entry.body["case_id"] for entry in workshop.ledger.entries(SHADOW)]
    broken = [entry.body["case_id"] for entry in workshop.ledger.entries(SHADOW_FAILED)]
    assert first.decision.case_id not in told + broken
    assert {second.decision.case_id, third.decision.case_id} <= set(told)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_canary_answers_its_share_and_every_decision_can_be_repeated(workshop, workers):
    live, waiting = releases(workshop)
    start(workshop, "canary", share=0.5)
    now = traffic_now(workshop.ledger)
    workshop.workers = workers
    issued = decide(workshop, 12)
    assert [one.decision.release for one in issued] == [
        now.release_for(one.decision.case_id, "default").release for one in issued
    ]
    assert {one.decision.release for one in issued} == {live, waiting}
    assert all(one.decision.verdict.allowed for one in issued)
    entries = [workshop.ledger.entry(one.entry) for one in issued]
    workshop.workers = 1
    assert {one.status for one in replay(workshop, entries)} == {"same"}


def test_the_gateway_and_the_command_line_send_a_case_the_same_way(workshop):
    start(workshop, "canary", share=0.5)
    documents = [extract(path) for _, path in files(workshop, 6) if path.suffix == ".txt"]
    answering = Answering(workshop)
    issued = answering.decide(documents, tenant="acme", actor="key:1")
    now = traffic_now(workshop.ledger)
    for document, one in zip(documents, issued, strict=True):
        assert one.decision.release == now.release_for(case_id_of(document.content_digest), "acme").release
        assert workshop.ledger.entry(one.entry).actor == "key:1"
    end_challenge(workshop, by="test", why="enough")
    again = answering.decide(documents, tenant="bank")
    assert {one.decision.release for one in again} == {now.champion}


class _Broken:
    def decide(self, *args, **kwargs):
        raise ZeroDivisionError("a challenger with a fault")


def test_where_the_canary_breaks_the_live_release_answers_and_it_is_written_down(workshop):
    live, waiting = releases(workshop)
    start(workshop, "canary", share=1.0)
    answering = Answering(workshop)
    answering.live()
    engine = answering._engine(waiting)
    answering._engines[waiting] = replace(engine, engine=_Broken())
    document = extract(files(workshop, 25)[-1][1])
    (issued,) = answering.decide([document])
    assert (issued.decision.release, issued.decision.verdict.allowed) == (live, True)
    (failed,) = workshop.ledger.entries(FAILED)
    assert (failed.body["release"], failed.body["what"]) == (waiting, "ZeroDivisionError")
    (again,) = replay(workshop, [workshop.ledger.entry(issued.entry)])
    assert again.status == "same"


def test_a_canary_that_was_altered_answers_nothing(workshop):
    live, waiting = releases(workshop)
    start(workshop, "canary", share=1.0)
    for folder in (workshop.state / "kits").iterdir():
        if waiting.removeprefix("sha256:").startswith(folder.name):
            (folder / "thresholds.json").write_bytes(b"{}")
    assert {one.decision.release for one in decide(workshop, 2)} == {live}
    documents = [extract(path) for _, path in files(workshop, 2)]
    answered = Answering(workshop).decide(documents, tenant="acme")
    assert {one.decision.release for one in answered} == {live}


def test_gate_and_approvals_are_those_of_a_promotion(workshop):
    settings = workshop.deployment.root / "flyball.toml"
    settings.write_text(settings.read_text().replace("[approvals]\nrelease = 0", "[approvals]\nrelease = 1"))
    with opened(workshop.deployment.root) as stricter:
        made = run_turn(stages_of(stricter.deployment.settings), stricter).outputs["release"]["digest"]
        for mode in ("shadow", "canary"):
            started = start_challenge(stricter, made, mode, by="person:anna", why="try")
            assert not started.ok
            assert "release.approvals" in started.verdict.reason
        assert traffic_now(stricter.ledger).challenge is None
        assert list(stricter.ledger.entries("evidence"))[-1].body["release"] == made


def test_one_command_goes_back_and_the_ledger_says_who_and_why(workshop):
    live, waiting = releases(workshop)
    start(workshop, "canary", share=0.1)
    assert go_back(workshop, None, by="person:bo", why="complaints").release == waiting
    step = traffic_history(workshop.ledger)[-1]
    assert (step.challenge, step.by, step.why) == (None, "person:bo", "rolled back: complaints")
    assert promote(workshop, waiting, by="person:anna", why="good").live
    start_challenge(workshop, live, "shadow", by="person:anna", why="look")
    assert go_back(workshop, None, by="person:bo", why="bad") is None  # a shadow is not in the way
    assert live_release(workshop.ledger).release == live
    assert traffic_now(workshop.ledger).challenge is None
    assert workshop.ledger.checkpoints()[-1].size == workshop.ledger.size()  # signed
    assert len(promotions(workshop.ledger)) == 3


def test_what_makes_no_sense_is_refused(workshop):
    live, _ = releases(workshop)
    with pytest.raises(Refused, match="cannot challenge itself"):
        start_challenge(workshop, live, "shadow", by="a", why="b")
    for given in ({"share": 0.0}, {"share": 1.5}, {"margin": 0.0}, {"error_rate": 1.0}):
        with pytest.raises(BadInput, match="must lie above 0"):
            start(workshop, "canary", **given)
    with pytest.raises(Refused, match="No release is in the shadow"):
        end_challenge(workshop, by="a", why="b")
    start(workshop, "shadow", margin=0.05)
    with pytest.raises(Refused, match="both are fixed before the first case"):
        start(workshop, "canary", share=0.1, margin=0.01)
    assert start(workshop, "canary", share=0.1).traffic.challenge.margin == 0.05


def test_of_two_who_change_the_traffic_at_once_one_is_told(workshop):
    before = traffic_now(workshop.ledger)
    start(workshop, "canary", share=0.1)
    with pytest.raises(TrafficOvertaken) as caught:
        _write(workshop, before, canary(1.0, against=before.champion), by="b", why="late")
    assert (caught.value.exit_code, caught.value.retry) == (3, True)
    assert traffic_now(workshop.ledger).challenge.share == 0.1


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_a_follower_keeps_up_in_a_process_of_its_own_and_goes_on_when_that_is_killed(workshop):
    start(workshop, "shadow")
    issued = decide(workshop, 3)
    follower = Follower(workshop, every_seconds=0.02)
    try:
        until(lambda: follower._helper._process is not None)
        follower._helper._process.kill()
        until(lambda: len(list(workshop.ledger.entries(SHADOW))) == len(issued))
    finally:
        follower.close()
    assert follower._helper._process is None
    assert list(workshop.ledger.entries(SHADOW_FAILED)) == []


def test_how_far_a_shadow_is_behind_is_known_and_said_once(workshop, caplog):
    assert behind(workshop, traffic_now(workshop.ledger)) is None
    start(workshop, "shadow")
    assert behind(workshop, traffic_now(workshop.ledger)) == Behind(0, None)
    issued = decide(workshop, 4)
    entries = [workshop.ledger.entry(one.entry) for one in issued]
    assert behind(workshop, traffic_now(workshop.ledger)) == Behind(4, entries[0].at)
    workshop.blobs.erase(entries[0].refs[0], reason="asked for")
    assert behind(workshop, traffic_now(workshop.ledger)) == Behind(3, entries[1].at)

    follower = Follower(workshop, every_seconds=600.0)
    try:
        earlier = workshop.clock
        assert follower.seconds_behind() == (earlier() - entries[0].at).total_seconds()
        workshop.clock = lambda: entries[0].at + timedelta(seconds=BEHIND_SECONDS + 1)
        with caplog.at_level("INFO", logger="flyball.loop.shadowing"):
            follower._tell()
            follower._tell()
            assert [one.levelname for one in caplog.records] == ["WARNING"]
            assert "is 601 seconds behind. Nothing is left out" in caplog.text
            follower._follow(traffic_now(workshop.ledger))
            assert follower.seconds_behind() == 0.0
        assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]
    finally:
        follower.close()
    assert behind(workshop, traffic_now(workshop.ledger)) == Behind(0, None)
    assert len(list(workshop.ledger.entries(SHADOW))) == 3


def test_a_shadow_that_is_stopped_does_not_work_through_what_waits(workshop):
    start(workshop, "shadow")
    decide(workshop, 12)
    follower = Follower(workshop, every_seconds=600.0)
    asked = []

    def decide_few(task):
        asked.append(len(task.documents))
        end_challenge(workshop, by="person:anna", why="too dear")
        return [("test.none", "not decided")] * len(task.documents)

    follower._helper.decide = decide_few
    try:
        follower._follow(traffic_now(workshop.ledger))
        assert follower.seconds_behind() is None
    finally:
        follower.close()
    assert asked == [8]


def test_a_shadow_that_hangs_keeps_no_answer_waiting_and_no_gateway_from_closing(workshop):
    live, _ = releases(workshop)
    start(workshop, "shadow")
    follower = Follower(workshop, every_seconds=0.01)
    hangs = threading.Event()

    def hang(task):
        hangs.set()
        follower._stop.wait(120)

    follower._helper.decide = hang
    try:
        first = decide(workshop, 2)
        assert hangs.wait(30)
        second = decide(workshop, 3)[2:]  # answered while the shadow hangs
    finally:
        begun = time.monotonic()
        follower.close()
    assert time.monotonic() - begun < 5
    assert {one.decision.release for one in (*first, *second)} == {live}
    assert list(workshop.ledger.entries(SHADOW)) == []


class _Line:
    """A line to a process that dies whenever it is sent the document "bad"."""

    def send(self, task):
        self.documents = task.documents

    def poll(self, seconds):
        return True

    def recv(self):
        if "bad" in self.documents:
            raise EOFError
        return [f"decided {one}" for one in self.documents], []


def test_a_document_on_which_the_process_dies_is_told_from_the_others(tmp_path):
    helper = _Helper(threading.Event())
    helper._connected = _Line
    at = datetime(2026, 11, 30, tzinfo=UTC)
    found = helper.decide(_Task(("a", "bad", "c"), (None, None, None), NEW, tmp_path, at))
    assert found[0] == "decided a"
    assert found[1][0] == "decisions.process_ended"
    assert found[2] == "decided c"
