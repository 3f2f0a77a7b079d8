"""The bytes that a collector gets, read back with the definitions of OpenTelemetry itself."""

import gzip
import http.server
import os
import threading
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from flyball.core.errors import BadInput
from flyball.core.tracing import begin, caller_of, span
from flyball.evaluation.traces import exporting
from flyball.evaluation.traces.otlp import encoded, rejected_of
from flyball.evaluation.traces.settings import OtlpSettings, TraceSettings
from flyball.evaluation.traces.traces import Traces


class Collector(http.server.ThreadingHTTPServer):
    """Takes what it is sent, as `replies` say, one after the other; then 200."""

    daemon_threads = True

    def __init__(self, *replies):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies, self.got, self.heads = list(replies), [], []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/traces"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def spans(self):
        return [
            one
            for message in self.got
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        ]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        self.server.heads.append((self.path, dict(self.headers)))
        status, reply, more = self.server.replies.pop(0) if self.server.replies else (200, b"", {})
        if status < 300:
            self.server.got.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(status)
        for name, value in {"content-length": str(len(reply)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def collector():
    made = []

    def start(*replies):
        made.append(Collector(*replies))
        return made[-1]

    yield start
    for one in made:
        one.shutdown()
        one.server_close()


def traces_to(path, url, headers=None, **more):
    otlp = OtlpSettings(url=url, headers=headers or {}, timeout_seconds=5.0)
    return Traces(path / "traces.sqlite", TraceSettings(otlp=otlp, **more), deployment="talk")


def one_trace(traces, name="request"):
    with begin(name, traces) as root:
        root.set("flyball.cases", 3)
        with span("chat tiny", "client") as chat:
            chat.set("gen_ai.request.model", "tiny")
            chat.set("gen_ai.request.temperature", 0.5)
            chat.set("gen_ai.request.seed", -3)
            chat.set("gen_ai.request.stream", True)
            chat.set("gen_ai.response.finish_reasons", ("stop", "länge"))
            chat.fail("500")
    return root


def values(one):
    found = {}
    for pair in one.attributes:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        found[pair.key] = [item.string_value for item in value.values] if kind == "array_value" else value
    return found


def waited(look, seconds=10):
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_collector_reads_what_was_written(collector, tmp_path):
    there = collector()
    traces = traces_to(tmp_path, there.url)
    root = one_trace(traces)
    traces.close()
    chat, request = sorted(there.spans(), key=lambda one: one.name)
    assert request.trace_id == chat.trace_id == root.trace.trace_id
    assert chat.parent_span_id == request.span_id == root.id.to_bytes(8)
    assert request.parent_span_id == b""
    assert (request.kind, chat.kind) == (Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_CLIENT)
    assert values(request) == {"flyball.cases": 3}
    assert values(chat) == {
        "gen_ai.request.model": "tiny",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.seed": -3,
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ["stop", "länge"],
        "error.type": "500",
    }
    assert chat.status.code == Status.STATUS_CODE_ERROR
    assert request.status.code == Status.STATUS_CODE_UNSET
    assert abs(request.start_time_unix_nano - time.time_ns()) < 60e9
    assert request.start_time_unix_nano <= chat.start_time_unix_nano
    assert chat.end_time_unix_nano <= request.end_time_unix_nano
    resource = there.got[0].resource_spans[0]
    assert values(resource.resource)["service.name"] == "flyball"
    assert values(resource.resource)["flyball.deployment"] == "talk"
    assert resource.scope_spans[0].scope.name == "flyball"


def test_nothing_unknown_is_in_the_message_and_it_is_the_same_when_written_again():
    trace = [(bytes(range(16)), one_trace_records())]
    data = encoded(trace, deployment="talk")
    read = ExportTraceServiceRequest.FromString(data)
    assert read.SerializeToString(deterministic=True) == data


def one_trace_records():
    class Kept:
        on, keeps_words, send_to, baggage = True, False, frozenset(), frozenset()

        def take(self, trace):
            self.records = trace.records()

    kept = Kept()
    one_trace(kept)
    return kept.records


def test_the_span_of_a_caller_is_the_parent(collector, tmp_path):
    there = collector()
    traces = traces_to(tmp_path, there.url)
    from flyball.core.tracing import Trace

    trace = Trace("POST", "server", caller_of("00-" + "ab" * 16 + "-00000000000000f1-01"))
    trace.keeper = traces
    trace.close()
    traces.take(trace)
    traces.close()
    (one,) = there.spans()
    assert one.trace_id.hex() == "ab" * 16
    assert one.parent_span_id == bytes([0] * 7 + [0xF1])
    assert one.kind == Span.SPAN_KIND_SERVER


def test_a_header_is_a_secret_that_is_looked_up_when_it_is_sent(collector, tmp_path, monkeypatch):
    there = collector()
    monkeypatch.setitem(os.environ, "OTEL_KEY", "Bearer s3cr3t")
    traces = traces_to(tmp_path, there.url, {"Authorization": {"env": "OTEL_KEY"}})
    one_trace(traces)
    traces.close()
    path, heads = there.heads[0]
    assert path == "/v1/traces"
    assert heads["Authorization"] == "Bearer s3cr3t"
    assert heads["Content-Type"] == "application/x-protobuf"
    assert "s3cr3t" not in repr(traces.settings)


def test_a_literal_key_is_refused(tmp_path):
    with pytest.raises(BadInput, match="reference"):
        traces_to(tmp_path, "https://otel.example/v1/traces", {"Authorization": "Bearer s3cr3t"})


def test_a_busy_collector_is_asked_again_and_nothing_is_lost(collector, tmp_path):
    there = collector((503, b"", {}), (429, b"", {"Retry-After": "1"}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.flush()
    waited(lambda: len(there.spans()) == 2)
    traces.close()
    assert len(there.heads) == 3
    assert traces.exporter.lost == 0


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500])
def test_what_a_collector_refuses_is_given_up_told_and_kept_here(collector, tmp_path, status, caplog):
    there = collector((status, b"", {"Location": "http://127.0.0.1:9/"}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.close()
    assert (traces.exporter.lost, len(there.heads)) == (1, 1)
    assert f"HTTP {status}" in caplog.text
    assert traces.count() == 1


def test_a_collector_that_is_gone_delays_nothing(tmp_path, caplog):
    traces = traces_to(tmp_path, "http://127.0.0.1:9/v1/traces")
    began = time.monotonic()
    for _ in range(50):
        one_trace(traces)
    assert time.monotonic() - began < 1.0
    traces.close()
    assert traces.count() == 50
    assert traces.exporter.lost == 50
    assert "cannot be reached" in caplog.text


@pytest.mark.parametrize("asked", ["\u00b2", "1e999", "-5", "soon", "Thu, 99 Foo 2026 99:99:99 GMT"])
def test_a_strange_wish_to_wait_ends_nothing(collector, tmp_path, asked):
    there = collector((503, b"", {"Retry-After": asked}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.flush()
    waited(lambda: len(there.spans()) == 2)
    traces.close()
    assert (traces.exporter.lost, traces.exporter.sent) == (0, 1)


def test_a_date_to_wait_for_is_kept(collector, tmp_path):
    soon = formatdate(time.time() + 2, usegmt=True)
    there = collector((429, b"", {"Retry-After": soon}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.flush()
    waited(lambda: len(there.spans()) == 2)
    assert time.time() >= parsedate_to_datetime(soon).timestamp() - 0.05
    traces.close()


def test_a_key_that_cannot_be_sent_is_told_without_itself_and_the_thread_goes_on(
    collector, tmp_path, monkeypatch, caplog, capfd
):
    there = collector()
    monkeypatch.setitem(os.environ, "OTEL_KEY", "s3cr3t\nX-Other: 1")
    traces = traces_to(tmp_path, there.url, {"Authorization": {"env": "OTEL_KEY"}})
    one_trace(traces)
    traces.flush()
    waited(lambda: traces.exporter.lost == 1)
    assert "header Authorization" in caplog.text
    monkeypatch.setitem(os.environ, "OTEL_KEY", "s3cr3t")
    one_trace(traces)
    traces.close()
    assert len(there.spans()) == 2
    assert "s3cr3t" not in caplog.text + "".join(capfd.readouterr())


def test_whatever_breaks_in_the_thread_it_goes_on(collector, tmp_path, monkeypatch, caplog):
    there = collector()
    traces = traces_to(tmp_path, there.url)
    whole = exporting.encoded

    def broken(*args, **more):
        monkeypatch.setattr(exporting, "encoded", whole)
        raise RuntimeError("Anna Muster")

    monkeypatch.setattr(exporting, "encoded", broken)
    one_trace(traces)
    traces.flush()
    waited(lambda: traces.exporter.lost == 1)
    one_trace(traces)
    traces.close()
    assert len(there.spans()) == 2
    assert "RuntimeError" in caplog.text
    assert "Anna" not in caplog.text


def test_more_than_may_wait_is_dropped_oldest_first_and_told_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(exporting, "_MOST_WAITING", 2_000)
    traces = traces_to(tmp_path, "http://127.0.0.1:9/v1/traces")
    for _ in range(40):
        one_trace(traces)
        traces.flush()
    assert traces.exporter.lost > 20
    assert caplog.text.count("does not keep up") == 1
    assert traces.count() == 40
    traces.close()


def test_any_success_is_one(collector, tmp_path, caplog):
    there = collector((202, b"", {}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.close()
    assert (traces.exporter.sent, traces.exporter.lost, len(there.heads)) == (1, 0, 1)
    assert caplog.text == ""


def test_a_header_that_is_none_is_refused():
    with pytest.raises(BadInput, match=r"'X Key:' is no name of a header"):
        TraceSettings(
            otlp=OtlpSettings(url="https://otel.example/v1/traces", headers={"X Key:": {"env": "K"}})
        )


def test_what_is_not_kept_is_not_sent(collector, tmp_path):
    there = collector()
    traces = traces_to(tmp_path, there.url, share=0.0)
    with begin("request", traces):
        pass
    traces.close()
    assert there.heads == []


def test_spans_that_a_collector_throws_away_are_told(collector, tmp_path, caplog):
    reply = ExportTraceServiceResponse()
    reply.partial_success.rejected_spans = 2
    there = collector((200, reply.SerializeToString(), {}))
    traces = traces_to(tmp_path, there.url)
    one_trace(traces)
    traces.close()
    assert "threw 2 spans away" in caplog.text


def test_a_reply_that_is_no_protobuf_says_nothing():
    for data in (b"", b"{}", b'{"partialSuccess":{}}', b"\xff" * 30, b"\x0a", b"\x0a\x05ab"):
        assert rejected_of(data) == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://otel.example/v1/traces",
        "https://user:word@otel.example/v1/traces",
        "otel.example:4318",
        "ftp://otel.example/",
        "https://",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_refused(url):
    with pytest.raises(BadInput, match=r"traces\.otlp\.url"):
        TraceSettings(otlp=OtlpSettings(url=url))


@pytest.mark.parametrize("name", ["api_key", "token", "X-API-Key"])
def test_a_key_in_the_address_is_refused_and_not_repeated(name):
    with pytest.raises(BadInput, match="holds a secret") as caught:
        TraceSettings(otlp=OtlpSettings(url=f"https://otel.example/v1/traces?a=1&{name}=s3cr3t"))
    assert "s3cr3t" not in str(caught.value)
