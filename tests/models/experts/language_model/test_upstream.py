"""One endpoint under every fault that endpoints have; money by hand: 2 euros a million in, 10 out.

So 10 tokens in and 20 out cost 220 millionths of a euro.
"""

import asyncio
import json
import threading
import time
from decimal import Decimal
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.language_model.upstream import Upstream, UpstreamFailed
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage
from flyball.models.experts.spending import Purse
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetSpent, CircuitOpen

CALL = ChatCall(model="talk", messages=[ChatMessage("user", "hello")], max_tokens=100)
STREAMED = ChatCall(model="talk", messages=[ChatMessage("user", "hello")], max_tokens=100, stream=True)
REPLY = {
    "choices": [{"message": {"role": "assistant", "content": "Steady."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
}
NESTED = b'{"choices": [{"message": {"tool_calls": [{"a": ' + b"[" * 100_000
COST = Decimal("0.000220")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing: callers that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        answer = self.server.answers[min(self.server.asked, len(self.server.answers)) - 1]
        answer(self)

    def say(self, status, data, **headers):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"content-length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


def sound(handler):
    handler.say(200, REPLY)


def status(number, **headers):
    return lambda handler: handler.say(number, {"error": "words that must not be repeated"}, **headers)


def slow(handler):
    time.sleep(1.0)
    handler.say(200, REPLY)


def hangs_up(handler):
    handler.connection.close()
    handler.close_connection = True


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.close_connection = True


def body(data):
    return lambda handler: handler.say(200, data)


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as one:
        one.asked, one.answers = 0, [sound]
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def opened(server, budget=None, **more):
    given = {
        "provider": "openai-compatible",
        "base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "model": "tiny",
        "api_key": "none",
        "fields": ("reply",),
        "timeout_seconds": 0.4,
        "max_retries": 1,
        "eur_per_million_input_tokens": "2",
        "eur_per_million_output_tokens": "10",
    }
    return Upstream(read_settings(given | more), purse=Purse([budget] if budget else []))


@pytest.fixture
def budget(tmp_path):
    return MoneyBudget(BudgetFile(tmp_path / "money.sqlite"), Account("talk"), limit_eur=Decimal("0.01"))


def complete(upstream, call=CALL):
    async def run():
        tried = []
        try:
            return await upstream.complete(call, tried), tried
        except UpstreamFailed as err:
            return err, tried
        finally:
            await upstream.close()

    return asyncio.run(run())


def streamed(upstream, stop_after=None):
    async def run():
        tried, words = [], []
        pieces = upstream.stream(STREAMED, tried)
        try:
            async for piece in pieces:
                words += [choice.delta.content or "" for choice in piece.choices]
                if stop_after and len(words) >= stop_after:
                    break
        except UpstreamFailed as err:
            return err, "".join(words), tried
        finally:
            await pieces.aclose()
            await upstream.close()
        return None, "".join(words), tried

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("first", "why", "spent"),
    [
        (status(500), "failed (HTTP 500)", True),
        (status(429), "has had too many requests (HTTP 429)", False),
        (status(503), "failed (HTTP 503)", True),
        (slow, "did not answer within 0.4 seconds", True),
        (hangs_up, "broke off (ServerDisconnectedError)", True),
        (cut_off, "broke off (ClientPayloadError)", True),
        (body(b"no json"), "answered with something that is not a reply (DecodeError)", True),
        (body({"choices": []}), "answered with something that is not a reply (no choice)", True),
        (body({"choices": "x"}), "answered with something that is not a reply (ValidationError)", True),
        (body(NESTED), "answered with something that is not a reply (RecursionError)", True),
    ],
)
def test_what_may_pass_is_asked_again_and_both_requests_are_paid_for(server, budget, first, why, spent):
    server.answers = [first, sound]
    upstream = opened(server, budget)
    most = upstream.most_eur(CALL)
    reply, tried = complete(upstream)
    assert reply.choices[0].message.content == "Steady."
    assert [(one.ok, one.why) for one in tried] == [(False, f"language_model {why}."), (True, "")]
    assert budget.left_eur() == Decimal("0.01") - COST - (most if spent else 0)


@pytest.mark.parametrize("number", [400, 401, 403, 404, 413, 422, 301, 302])
def test_what_asking_again_cannot_mend_is_asked_once(server, budget, number):
    server.answers = [status(number, location="http://127.0.0.1:1/elsewhere")]
    err, tried = complete(opened(server, budget))
    assert f"(HTTP {number})" in err.message
    assert "words that must not be repeated" not in str(err)
    assert (server.asked, len(tried)) == (1, 1)
    assert budget.left_eur() == Decimal("0.01")


def test_a_host_that_is_not_there_costs_nothing(server, budget):
    err, tried = complete(opened(server, budget, base_url="http://127.0.0.1:1/v1"))
    assert err.message == "language_model cannot be reached."
    assert [one.cost_eur for one in tried] == ["0", "0"]
    assert budget.left_eur() == Decimal("0.01")


def test_a_reply_that_says_no_tokens_costs_what_was_reserved(server, budget):
    server.answers = [body({"choices": REPLY["choices"]})]
    upstream = opened(server, budget)
    complete(upstream)
    assert budget.left_eur() == Decimal("0.01") - upstream.most_eur(CALL)


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"prompt_tokens": 0, "completion_tokens": 20},
        {"prompt_tokens": -10, "completion_tokens": -20},
        {"prompt_tokens": 10, "completion_tokens": -1},
        {"prompt_tokens": 10, "completion_tokens": 0},
    ],
)
def test_tokens_that_cannot_be_are_not_believed_and_cost_what_was_reserved(server, budget, usage):
    upstream = opened(server, budget)
    server.answers = [body({"choices": REPLY["choices"], "usage": usage})]
    _, [tried] = complete(upstream)
    assert (tried.tokens, Decimal(tried.cost_eur)) == (None, upstream.most_eur(CALL))
    assert budget.left_eur() == Decimal("0.01") - upstream.most_eur(CALL)


@pytest.mark.parametrize("tokens", [10**9, 10**18, 10**30])
def test_more_than_can_have_been_used_is_written_down_and_nothing_more_is_asked(server, budget, tokens):
    server.answers = [body(REPLY | {"usage": {"prompt_tokens": tokens, "completion_tokens": 1}})]
    upstream = opened(server, budget, max_retries=0)
    complete(upstream)
    assert budget.left_eur() == 0
    with pytest.raises(BudgetSpent):
        complete(upstream)


def test_usage_that_is_no_number_is_no_reply_and_stays_paid(server, budget):
    text = json.dumps(REPLY).replace('"prompt_tokens": 10', '"prompt_tokens": NaN')
    server.answers = [body(text.encode())]
    upstream = opened(server, budget, max_retries=0)
    err, _ = complete(upstream)
    assert "not a reply" in err.message
    assert budget.left_eur() == Decimal("0.01") - upstream.most_eur(CALL)


def test_everything_that_is_sent_is_reserved_for_and_so_is_what_endpoints_add(server, budget):
    """2 euros a million: 1,000 bytes more of a name or of a tool cost 0.002 more."""
    upstream = opened(server, budget)
    named = ChatCall(model="talk", messages=[ChatMessage("user", "hello", name="n" * 1_000)], max_tokens=100)
    assert upstream.most_eur(named) - upstream.most_eur(CALL) > Decimal("0.002")
    tool = {"type": "function", "function": {"name": "f", "description": "d" * 1_000}}
    with_tool = ChatCall(model="talk", messages=CALL.messages, max_tokens=100, tools=[tool])
    assert upstream.most_eur(with_tool) - upstream.most_eur(CALL) > Decimal("0.002") * 2
    assert upstream.most_eur(CALL) > 256 * Decimal("0.000002") + 100 * Decimal("0.00001")


def test_what_is_leased_is_given_back_when_the_endpoint_is_closed(server, tmp_path):
    rich = MoneyBudget(BudgetFile(tmp_path / "money.sqlite"), Account("talk"), limit_eur=Decimal(100))
    for _ in range(3):
        complete(opened(server, rich))
    assert rich.taken_eur() == 3 * COST


def test_a_proxy_of_the_environment_and_a_redirect_see_neither_words_nor_key(server, monkeypatch):
    with Server(("127.0.0.1", 0), Handler) as other:
        other.asked, other.answers = 0, [sound]
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        there = f"http://127.0.0.1:{other.server_port}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, there)
        reply, _ = complete(opened(server))
        assert reply.choices[0].message.content == "Steady."
        for number in (301, 302, 303, 307, 308):
            server.answers = [status(number, location=there + "/v1/chat/completions")]
            err, _ = complete(opened(server))
            assert f"(HTTP {number})" in err.message
        other.shutdown()
        thread.join()
        assert other.asked == 0


def test_no_request_leaves_that_the_budget_cannot_pay(server, tmp_path):
    poor = MoneyBudget(BudgetFile(tmp_path / "money.sqlite"), Account("talk"), limit_eur=Decimal("0.0001"))
    with pytest.raises(BudgetSpent):
        complete(opened(server, poor))
    assert server.asked == 0


def test_retries_stop_where_the_budget_ends(server, tmp_path):
    server.answers = [slow]
    upstream = opened(server, max_retries=5, timeout_seconds=0.1)
    most = upstream.most_eur(CALL)
    two = MoneyBudget(BudgetFile(tmp_path / "money.sqlite"), Account("talk"), limit_eur=2 * most)
    with pytest.raises(BudgetSpent):
        complete(opened(server, two, max_retries=5, timeout_seconds=0.1))
    assert server.asked == 2


def sse(*words, end=True):
    lines = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in words]
    if end:
        lines += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        lines += [{"choices": [], "usage": REPLY["usage"]}]
    text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + ("data: [DONE]\n\n" if end else "")
    return body(text.encode())


def test_a_stream_is_settled_by_what_its_end_says(server, budget):
    server.answers = [sse("Stea", "dy.")]
    err, words, tried = streamed(opened(server, budget))
    assert (err, words) == (None, "Steady.")
    assert (tried[0].ok, Decimal(tried[0].cost_eur)) == (True, COST)
    assert budget.left_eur() == Decimal("0.01") - COST


def test_a_stream_that_is_cut_off_is_not_taken_for_a_whole_one_and_stays_paid(server, budget):
    server.answers = [sse("Stea", end=False)]
    upstream = opened(server, budget)
    err, words, _ = streamed(upstream)
    assert err.message == (
        "language_model answered with something that is not a reply (the stream ended before the reply did)."
    )
    assert words == "Stea"
    assert server.asked == 1  # half of an answer has left: it is not asked again
    assert budget.left_eur() == Decimal("0.01") - upstream.most_eur(STREAMED)


def test_a_stream_that_fails_before_its_first_piece_is_asked_again(server, budget):
    server.answers = [status(500), sse("Steady.")]
    assert streamed(opened(server, budget))[:2] == (None, "Steady.")


def test_a_reader_that_goes_away_leaves_the_money_spent(server, budget):
    server.answers = [sse(*["word "] * 50)]
    upstream = opened(server, budget)
    _, _, tried = streamed(upstream, stop_after=3)
    assert [one.why for one in tried] == ["the caller went away"]
    assert budget.left_eur() == Decimal("0.01") - upstream.most_eur(STREAMED)


def test_an_endpoint_that_keeps_failing_is_left_alone(server):
    server.answers = [status(500)]

    async def run():
        upstream = opened(server, max_retries=0)
        for _ in range(5):
            with pytest.raises(UpstreamFailed):
                await upstream.complete(CALL, [])
        with pytest.raises(CircuitOpen):
            await upstream.complete(CALL, [])
        await upstream.close()

    asyncio.run(run())
    assert server.asked == 5


def test_a_wait_that_the_endpoint_asks_for_is_kept_and_a_long_one_is_not_waited_for(server):
    server.answers = [status(429, retry_after="1"), sound]
    begun = time.monotonic()
    complete(opened(server))
    assert time.monotonic() - begun >= 1.0
    server.answers, server.asked = [status(429, retry_after="3600")], 0
    err, _ = complete(opened(server))
    assert (err.wait, server.asked) == (3600.0, 1)
    late = formatdate(time.time() + 3600, usegmt=True)
    server.answers, server.asked = [status(429, retry_after=late)], 0
    err, _ = complete(opened(server))
    assert (3590 < err.wait <= 3600, server.asked) == (True, 1)


def test_a_packed_reply_is_not_unpacked(server):
    server.answers = [lambda handler: handler.say(200, b"\x1f\x8b", content_encoding="gzip")]
    err, _ = complete(opened(server, max_retries=0))
    assert "packed, though that was not asked for" in err.message
