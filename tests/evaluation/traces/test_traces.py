"""What is kept of traces: which, for how long, how much; found by entry; and what happens when that fails."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from flyball.core.errors import BadInput
from flyball.core.tracing import Caller, Trace, begin, span
from flyball.evaluation.traces.records import TracesUnavailable, UnknownTrace, packed, unpacked
from flyball.evaluation.traces.settings import TraceSettings
from flyball.evaluation.traces.store import TraceStore
from flyball.evaluation.traces.traces import Traces
from flyball.evaluation.traces.treating import covered
from flyball.evaluation.traces.view import view_of_trace

DAY = 86_400_000_000


@pytest.fixture
def traces(tmp_path):
    made = []

    def start(**settings):
        made.append(Traces(tmp_path / "t" / "traces.sqlite", TraceSettings(**settings), deployment="talk"))
        return made[-1]

    yield start
    for one in made:
        one.close()


def one_trace(traces, *entries, name="request", error="", tenant="", ms=0.0, days_ago=0):
    with begin(name, traces, tenant=tenant) as root:
        for entry in entries:
            with span("decision") as told:
                told.wrote([entry])
        if error:
            root.fail(error)
        root.start -= round(ms * 1e6)
        if days_ago:
            for one in root.trace._spans:
                one.start -= days_ago * DAY * 1_000
                one.ended = one.start + 1_000


def test_a_trace_is_found_by_each_entry_that_came_of_it(traces):
    kept = traces()
    one_trace(kept, 3, 5)
    one_trace(kept, 7)
    assert view_of_trace(kept, entry=5).row.entries == (3, 5)
    assert view_of_trace(kept, entry=7).row.entries == (7,)
    with pytest.raises(UnknownTrace, match="No trace of entry 4 is kept"):
        view_of_trace(kept, entry=4)


def test_a_decision_is_shown_without_the_others_of_its_batch(traces):
    kept = traces()
    one_trace(kept, *range(100))
    view = view_of_trace(kept, entry=42)
    assert [one.entry for one in view.spans] == [None, 42]
    assert view.other_decisions == 99
    assert len(view_of_trace(kept, trace_id=view.row.trace_id).spans) == 101


def test_of_several_traces_of_an_entry_the_first_is_shown_and_the_others_named(traces):
    kept = traces()
    for name in ("first", "second", "third"):
        one_trace(kept, 3, name=name)
    view = view_of_trace(kept, entry=3)
    assert (view.row.name, [one.name for one in view.others]) == ("first", ["second", "third"])


def test_another_tenant_has_no_trace_here(traces):
    kept = traces()
    one_trace(kept, 3, tenant="acme")
    assert view_of_trace(kept, entry=3, tenant="acme").row.tenant == "acme"
    with pytest.raises(UnknownTrace):
        view_of_trace(kept, entry=3, tenant="other")
    assert kept.rows(tenant="other") == []


def with_id(trace_id, *, sampled=False):
    return Trace("request", "server", Caller(trace_id, 1, sampled))


def test_the_share_is_chosen_by_the_last_seven_bytes_of_the_id(traces):
    half = traces(share=0.5)
    assert half.is_sampled(with_id(bytes(9) + bytes(7)))
    assert half.is_sampled(with_id(b"\xff" * 9 + b"\x7f" + b"\xff" * 6))
    assert not half.is_sampled(with_id(bytes(9) + b"\x80" + bytes(6)))
    assert not traces(share=0.0).is_sampled(with_id(bytes(16)))
    assert traces(share=1.0).is_sampled(with_id(b"\xff" * 16))


def test_callers_are_followed_only_where_the_deployment_says_so(traces):
    own, theirs = traces(share=0.0), traces(share=1.0, follow_callers=True)
    for sampled in (True, False):
        trace = with_id(os.urandom(16), sampled=sampled)
        assert not own.is_sampled(trace)
        assert theirs.is_sampled(trace) is sampled
    assert theirs.is_sampled(Trace("turn"))


def test_what_failed_is_kept_whatever_the_caller_says(traces):
    kept = traces(follow_callers=True)
    for error in ("", "500"):
        trace = with_id(os.urandom(16), sampled=False)
        trace.keeper = kept
        if error:
            trace.root.fail(error)
        trace.close()
        kept.take(trace)
    assert [one.failed for one in kept.rows()] == [True]


def test_a_tenth_of_many_traces_is_a_tenth(traces):
    """By hand: 20,000 draws at .1 have a standard deviation of 42, so 5 of them are 212."""
    kept = traces(share=0.1)
    n = sum(kept.is_sampled(with_id(os.urandom(16))) for _ in range(20_000))
    assert abs(n - 2_000) < 212


def test_what_failed_or_was_slow_is_kept_whatever_the_share(traces):
    kept = traces(share=0.0, slow_ms=100.0)
    one_trace(kept, 1)
    one_trace(kept, 2, error="gateway.broken")
    one_trace(kept, 3, ms=150.0)
    one_trace(kept, 4, ms=50.0)
    assert [one.entries for one in kept.rows()] == [(3,), (2,)]
    assert [one.entries for one in kept.rows(failed=True)] == [(2,)]
    assert [one.entries for one in kept.rows(slowest=True, limit=1)] == [(3,)]


def test_a_failure_deep_inside_counts(traces):
    kept = traces(share=0.0)
    with begin("request", kept), span("chat"):
        span("try").fail("429")
    assert kept.count() == 1


def test_no_length_is_slow_at_0(traces):
    kept = traces(share=0.0, slow_ms=0.0)
    one_trace(kept, 3, ms=1e9)
    assert kept.count() == 0


def test_reading_is_kept_only_where_it_failed(traces):
    kept = traces()
    for error in ("", "500"):
        trace = Trace("GET", "server")
        trace.keeper, trace.minor = kept, True
        if error:
            trace.root.fail(error)
        trace.close()
        kept.take(trace)
    assert [one.failed for one in kept.rows()] == [True]


def test_work_that_only_read_is_kept_where_it_came_to_an_entry(traces):
    kept = traces()
    for entries in ((), (7,)):
        with begin("watch", kept, minor=True) as root:
            root.wrote(entries)
    assert [one.entries for one in kept.rows()] == [(7,)]


def test_old_traces_go(traces):
    kept = traces(keep_days=7)
    one_trace(kept, 1, days_ago=8)
    one_trace(kept, 2, days_ago=6)
    assert [one.entries for one in kept.rows()] == [(2,)]
    assert kept.rows(entry=1) == []


def test_the_file_never_grows_far_beyond_what_it_may_hold(traces, tmp_path):
    kept = traces(keep_mb=1)
    for round_ in range(40):
        for number in range(100):
            with begin("request", kept) as root:
                for _ in range(8):
                    with span("part") as told:
                        told.set("flyball.expert", "x" * 100)
                root.wrote([round_ * 100 + number])
        kept.flush()
    assert (tmp_path / "t" / "traces.sqlite").stat().st_size < 1_500_000
    rows = kept.rows(limit=10_000)
    assert rows[0].entries == (3_999,)
    assert 300 < len(rows) < 1_000
    last = rows[-1].entries[0]
    assert kept.rows(entry=last) != []
    assert kept.rows(entry=last - 1) == []


def test_only_the_owner_may_read_the_file(traces, tmp_path):
    kept = traces()
    one_trace(kept, 1)
    kept.flush()
    modes = {one.stat().st_mode & 0o077 for one in [tmp_path / "t", *(tmp_path / "t").iterdir()]}
    assert modes == {0}


def test_a_file_that_was_deleted_under_a_running_process_is_made_again(traces, tmp_path):
    kept = traces()
    one_trace(kept, 1)
    kept.flush()
    for one in (tmp_path / "t").iterdir():
        one.unlink()
    assert kept.rows() == []
    one_trace(kept, 2)
    assert [one.entries for one in kept.rows()] == [(2,)]


def test_a_damaged_file_costs_the_traces_and_nothing_else(traces, tmp_path, caplog):
    kept = traces()
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "traces.sqlite").write_bytes(b"nonsense" * 1_000)
    one_trace(kept, 1)
    kept.flush()
    assert kept.lost == 1
    assert "cannot be kept" in caplog.text
    with pytest.raises(TracesUnavailable, match="may be deleted"):
        kept.rows()


def test_a_locked_file_never_holds_up_who_is_traced(traces, tmp_path):
    kept = traces()
    one_trace(kept, 1)
    kept.flush()
    held = sqlite3.connect(tmp_path / "t" / "traces.sqlite", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    for entry in range(100):
        one_trace(kept, entry)
    assert time.monotonic() - began < 1.0
    held.execute("COMMIT")
    held.close()
    kept.close()
    assert kept.count() == 101


def test_more_than_memory_may_hold_is_left_out_and_counted(traces, monkeypatch):
    monkeypatch.setattr("flyball.evaluation.traces.traces._MOST_WAITING_BYTES", 1_000)
    monkeypatch.setattr("flyball.evaluation.traces.traces._FLUSH_SECONDS", 60.0)
    kept = traces()
    for entry in range(100):
        one_trace(kept, entry)
    assert kept.lost > 80
    assert kept.count() == 100 - kept.lost


def test_a_trace_that_cannot_be_written_down_is_lost_and_nobody_suffers(traces, caplog):
    kept = traces()
    with begin("request", kept) as root:
        root.set("flyball.expert", "\ud800")
    assert kept.lost == 1
    assert "cannot be kept" in caplog.text


@pytest.mark.slow
def test_lists_stay_quick_when_there_are_many(traces):
    kept = traces(keep_mb=2_000)
    for entry in range(200_000):
        with begin("request", kept, tenant="rare" if entry == 5 else "usual") as root:
            root.wrote([entry])
            if entry == 7:
                root.fail("500")
    kept.flush()
    for asked in (
        {},
        {"slowest": True},
        {"failed": True},
        {"tenant": "rare"},
        {"entry": 100_000},
        {"tenant": "usual", "slowest": True},
    ):
        began = time.process_time()
        assert kept.rows(**asked)
        assert time.process_time() - began < 0.1, asked


def test_threads_and_processes_write_one_file(traces, tmp_path):
    kept = traces()
    script = """
import sys
from pathlib import Path
from flyball.core.tracing import begin
from flyball.evaluation.traces.settings import TraceSettings
from flyball.evaluation.traces.traces import Traces
traces = Traces(Path(sys.argv[1]), TraceSettings(), deployment="talk")
for entry in range(200):
    with begin("elsewhere", traces) as root:
        root.wrote([entry])
traces.close()
"""
    path = str(tmp_path / "t" / "traces.sqlite")
    others = [subprocess.Popen([sys.executable, "-c", script, path]) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda: [one_trace(kept, entry) for entry in range(200)]) for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.wait(60) for one in others] == [0, 0]
    assert kept.count() == 6 * 200
    assert len(kept.rows(entry=7, limit=100)) == 6


KILLED = """
import json, sys, time
from pathlib import Path
from flyball.core.tracing import begin
from flyball.evaluation.traces.settings import TraceSettings
from flyball.evaluation.traces.traces import Traces
traces = Traces(Path(sys.argv[1]), TraceSettings(), deployment="talk")
for entry in range(10**6):
    with begin("request", traces) as root:
        root.wrote([entry])
    print(json.dumps([entry, time.time()]), flush=True)
    time.sleep(0.005)
"""


def test_a_process_that_is_killed_loses_the_spans_of_its_last_second_at_most(tmp_path):
    path = tmp_path / "traces.sqlite"
    running = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    told = [json.loads(running.stdout.readline())]
    while told[-1][1] - told[0][1] < 4.0:
        told.append(json.loads(running.stdout.readline()))
    running.send_signal(signal.SIGKILL)
    rest, _ = running.communicate()
    told += [json.loads(line) for line in rest.splitlines() if line.endswith("]")]
    rows = TraceStore(path, keep_days=1, keep_mb=100, may_go=lambda: True).rows(limit=100_000)
    kept = {one.entries[0] for one in rows}
    late = told[-1][1] - 2.0  # half a second to wait, and as long again on a busy machine to write
    assert {entry for entry, at in told if at < late} <= kept


def test_spans_are_the_same_when_they_were_packed():
    trace = Trace("request")
    with trace.root as root:
        root.set("a", ("x", "y"))
        root.set("b", 2)
        root.set("c", 0.5)
        root.set("d", True)
        root.set("e", "ü")
        root.fail("broken")
    trace.close()
    assert unpacked(packed(trace.records())) == trace.records()


def test_a_trace_whose_spans_stand_under_each_other_in_a_circle_is_shown_all_the_same(traces):
    kept = traces()
    with begin("request", kept) as root:
        one, other = span("one"), span("other")
        one.parent, other.parent = other.id, one.id
        root.wrote([1])
    assert view_of_trace(kept, entry=1).spans[0].name == "request"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"share": 1.5}, r"traces\.share must lie between 0 and 1, got 1\.5"),
        ({"share": float("nan")}, r"traces\.share must lie"),
        ({"slow_ms": -1.0}, r"traces\.slow_ms"),
        ({"keep_days": 0}, r"traces\.keep_days must lie between 1 and 3650, got 0"),
        ({"keep_mb": 0}, r"traces\.keep_mb"),
        (
            {"send_to": ("https://llm.example.com",)},
            r"traces\.send_to: 'https://llm\.example\.com' is no name",
        ),
        ({"send_to": ("llm.example.com:443",)}, r"traces\.send_to"),
        ({"send_to": ("",)}, r"traces\.send_to"),
    ],
)
def test_settings_that_mean_nothing_are_refused(given, message):
    with pytest.raises(BadInput, match=message):
        TraceSettings(**given)


def test_words_that_cannot_be_searched_are_left_out(monkeypatch, caplog):
    def fails():
        raise BadInput("Anna Muster cannot be read.", fix="")

    monkeypatch.setattr("flyball.evaluation.traces.treating._finder", fails)
    assert covered("Anna Muster") is None
    assert "Anna" not in caplog.text


def test_words_are_covered_by_kind():
    text = covered("Write to anna.muster@example.com or pay DE89370400440532013000.")
    assert text == "Write to [EMAIL_ADDRESS] or pay [IBAN_CODE]."
