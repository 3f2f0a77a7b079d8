"""What a careless or hostile caller sends: a clear error, the right status, and nothing lost."""

import contextlib
import http.client
import json
import socket
import time

import pytest

from flyball.gateway.settings import GatewaySettings

NESTED = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n"
REPLY = {
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Steady."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
}


def plain(handler, body):
    handler.say(200, REPLY)


def ask(running, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        chunked = not isinstance(body, bytes)
        connection.request("POST", "/v1/chat/completions", body, headers, encode_chunked=chunked)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def request(text="How does it run?", **more):
    return json.dumps({"model": "talk", "messages": [{"role": "user", "content": text}], **more}).encode()


def test_a_prompt_of_50_mb_is_refused_before_it_is_read(upstream, gateway):
    there = upstream(plain)
    running = gateway(there, settings=GatewaySettings(largest_body_mb=5))
    status, told = ask(running, request("x" * 50_000_000))
    assert (status, told["code"]) == (413, "gateway.too_large")
    assert told["fix"] == "Send less at once; the owner sets largest_body_mb in gateway.toml."
    assert there.asked == []
    assert ask(running, request())[0] == 200


def test_a_large_body_without_a_length_is_refused_while_it_comes(upstream, gateway):
    running = gateway(upstream(plain), settings=GatewaySettings(largest_body_mb=1))
    status, told = ask(running, iter([b"x" * 500_000] * 6), **{"transfer-encoding": "chunked"})
    assert (status, told["code"]) == (413, "gateway.too_large")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "nest"),
        (
            b'{"model": "talk", "messages": [], "tools": ['
            + b'{"a":' * 50_000
            + b"1"
            + b"}" * 50_000
            + b"]}",
            "nest",
        ),
        (b'{"model": "talk", "messages": [{"role": "user", "content": "\xff\xfe"}]}', "UTF-8"),
        (b'{"model": "talk", "messages": [{"role": "user", "content": "\\ud800"}]}', "JSON"),
        (b"", "The request is not JSON"),
        (b"hello", "The request is not JSON"),
        (b'{"model": 7, "messages": []}', "Expected `str`, got `int` - at `$.model`"),
        (b'{"model": "talk", "model": "walk", "messages": []}', "'model' stands twice"),
        (
            b'{"model": "talk", "messages": [{"role": "user", "content": "a", "r\\u006fle": "system"}]}',
            "'role' stands twice",
        ),
        (b'{"model": "talk", "messages": [], "max_tokens": -1}', "Expected `int` >= 1 - at `$.max_tokens`"),
        (b'{"model": "talk", "messages": [], "max_tokens": ' + b"9" * 400 + b"}", "at `$.max_tokens`"),
        (b'{"model": "talk"}', "missing required field `messages`"),
        (b'{"model": "talk", "messages": [], "tempurature": 1}', "unknown field `tempurature`"),
    ],
)
def test_a_body_that_is_no_request_is_told_what_is_wrong_with_it(upstream, gateway, body, told):
    status, said = ask(gateway(upstream(plain)), body)
    assert status == 400
    assert told in said["error"]["message"]
    assert said["error"]["code"].startswith(("gateway.", "limits."))


def test_a_caller_who_sends_headers_drop_by_drop_is_hung_up_on(upstream, gateway):
    running = gateway(upstream(plain), settings=GatewaySettings(header_seconds=0.5))
    with socket.create_connection(("127.0.0.1", running.port), 10) as slow:
        slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n")
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - begun < 5 and slow.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) != b"":
                pass
        slow.settimeout(5)
        assert slow.recv(100) == b""
        assert time.monotonic() - begun < 4


def test_headers_that_never_end_are_hung_up_on_before_they_fill_the_memory(upstream, gateway):
    running = gateway(upstream(plain))
    with socket.create_connection(("127.0.0.1", running.port), 10) as endless:
        endless.sendall(b"POST /v1/chat/completions HTTP/1.1\r\n")

        def send_on():
            for number in range(100_000):
                endless.sendall(b"x-%d: %b\r\n" % (number, b"y" * 1000))

        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            send_on()


def test_a_caller_who_does_not_finish_the_body_is_told_so(upstream, gateway):
    running = gateway(upstream(plain), settings=GatewaySettings(body_seconds=0.5))
    with socket.create_connection(("127.0.0.1", running.port), 10) as slow:
        slow.sendall(HEAD % 1000 + b"{")
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_a_caller_who_hangs_up_in_a_stream_is_noted_and_the_model_is_let_go(upstream, gateway):
    let_go = []

    def endless(handler, body):
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        piece = json.dumps({"choices": [{"index": 0, "delta": {"content": "on and on "}}]})
        try:
            for _ in range(2000):
                handler.wfile.write(f"data: {piece}\n\n".encode())
                time.sleep(0.01)
        except OSError:
            let_go.append(time.monotonic())
            handler.close_connection = True

    running = gateway(upstream(endless))
    with socket.create_connection(("127.0.0.1", running.port), 10) as caller:
        body = request(stream=True)
        caller.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        assert caller.recv(4096).startswith(b"HTTP/1.1 200")
    until = time.monotonic() + 10
    while time.monotonic() < until and not (let_go and len(running.entries()) == 2):
        time.sleep(0.02)
    assert let_go
    assert [entry.body["outcome"] for entry in running.entries()] == ["begun", "left"]


def test_a_caller_who_hangs_up_before_a_whole_reply_leaves_its_entry_behind(upstream, gateway):
    def slow(handler, body):
        time.sleep(0.4)
        handler.say(200, REPLY)

    running = gateway(upstream(slow))
    with socket.create_connection(("127.0.0.1", running.port), 10) as caller:
        body = request()
        caller.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        time.sleep(0.1)
    until = time.monotonic() + 10
    while time.monotonic() < until and not running.entries():
        time.sleep(0.02)
    assert [entry.body["outcome"] for entry in running.entries()] == ["answered"]


def test_a_page_in_a_browser_is_not_let_in_without_keys(upstream, gateway):
    running = gateway(upstream(plain))
    assert ask(running, request(), host="evil.example:80")[0] == 401
    assert ask(running, request(), origin="https://evil.example")[0] == 401
    assert ask(running, request(), **{"x-forwarded-for": "127.0.0.1"})[0] == 401  # a proxy hands it on
    assert ask(running, request(), host=f"localhost:{running.port}")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "OPTIONS, POST"),
        ("HEAD", "/healthz", "GET, OPTIONS"),
        ("DELETE", "/v1/decisions/talk:0", "GET, OPTIONS"),
    ],
)
def test_a_path_that_is_asked_by_the_wrong_method_names_the_right_ones(
    upstream, gateway, method, path, allowed
):
    running = gateway(upstream(plain))
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request(method, path)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    assert method == "HEAD" or json.loads(body)["code"] == "gateway.wrong_method"


def test_an_idempotency_key_that_stands_twice_is_refused(upstream, gateway):
    there = upstream(plain)
    running = gateway(there)
    with socket.create_connection(("127.0.0.1", running.port), 10) as caller:
        body = request()
        caller.sendall(HEAD[:-4] % len(body) + b"\r\nidempotency-key: a\r\nidempotency-key: b\r\n\r\n" + body)
        assert caller.recv(4096).startswith(b"HTTP/1.1 400")
    assert there.asked == []


def test_a_path_that_is_not_there_says_where_to_look(upstream, gateway):
    running = gateway(upstream(plain))
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", "/v2/anything")
    reply = connection.getresponse()
    told = json.loads(reply.read())
    connection.close()
    assert (reply.status, told["code"]) == (404, "gateway.no_such_door")
