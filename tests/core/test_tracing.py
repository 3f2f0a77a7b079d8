"""Spans of one trace: who stands under whom, what is said, and what happens where no trace is going on."""

import asyncio
import threading
from contextvars import copy_context

import pytest

from flyball.core.errors import BadInput
from flyball.core.tracing import MOST_SPANS, NO_SPAN, Trace, begin, caller_of, now_tracing, span


class Kept:
    """Keeps every trace."""

    def __init__(self, *, send_to=(), keeps_words=False, on=True, sampled=True):
        self.traces, self.send_to = [], frozenset(send_to)
        self.keeps_words, self.on, self.sampled = keeps_words, on, sampled

    def is_sampled(self, trace_id):
        return self.sampled

    def take(self, trace):
        self.traces.append(trace)

    def spans(self):
        return {one.name: one for trace in self.traces for one in trace.records()}


def test_a_span_stands_under_the_one_that_is_going_on():
    kept = Kept()
    with begin("turn", kept), span("stage"), span("expert"):
        pass
    spans = kept.spans()
    assert spans["expert"].parent == spans["stage"].id
    assert spans["stage"].parent == spans["turn"].id
    assert spans["turn"].parent == 0
    assert spans["turn"].start <= spans["stage"].start <= spans["stage"].end <= spans["turn"].end


def test_without_a_trace_a_span_takes_nothing_and_costs_nothing():
    with span("expert") as told:
        told.set("flyball.expert", "rules")
        told.entry(3)
        told.fail("broken")
    assert told is NO_SPAN
    assert now_tracing() is NO_SPAN
    assert not told.recording


def test_a_trace_inside_another_is_a_span_of_it():
    outer, inner = Kept(), Kept()
    with begin("request", outer), begin("decide", inner):
        pass
    assert set(outer.spans()) == {"request", "decide"}
    assert inner.traces == []


def test_a_keeper_that_is_off_gets_nothing():
    kept = Kept(on=False)
    with begin("turn", kept) as told, span("stage"):
        assert not told.recording
    assert kept.traces == []


def test_an_error_is_told_by_its_code_or_class_and_never_by_its_message():
    kept = Kept()

    def work():
        with begin("turn", kept):
            with pytest.raises(ValueError), span("stage"):
                raise ValueError("Anna Muster, born 1980-02-03")
            raise BadInput("Anna Muster is no number.", fix="Mend it.")

    with pytest.raises(BadInput):
        work()
    spans = kept.spans()
    assert (spans["stage"].error, spans["turn"].error) == ("ValueError", "core.bad_input")
    assert "Anna" not in str(kept.traces[0].records())
    assert kept.traces[0].failed


def test_the_trace_goes_along_into_tasks_and_into_threads_that_get_the_context():
    kept = Kept()

    async def work():
        with span("in a task"):
            await asyncio.sleep(0)
        await asyncio.to_thread(lambda: span("in a thread").end())

    def elsewhere():
        with span("in a thread of ours"):
            pass

    with begin("request", kept) as root:
        asyncio.run(work())
        thread = threading.Thread(target=copy_context().run, args=(elsewhere,))
        thread.start()
        thread.join()
    spans = kept.spans()
    assert {"in a task", "in a thread", "in a thread of ours"} < set(spans)
    assert all(one.parent == root.id for one in spans.values() if one.name.startswith("in "))


def test_what_another_process_did_stands_under_the_span_that_asked_for_it():
    there = Trace("there")
    with there.root, span("expert"):
        pass
    there.close()
    kept = Kept()
    with begin("here", kept) as root:
        root.adopt(there.records())
    spans = kept.spans()
    assert set(spans) == {"here", "expert"}
    assert spans["expert"].parent == root.id
    assert spans["here"].start <= spans["expert"].start


def test_more_spans_than_a_trace_may_have_are_counted_and_left_out():
    kept = Kept()
    with begin("batch", kept):
        for _ in range(MOST_SPANS + 5):
            span("decision").end()
    assert len(kept.traces[0].records()) == MOST_SPANS
    assert kept.traces[0].left_out == 6


def test_a_span_that_begins_after_the_end_takes_nothing():
    kept = Kept()
    with begin("request", kept) as root:
        late = copy_context()
    assert late.run(span, "late") is NO_SPAN
    assert root.ended


def test_what_has_not_ended_ends_with_the_trace():
    kept = Kept()
    with begin("request", kept):
        span("left behind")
    spans = kept.spans()
    assert spans["left behind"].end == spans["request"].end


def test_a_long_text_is_cut_and_nothing_is_said_of_none():
    kept = Kept()
    with begin("request", kept) as root:
        root.set("flyball.expert", "x" * 5_000)
        root.set("gen_ai.request.seed", None)
    assert kept.spans()["request"].attributes == {"flyball.expert": "x" * 200}


def test_a_number_beyond_64_bits_says_nothing():
    kept = Kept()
    with begin("request", kept) as root:
        root.set("gen_ai.request.seed", 10**30)
        root.set("flyball.cases", -(2**63) + 1)
    assert kept.spans()["request"].attributes == {"flyball.cases": -(2**63) + 1}


def test_words_are_taken_only_where_the_keeper_wants_them():
    for wanted in (False, True):
        kept = Kept(keeps_words=wanted)
        with begin("request", kept) as root:
            root.words("gen_ai.input.messages", [("user", "How does it run?")])
        assert len(kept.traces[0].words) == wanted
        assert "run?" not in str(kept.traces[0].records())


def test_only_this_machine_and_named_hosts_are_told_of_the_trace():
    kept = Kept(send_to=["models.example"])
    with begin("request", kept) as root:
        told = root.headers("models.example")["traceparent"]
        assert told == f"00-{root.trace.trace_id.hex()}-{root.id:016x}-01"
        assert root.headers("127.0.0.1") == {"traceparent": told}
        assert root.headers("elsewhere.example") == {}
        assert root.headers("models.example.evil.example") == {}


def test_a_trace_that_is_not_sampled_says_so():
    kept = Kept(sampled=False)
    with begin("request", kept) as root:
        assert root.headers("localhost")["traceparent"].endswith("-00")


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_trace_of_a_caller_goes_on():
    caller = caller_of(f"00-{TRACE}-{SPAN}-01")
    trace = Trace("POST", "server", caller)
    assert trace.trace_id.hex() == TRACE
    assert f"{trace.root.parent:016x}" == SPAN


def test_a_later_version_of_the_header_may_be_longer():
    assert caller_of(f"01-{TRACE}-{SPAN}-01-more") is not None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        "00-" + "٠" * 32 + f"-{SPAN}-01",
    ],
)
def test_anything_else_begins_a_trace_of_its_own(header):
    assert caller_of(header) is None
