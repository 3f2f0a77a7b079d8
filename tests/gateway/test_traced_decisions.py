"""Decisions under a trace, by files, by processes and by HTTP: found both ways, never at the cost of one."""

import http.client
import json
import re
import shutil
import time
from contextlib import suppress

import pytest

from flyball.cli.main import main
from flyball.core.errors import FlyballError
from flyball.core.tracing import begin
from flyball.data.documents.records import Limits
from flyball.data.privacy.personal_data import find_personal_data
from flyball.evaluation.traces.records import UnknownTrace
from flyball.loop.deciding import decide_files
from flyball.loop.deployment import open_deployment
from flyball.loop.erasure import find
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.live import live_engine
from flyball.loop.measuring import measure
from flyball.loop.promotion import promote
from flyball.loop.releases import live_release
from flyball.loop.replay import replay
from flyball.loop.tracing import find_trace, trace_view, traces_view
from flyball.loop.workshop import Workshop

PERSON = "Ada Lovelace"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The sample contracts after a whole turn; one of them names a person."""
    root = tmp_path_factory.mktemp("turned") / "contract-review"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root)) as workshop:
        full_turn(workshop)
    return root


@pytest.fixture
def folder(turned, tmp_path):
    """A copy of it, for settings of its own."""
    shutil.copytree(turned, tmp_path / "contract-review")
    return tmp_path / "contract-review"


def opened(folder, settings="", **more):
    if settings:
        with (folder / "flyball.toml").open("a") as file:
            file.write(f"\n[traces]\n{settings}\n")
    return Workshop(open_deployment(folder), **more)


def contracts(folder, n):
    """Write n contracts that nobody has decided yet."""
    sample = (folder / "cases" / "contracts" / "mutual-nda.txt").read_text()
    place = folder / "new"
    place.mkdir(exist_ok=True)
    paths = [place / f"{PERSON} {number}.txt" for number in range(n)]
    for number, path in enumerate(paths):
        path.write_text(f"{sample}\nSigned by {PERSON}, number {number}, ada@example.com.\n")
    return [(path.name, path) for path in paths]


def decided(workshop, files):
    live = live_engine(workshop)
    done = list(decide_files(workshop, live, files, context=workshop.context, limits=Limits()))
    assert all(one.issued for one in done)
    return [one.issued.entry for one in done]


def test_a_turn_is_a_trace_with_each_stage_and_the_entry_that_it_wrote(turned):
    with opened(turned) as workshop:
        (row,) = [one for one in traces_view(workshop) if one.name == "turn"]
        written = {one.index: one.body["stage"] for one in workshop.ledger.entries("turn.stage")}
        view = trace_view(workshop, row.entries[0])
        names = {one.span_id: one.attributes["flyball.stage"] for one in view.spans if one.depth == 1}
        commits = [one for one in view.spans if one.attributes.get("flyball.ledger.kind") == "turn.stage"]
        stages = {one.entry: names[one.parent_id] for one in commits}
    assert stages == written
    assert {one.name for one in commits} == {"ledger commit"}


def test_the_own_cases_that_a_turn_decides_lead_to_their_traces(turned):
    with opened(turned) as workshop:
        entries = [one.index for one in workshop.ledger.entries("decision")]
        assert len(entries) == 25
        for entry in entries:
            view = trace_view(workshop, entry)
            assert view.row.name == "decide batch"
            assert [one.entry for one in view.spans if one.name == "decision"] == [entry]
        assert view.other_decisions == 24


def test_an_entry_without_a_trace_is_told_why_that_may_be_and_no_share(turned):
    with opened(turned) as workshop:
        with pytest.raises(UnknownTrace) as caught:
            trace_view(workshop, 10_000)
        assert str(caught.value.fix) == (
            "Either it is older than 30 days, made way for newer ones, was lost with a process that was "
            "killed, or what wrote it is not traced: docs/traces.md says what is. What was decided stands in "
            "the ledger."
        )


@pytest.mark.parametrize("workers", [1, 2])
def test_every_decision_leads_to_its_trace_and_back(folder, workers):
    with opened(folder, workers=workers) as workshop:
        entries = decided(workshop, contracts(folder, 10))
        for entry in entries:
            view = trace_view(workshop, entry)
            (told,) = [one for one in view.spans if one.name == "decision"]
            assert told.attributes["flyball.decision.id"] == f"contract-review:{entry}"
            assert told.attributes["flyball.decision.new"] is True
            body = workshop.ledger.entry(entry).body
            assert told.attributes["flyball.release"] == body["release"]
            outcomes = [one["outcome"] for one in body["fields"]]
            assert told.attributes["flyball.fields.referred"] == outcomes.count("referred")
            assert told.attributes["flyball.route"] == tuple(
                f"{one['field']}: {one['outcome']}, {one['route']['expert'] or 'nobody'}"
                for one in body["fields"]
            )
            names = [one.name for one in view.spans]
            assert {"expert triage", "expert clause_detector", "route", "rules", "gate"} <= set(names)
            assert names.count("ledger commit") == 1
        by_name = find_trace(workshop, f"{PERSON} 3.txt")
        assert by_name.row == trace_view(workshop, entries[3]).row
        assert find_trace(workshop, f"contract-review:{entries[3]}").row == by_name.row
        assert find_trace(workshop, by_name.row.trace_id.upper()).row == by_name.row


def test_at_no_share_every_decision_is_in_the_ledger_and_no_span_is_kept(folder):
    with opened(folder, "share = 0.0\nslow_ms = 0") as workshop:
        before = workshop.traces.count()
        entries = decided(workshop, contracts(folder, 6))
        assert len(set(entries)) == 6
        assert {workshop.ledger.entry(one).kind for one in entries} == {"decision"}
        assert workshop.traces.count() == before
        with pytest.raises(UnknownTrace, match=r"outside the share of 0 that is kept.*stands in the ledger"):
            trace_view(workshop, entries[0])


def test_a_decision_is_the_same_byte_for_byte_with_traces_and_without(folder):
    with opened(folder) as workshop:
        entries = decided(workshop, contracts(folder, 2))
    with opened(folder, "on = false") as workshop:
        found = list(replay(workshop, [workshop.ledger.entry(one) for one in entries]))
    assert [one.status for one in found] == ["same", "same"]


def test_a_trace_that_cannot_be_kept_costs_no_decision(folder, monkeypatch):
    def full(self):
        raise OSError("No space left on device")

    with opened(folder) as workshop:
        monkeypatch.setattr(type(workshop.traces._store), "keep", lambda self, traces: full(self))
        entries = decided(workshop, contracts(folder, 3))
        assert {workshop.ledger.entry(one).kind for one in entries} == {"decision"}
        workshop.traces.flush()
        assert workshop.traces.lost >= 1


def test_a_case_that_comes_again_says_that_its_decision_stood_already(folder):
    with opened(folder) as workshop:
        files = contracts(folder, 1)
        (entry,) = decided(workshop, files)
        assert decided(workshop, files) == [entry]
        view = trace_view(workshop, entry)
        again = find_trace(workshop, view.others[0].trace_id)
    assert [one.attributes["flyball.decision.new"] for one in again.spans if one.name == "decision"] == [
        False
    ]


def test_replays_are_traced_one_alone_and_of_many_those_that_fail(folder):
    with opened(folder) as workshop:
        entries = [workshop.ledger.entry(one) for one in decided(workshop, contracts(folder, 3))]
        assert [one.status for one in replay(workshop, entries[:1])] == ["same"]
        (row,) = [one for one in traces_view(workshop) if one.name == "replay"]
        view = find_trace(workshop, row.trace_id)
        assert view.spans[0].attributes == {
            "flyball.replay.of": entries[0].index,
            "flyball.replay.status": "same",
        }
        assert {"expert clause_detector", "route", "rules", "gate"} <= {one.name for one in view.spans}
        assert [one.status for one in replay(workshop, entries)] == ["same"] * 3
        assert [one.name for one in traces_view(workshop)].count("replay") == 1


def test_what_is_measured_and_what_goes_live_is_traced(folder):
    with opened(folder) as workshop:
        measure(workshop, folder / "cases")
        digest = live_release(workshop.ledger).release
        with suppress(FlyballError):
            promote(workshop, digest, by="person:anna", why="again")
        rows = {one.name: one for one in traces_view(workshop)}
        spans = find_trace(workshop, rows["evaluate"].trace_id).spans
    assert {"evaluate", "promote"} <= set(rows)
    assert "expert clause_detector" in {one.name for one in spans}


def test_the_file_holds_nobody_and_no_word_of_a_case(folder):
    with opened(folder) as workshop:
        entries = decided(workshop, contracts(folder, 3))
        list(replay(workshop, [workshop.ledger.entry(one) for one in entries[:1]]))
        measure(workshop, folder / "cases")
        workshop.traces.flush()
        texts = []
        for row in traces_view(workshop, limit=1_000):
            for one in workshop.traces.spans(row)[0]:
                values = [item for value in one.attributes.values() for item in _texts(value)]
                texts += [one.name, one.error, *values]
        assert len(texts) > 200
        assert [one for one in map(find_personal_data, dict.fromkeys(texts)) if one] == []
        data = b"".join(one.read_bytes() for one in (folder / ".flyball" / "traces").iterdir())
    words = (folder / "cases" / "contracts" / "mutual-nda.txt").read_text()
    for word in [PERSON, "ada@example.com", *re.findall(r"[A-Z][a-z]{7,}", words)]:
        assert word.encode() not in data, word


def test_an_erasure_finds_the_file_where_a_name_stands_in_it(turned):
    with opened(turned) as workshop:
        with begin("request", workshop.traces) as root:
            root.set("flyball.said", f"kept texts, in which {PERSON} was overlooked")
        workshop.traces.flush()
        assert any(one.startswith("traces/") for one in find(workshop, PERSON).caches)


def test_a_request_is_one_trace_from_the_door_to_the_ledger(folder, serve):
    running = serve(folder)
    workshop = running.house.everything()[0].workshop
    text = contracts(folder, 1)[0][1].read_text()
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    body = json.dumps({"cases": [{"text": text, "name": PERSON}, {"text": f"{text} And more."}]})
    connection.request("POST", "/v1/decisions", body, {"traceparent": f"00-{TRACE}-{'1' * 16}-01"})
    reply = json.loads(connection.getresponse().read())
    connection.close()
    ids = [one["id"] for one in reply["decisions"]]
    until = time.monotonic() + 10
    while not traces_view(workshop)[0].name.startswith("POST"):
        assert time.monotonic() < until
        time.sleep(0.01)
    views = [find_trace(workshop, one) for one in ids]
    assert {one.row.trace_id for one in views} == {TRACE}
    assert views[0].caller == "1" * 16
    tree = [(one.depth, one.name) for one in views[0].spans]
    assert tree[0] == (0, "POST /v1/decisions")
    assert [one for one in tree if one[0] == 1] == [(1, "decide")]
    inside = [name for depth, name in tree if depth == 2]
    assert inside == [
        "guards in",
        "expert triage",
        "expert clause_detector",
        "route",
        "rules",
        "gate",
        "guards out",
        "ledger commit",
        "decision",
    ]
    assert views[0].other_decisions == 1
    assert views[0].row.tenant == "default"


def test_the_command_shows_a_tree_a_list_and_json(folder, capsys):
    with opened(folder) as workshop:
        entry = decided(workshop, contracts(folder, 2))[0]
    _run("trace", entry, "-d", folder)
    shown = capsys.readouterr().out
    assert "expert clause_detector" in shown
    assert f"decision.id=contract-review:{entry}" in shown
    assert "Decided in the same batch: 1 more." in shown
    _run("trace", entry, "-d", folder, "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert told["row"]["entries"] == [entry, entry + 1]
    assert {"name", "offset_ms", "ms", "depth", "span_id", "parent_id", "attributes"} <= set(told["spans"][0])
    _run("trace", "-d", folder, "--slowest", "--json")
    listed = json.loads(capsys.readouterr().out)
    lengths = [one["ms"] for one in listed["traces"]]
    assert lengths == sorted(lengths, reverse=True)
    assert listed["kept"] == len(lengths)
    assert _run("trace", "no-such-case", "-d", folder) == 2
    assert "No decision matches" in capsys.readouterr().err
    assert _run("trace", str(entry), "--slowest", "-d", folder) == 2


def _run(*words):
    try:
        main([str(one) for one in words])
    except SystemExit as err:
        return err.code
    return 0


def _texts(value):
    return [value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else []
