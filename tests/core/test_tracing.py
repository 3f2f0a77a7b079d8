"""Spans of one trace: who stands under whom, what is said, and what happens where no trace is going on."""

import asyncio
import threading
from contextvars import copy_context

import pytest

from flyball.core.errors import BadInput
from flyball.core.tracing import (
    MOST_ENTRIES,
    MOST_SPANS,
    NO_SPAN,
    Trace,
    begin,
    caller_of,
    now_tracing,
    span,
    traced,
)


class Kept:
    """Keeps every trace."""

    def __init__(self, *, send_to=(), baggage=(), keeps_words=False, on=True, sampled=True):
        self.traces, self.send_to, self.baggage = [], frozenset(send_to), frozenset(baggage)
        self.keeps_words, self.on, self.sampled = keeps_words, on, sampled

    def is_sampled(self, trace):
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
        told.wrote([3])
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


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("03", True), ("02", False)])
def test_whether_a_caller_keeps_it_is_read(flags, sampled):
    assert caller_of(f"00-{TRACE}-{SPAN}-{flags}").sampled is sampled


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("", ""),
        ("rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"),
        ("rojo=1 ,\tcongo=t61rc,,", "rojo=1,congo=t61rc"),
        ("fw529a3039@dt=FfQ/+a b", "fw529a3039@dt=FfQ/+a b"),
        ("rojo=1,rojo=2", ""),
        ("Rojo=1", ""),
        ("rojo", ""),
        ("rojo=", ""),
        ("rojo=a=b", ""),
        ("rojo=ü", ""),
        ("rojo=1\r\nX-Evil: 1", ""),
        (",".join(f"v{number}=1" for number in range(33)), ""),
    ],
)
def test_the_state_of_a_caller_is_taken_as_it_came_or_not_at_all(header, state):
    caller = caller_of(f"00-{TRACE}-{SPAN}-01", header)
    assert (caller.trace_id.hex(), caller.state) == (TRACE, state)


def test_a_long_state_loses_its_longest_members_first_and_then_the_last():
    members = [f"long={'x' * 200}", *(f"v{number}={'y' * 50}" for number in range(12))]
    state = caller_of(f"00-{TRACE}-{SPAN}-01", ",".join(members)).state
    assert len(state) <= 512
    assert state == ",".join(members[1:10])  # 53 characters and a comma each


@pytest.mark.parametrize(
    ("header", "baggage"),
    [
        ("team=claims, tier = gold;ttl=60,empty=", (("team", "claims"), ("tier", "gold"), ("empty", ""))),
        ("team=Anna%20Muster", (("team", "Anna%20Muster"),)),
        ("team", ()),
        ("team=a b", ()),
        ('team="x"', ()),
        ("team=1\r\nX-Evil: 1", ()),
        ("=1", ()),
        (",".join(f"v{number}=1" for number in range(65)), ()),
        (f"team={'x' * 8_192}", ()),
    ],
)
def test_the_baggage_of_a_caller_is_read_or_left(header, baggage):
    assert caller_of(f"00-{TRACE}-{SPAN}-01", "", header).baggage == baggage


def test_state_goes_on_to_hosts_that_may_know_and_of_baggage_what_is_named():
    caller = caller_of(f"00-{TRACE}-{SPAN}-01", "rojo=1", "team=claims,name=Anna")
    trace = Trace("POST", "server", caller)
    trace.keeper = Kept(send_to=["models.example"], baggage=["team"])
    told = trace.root.headers("models.example")
    assert told == {
        "traceparent": f"00-{TRACE}-{trace.root.id:016x}-01",
        "tracestate": "rojo=1",
        "baggage": "team=claims",
    }
    assert trace.root.headers("elsewhere.example") == {}
    trace.keeper = Kept(send_to=["models.example"])
    assert set(trace.root.headers("models.example")) == {"traceparent", "tracestate"}


def test_a_function_is_traced_with_what_its_first_argument_keeps():
    class Workshop:
        traces = Kept()

    @traced("evaluate")
    def work(workshop, number, *, more):
        with span("part"):
            return number + more

    assert work(Workshop, 1, more=2) == 3
    assert work.__name__ == "work"
    spans = Workshop.traces.spans()
    assert spans["part"].parent == spans["evaluate"].id


def test_spans_of_one_kind():
    kept = Kept()
    with begin("request", kept):
        span("chat", "client").end()
    assert [one.name for one in kept.traces[0].records("client")] == ["chat"]


def test_one_entry_is_named_by_its_span_and_many_find_their_trace():
    kept = Kept()
    with begin("request", kept):
        with span("one") as one:
            one.wrote([7])
        with span("many") as many:
            many.wrote([8, 9])
    assert kept.traces[0].entries == [7, 8, 9]
    assert one.attributes == {"flyball.ledger.entry": 7}
    assert many.attributes == {}


def test_a_trace_is_found_by_so_many_entries_and_no_more():
    kept = Kept()
    with begin("outcome load", kept) as root:
        for first in range(0, MOST_ENTRIES + 2_000, 1_000):
            root.wrote(range(first, first + 1_000))
    assert kept.traces[0].entries == list(range(MOST_ENTRIES))
