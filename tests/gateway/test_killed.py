"""Killed under load: every completion that was acknowledged is in the ledger, and the ledger is sound.

The gateway runs in a process of its own, is asked by eight callers at once, and is killed in the middle.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from flyball.ledger.verify import verify_ledger
from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop
from flyball.models.router.budget_file import BudgetFile

SAID = {"role": "assistant", "content": "Steady."}
REPLY = {
    "choices": [{"index": 0, "message": SAID, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
}
BODY = json.dumps({"model": "talk", "messages": [{"role": "user", "content": "How does it run?"}]})


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(folder):
    """Start `flyball serve` and wait until it answers."""
    port = free_port()
    command = [sys.executable, "-m", "flyball", "serve", "-d", str(folder), "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        assert running.poll() is None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return running, port
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("it never listened")


def load(port, seconds, end):
    """Ask from eight callers until `end()` has ended the gateway; return what was acknowledged."""
    acknowledged, failed, stop = [], [], threading.Event()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not stop.is_set():
            try:
                connection.request("POST", "/v1/chat/completions", BODY)
                reply = connection.getresponse()
                data = reply.read()
                if reply.status == 200:
                    acknowledged.append(json.loads(data))
                else:
                    failed.append(reply.status)
            except (OSError, http.client.HTTPException):
                break
        connection.close()

    callers = [threading.Thread(target=ask) for _ in range(8)]
    for caller in callers:
        caller.start()
    time.sleep(seconds)
    end()
    time.sleep(0.5)
    stop.set()
    for caller in callers:
        caller.join(30)
    return acknowledged, failed


def written(folder):
    """Return the completions of the ledger by their id, after it was verified."""
    with Workshop(open_deployment(folder)) as workshop:
        workshop.ledger.checkpoint()
        assert verify_ledger(workshop.ledger).ok
        return {entry.body["id"]: entry.index for entry in workshop.ledger.entries("completion")}


@pytest.fixture
def folder(tmp_path, upstream, deployment):
    there = upstream(lambda handler, body: handler.say(200, REPLY))
    return deployment(there)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.7, 1.3, 2.1])
def test_what_was_acknowledged_before_a_kill_is_in_the_ledger(folder, seconds):
    running, port = started(folder)
    acknowledged, _ = load(port, seconds, lambda: os.kill(running.pid, signal.SIGKILL))
    running.wait(30)
    assert len(acknowledged) > 20
    found = written(folder)
    for one in acknowledged:
        assert found[one["id"].removeprefix("chatcmpl-")] == one["flyball"]["entry"]


def test_a_gateway_that_is_told_to_end_finishes_what_it_has_begun_and_signs_the_ledger(folder):
    running, port = started(folder)
    acknowledged, failed = load(port, 0.7, lambda: os.kill(running.pid, signal.SIGTERM))
    assert running.wait(30) == 0
    assert set(failed) <= {503}
    signed = int(Path(folder / ".flyball" / "ledger.anchor").read_text().split("\n")[1])
    found = written(folder)
    assert {one["id"].removeprefix("chatcmpl-") for one in acknowledged} == set(found)
    assert signed > max(found.values()), "the last answer was signed before the gateway ended"


def test_what_a_model_has_billed_stays_within_the_budget_over_a_kill(upstream, deployment):
    """By hand: 300 tokens in and 100 out at 0.001 euros are 0.40 a request; 40 euros are a hundred.

    A request reserves half a euro, so a kill loses at most four euros for eight callers, and a lease of 0.20.
    """
    billed = []

    def bills(handler, body):
        billed.append(Decimal("0.40"))
        usage = {"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400}
        time.sleep(0.02)
        handler.say(200, REPLY | {"usage": usage})

    prices = "max_output_tokens = 100\n" + "".join(
        f'eur_per_million_{way}_tokens = "1000"\n' for way in ("input", "output")
    )
    budget = '[budget]\neur_per_day = "40"\n[budget.tenants]\n"*" = "40"\n'
    folder = deployment(upstream(bills), more=prices, extra=budget)
    running, port = started(folder)
    load(port, 0.3, lambda: os.kill(running.pid, signal.SIGKILL))
    running.wait(30)
    before = sum(billed)
    assert 0 < before < 40
    running, port = started(folder)
    _, refused = load(port, 3.0, lambda: os.kill(running.pid, signal.SIGTERM))
    assert running.wait(30) == 0
    assert 429 in refused
    assert before < sum(billed) <= 40
    assert sum(billed) >= 35
    taken = {
        one.account.tenant: one.nano for one in BudgetFile(folder / ".flyball/money.sqlite").everything()
    }
    assert sum(billed) * 10**9 <= taken[""] <= 40 * 10**9


def test_a_stream_under_way_is_finished_before_the_gateway_ends(upstream, deployment):
    def slowly(handler, body):
        handler.send_response(200)
        handler.send_header("connection", "close")
        handler.end_headers()
        for number in range(10):
            piece = {"choices": [{"index": 0, "delta": {"content": f"word{number} " * 200}}]}
            handler.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
            time.sleep(0.1)
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        handler.wfile.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        handler.close_connection = True

    folder = deployment(upstream(slowly), chat="guards_out = []")
    running, port = started(folder)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/v1/chat/completions", json.dumps(json.loads(BODY) | {"stream": True}))
    reply = connection.getresponse()
    first = reply.read(100)
    os.kill(running.pid, signal.SIGTERM)
    rest = reply.read()
    connection.close()
    assert running.wait(30) == 0
    assert (first + rest).endswith(b"data: [DONE]\n\n")
    assert b"word9" in rest
    with Workshop(open_deployment(folder)) as workshop:
        outcomes = [entry.body["outcome"] for entry in workshop.ledger.entries("completion")]
    assert outcomes == ["begun", "answered"]
