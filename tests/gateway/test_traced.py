"""Requests under a trace: a caller's goes on, every part is a span, and no word of anybody stands in it."""

import http.client
import json
import time

import pytest

from flyball.evaluation.traces.records import UnknownTrace
from flyball.loop.tracing import trace_view, traces_view

SAID = {"role": "assistant", "content": "Steady as Anna Muster."}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
WORDS = "Who is Anna Muster, IBAN DE89370400440532013000?"
KEPT = "[traces]\nshare = {share}\n{more}"


def plain(handler, body):
    handler.server.heads = [*getattr(handler.server, "heads", []), dict(handler.headers)]
    choice = {"index": 0, "message": SAID, "finish_reason": "stop"}
    handler.say(200, {"model": "tiny-1", "choices": [choice], "usage": USAGE})


def pieces(handler, body):
    parts = [{"choices": [{"index": 0, "delta": {"content": one}}]} for one in ("Steady", " as it", " goes.")]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE}
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in [*parts, last]) + "data: [DONE]\n\n"
    handler.say(200, text.encode(), "text/event-stream")


def broken(handler, body):
    handler.say(500, {})


def ask(running, text=WORDS, stream=False, path="/v1/chat/completions", method="POST", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    body = {"model": "talk", "messages": [{"role": "user", "content": text}], "stream": stream}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, json.dumps(body) if method == "POST" else None, given)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status


def read(running, path):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


@pytest.fixture
def asked(gateway, upstream):
    def start(behave=plain, share=1.0, more="", **given):
        model = upstream(behave)
        running = gateway(model, extra=KEPT.format(share=share, more=more), **given)
        running.model = model
        running.workshop = running.house.everything()[0].workshop
        return running

    return start


def test_every_part_of_a_conversation_is_a_span_and_the_ledger_entry_leads_to_it(asked):
    running = asked()
    assert ask(running, traceparent=f"00-{TRACE}-{SPAN}-00") == 200
    (entry,) = running.entries()
    view = view_of(running, entry.index)
    names = [(one.depth, one.name) for one in view.spans]
    assert names == [
        (0, "POST /v1/chat/completions"),
        (1, "guards in"),
        (1, "route"),
        (1, "chat tiny"),
        (1, "guards out"),
        (1, "ledger commit"),
    ]
    assert (view.row.trace_id, view.caller) == (TRACE, SPAN)
    root, *_, commit = view.spans
    assert commit.entry == entry.index
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["flyball.outcome"] == "answered"
    assert root.ms >= sum(one.ms for one in view.spans[1:]) * 0.99


def test_a_request_to_a_model_is_told_by_the_names_of_opentelemetry(asked):
    running = asked()
    ask(running)
    chat = next(one for one in spans_of(running) if one.name == "chat tiny")
    assert chat.kind == "client"
    assert chat.attributes | {"server.port": 0} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "tiny",
        "gen_ai.request.max_tokens": 8_000,
        "gen_ai.response.model": "tiny-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "server.address": "127.0.0.1",
        "server.port": 0,
        "http.response.status_code": 200,
        "flyball.expert": "model0",
        "flyball.cost_eur": "0",
    }


def test_a_stream_is_traced_to_its_last_piece(asked):
    running = asked(pieces)
    assert ask(running, stream=True) == 200
    spans = spans_of(running)
    chat = next(one for one in spans if one.name == "chat tiny")
    assert chat.attributes["gen_ai.request.stream"] is True
    assert 0 < chat.attributes["gen_ai.response.time_to_first_chunk"] < chat.ms / 1_000
    assert chat.attributes["gen_ai.usage.output_tokens"] == 3
    assert [one.entry for one in spans if one.name == "ledger commit"] == [
        one.index for one in running.entries()
    ]
    assert spans[0].ms >= chat.offset_ms - spans[0].offset_ms + chat.ms


def test_a_failure_is_told_by_its_status_and_every_try_has_a_span(asked):
    running = asked(broken, share=0.0)
    assert ask(running) >= 500
    spans = spans_of(running)
    tries = [one for one in spans if one.name == "chat tiny"]
    assert [one.error for one in tries] == ["500", "500"]
    assert [one.attributes.get("http.request.resend_count") for one in tries] == [None, 1]
    assert traces_view(running.workshop, failed=True) != ()


def test_at_no_share_every_entry_is_in_the_ledger_and_no_span_is_kept(asked):
    running = asked(share=0.0)
    assert [ask(running, traceparent=f"00-{TRACE}-{SPAN}-01") for _ in range(5)] == [200] * 5
    assert len(running.entries()) == 5
    assert running.workshop.traces.count() == 0


def test_half_of_the_traces_are_kept_and_all_of_the_entries(asked):
    running = asked(share=0.5)
    ids = [f"{number:02x}" * 16 for number in range(1, 255, 12)]
    assert {ask(running, traceparent=f"00-{one}-{SPAN}-00") for one in ids} == {200}
    assert len(running.entries()) == len(ids)
    wanted = {one for one in ids if int(one[-14:], 16) < 1 << 55}

    def look():
        assert {one.trace_id for one in traces_view(running.workshop, limit=100)} == wanted

    waited(look)
    assert 0 < len(wanted) < len(ids)


def test_the_model_is_told_of_the_trace_only_where_the_deployment_says_so(asked):
    running = asked()
    ask(running, traceparent=f"00-{TRACE}-{SPAN}-01", baggage="name=Anna")
    chat = next(one for one in spans_of(running) if one.name == "chat tiny")
    (head,) = running.model.heads
    assert head["traceparent"] == f"00-{TRACE}-{chat.span_id}-01"  # 127.0.0.1 is this machine
    assert not {"tracestate", "baggage"} & {name.lower() for name in head}


def test_the_state_of_the_caller_goes_on_and_of_its_baggage_what_the_deployment_names(asked):
    running = asked(more='baggage = ["team"]\n')
    given = {"tracestate": "rojo=00f067aa0ba902b7,congo=t61", "baggage": "team=claims,name=Anna"}
    ask(running, traceparent=f"00-{TRACE}-{SPAN}-01", **given)
    (head,) = running.model.heads
    assert head["tracestate"] == given["tracestate"]
    assert head["baggage"] == "team=claims"
    spans_of(running)
    data = b"".join(one.read_bytes() for one in (running.workshop.state / "traces").iterdir())
    assert b"claims" not in data
    assert b"00f067aa" not in data


@pytest.mark.parametrize(
    "given",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}"},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01", "tracestate": "rojo=1"},
        {"traceparent": "x" * 60_000},
        {"tracestate": "rojo=1", "baggage": "team=claims"},
    ],
)
def test_a_bad_header_begins_a_trace_of_its_own_and_nothing_of_it_goes_on(asked, given):
    running = asked(more='baggage = ["team"]\n')
    assert ask(running, **given) == 200
    (head,) = running.model.heads
    assert head["traceparent"][3:35] not in (TRACE, "0" * 32)
    assert not {"tracestate", "baggage"} & {name.lower() for name in head}


def test_a_bad_state_costs_the_state_and_not_the_trace(asked):
    running = asked()
    assert ask(running, traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="Rojo=1,,=") == 200
    (head,) = running.model.heads
    assert head["traceparent"][3:35] == TRACE
    assert "tracestate" not in head


def test_a_caller_decides_where_callers_are_followed_and_every_entry_stands(asked):
    running = asked(share=1.0, more="follow_callers = true\n")
    other = "1" * 32
    assert ask(running, traceparent=f"00-{TRACE}-{SPAN}-00") == 200
    assert ask(running, traceparent=f"00-{other}-{SPAN}-01") == 200
    view_of(running, running.entries()[-1].index)
    assert [one.trace_id for one in traces_view(running.workshop)] == [other]
    assert [head["traceparent"][-2:] for head in running.model.heads] == ["00", "01"]
    assert len(running.entries()) == 2


def test_prometheus_reads_how_long_models_took_though_no_trace_is_kept(asked):
    running = asked(share=0.0)
    assert [ask(running) for _ in range(3)] == [200] * 3
    port = running.model.server_port
    about = (
        'deployment="talk",gen_ai_operation_name="chat",gen_ai_provider_name="openai",'
        f'gen_ai_request_model="tiny",server_address="127.0.0.1",server_port="{port}"'
    )

    def look():
        text = read(running, "/metrics")
        assert f'gen_ai_client_operation_duration_seconds_count{{{about},error_type=""}} 3' in text
        return text

    text = waited(look)
    assert f'gen_ai_client_token_usage_sum{{{about},gen_ai_token_type="input"}} 21' in text
    assert f'gen_ai_client_token_usage_bucket{{{about},gen_ai_token_type="output",le="4"}} 3' in text
    assert 'flyball_traces_lost_total{deployment="talk",where="file"} 0' in text
    assert running.workshop.traces.count() == 0


def test_no_word_of_a_caller_stands_in_the_file(asked):
    running = asked()
    ask(running, user_agent="Anna Muster's browser")
    ask(running, "It is urgent", path="/v1/chat/completions?name=Anna")
    spans_of(running)
    data = b"".join(one.read_bytes() for one in (running.workshop.state / "traces").iterdir())
    assert b"chat tiny" in data
    for word in (b"Anna", b"Muster", b"DE8937", b"Steady", b"urgent"):
        assert word not in data


def test_words_are_kept_where_that_is_wanted_with_personal_data_covered(asked):
    running = asked(more="keep_texts = true\n", chat="guards_in = []\nguards_out = []\n")
    ask(running)
    chat = next(one for one in spans_of(running) if one.name == "chat tiny")
    (message,) = json.loads(chat.attributes["gen_ai.input.messages"])
    assert message["role"] == "user"
    assert message["parts"][0]["content"].startswith("Who is [PERSON], IBAN [")
    assert '"Steady as [' in chat.attributes["gen_ai.output.messages"]
    data = b"".join(one.read_bytes() for one in (running.workshop.state / "traces").iterdir())
    assert b"Muster" not in data
    assert b"DE8937" not in data


def test_reading_is_not_kept_and_what_belongs_to_no_deployment_neither(asked):
    running = asked()
    for path in ("/healthz", "/metrics", "/v1/models", "/nowhere"):
        ask(running, path=path, method="GET")
    ask(running, path="/v1/decisions?deployment=talk", method="GET")
    assert running.workshop.traces.count() == 0


def test_switched_off_nothing_is_kept(asked):
    running = asked(more="on = false\n")
    assert ask(running) == 200
    assert running.workshop.traces.count() == 0
    assert len(running.entries()) == 1


def spans_of(running):
    return view_of(running, running.entries()[-1].index).spans


def view_of(running, entry):
    """Return the trace of an entry; it ends when the last byte has left, which may be after it was read."""
    return waited(lambda: trace_view(running.workshop, entry))


def waited(look):
    until = time.monotonic() + 10
    while True:
        try:
            return look()
        except (UnknownTrace, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
