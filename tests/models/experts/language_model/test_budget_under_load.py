"""What a faulty server bills never passes the budget, while its callers are killed.

The server bills as much as a request can cost: every byte of the prompt as a token, and every token that
may come back. It bills before it fails: with 500, silence, half a reply or half a stream, replies without
usage and with impossible ones. Only 429 is free. By hand: at 1,000 euros a million a token is 0.001 euros, a
request of 180 bytes, with 200 tokens around them, is billed at 0.48 with its answer: 60 euros are 125.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile

LIMIT = Decimal(60)
TOKEN = Decimal("0.001")
FAULTS = ["", "", "", "", "429", "500", "504", "silent", "half", "no usage", "impossible"]

CALLER = """
import asyncio, sys
from decimal import Decimal
from pathlib import Path
from flyball.core.errors import FlyballError
from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage
from flyball.models.experts.spending import Limits, open_purse
from flyball.models.router.breaker import BreakerOptions, CircuitBreaker
from flyball.models.router.errors import BudgetSpent

url, state, limit = sys.argv[1], sys.argv[2], Decimal(sys.argv[3])
settings = read_settings({
    "provider": "openai-compatible", "base_url": url, "model": "m", "api_key": "none", "fields": ("reply",),
    "timeout_seconds": 0.3, "max_retries": 3, "max_output_tokens": 100,
    "eur_per_million_input_tokens": "1000", "eur_per_million_output_tokens": "1000",
})
upstream = Upstream(settings, purse=open_purse(state, limits=Limits(limit, {"acme": limit})))
upstream.breaker = CircuitBreaker("m", BreakerOptions(least_calls=1_000, last_calls=1_000))

async def spend(number):
    while True:
        call = ChatCall("m", [ChatMessage("user", "hello")], stream=bool(number % 2))
        try:
            if number % 2:
                async for _ in upstream.stream(call, [], tenant="acme"):
                    if number % 4 == 3:
                        break
            else:
                await upstream.complete(call, [], tenant="acme")
        except BudgetSpent:
            return
        except FlyballError:
            pass

async def everybody():
    await asyncio.gather(*(spend(number) for number in range(8)))
    await upstream.close()

asyncio.run(everybody())
"""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Say nothing: callers are killed."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        body = json.loads(raw)
        fault = random.choice(FAULTS)  # noqa: S311
        given = len(raw) + 200
        made = body["max_tokens"]
        if fault != "429":
            with self.server.lock:
                self.server.billed += given + made
        usage = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
        usage = {"no usage": None, "impossible": {"prompt_tokens": -9, "completion_tokens": 0}}.get(
            fault, usage
        )
        if fault in ("429", "500", "504"):
            self.say(int(fault), b"{}")
        elif fault == "silent":
            time.sleep(0.5)
            self.close_connection = True
        elif body.get("stream"):
            lines = [{"choices": [{"delta": {"content": "word "}}]}] * 3
            if fault != "half":
                lines += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
                lines += [{"choices": [], "usage": usage}]
            self.say(200, "".join(f"data: {json.dumps(line)}\n\n" for line in lines).encode())
        else:
            reply = {"choices": [{"message": {"content": "words"}}], "usage": usage}
            data = json.dumps(reply).encode()
            self.say(200, data[: len(data) // 2] if fault == "half" else data)

    def say(self, status, data):
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


def test_what_is_billed_never_passes_the_budget_while_callers_are_killed(tmp_path):
    random.seed(4)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.billed, server.lock = 0, threading.Lock()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, "-c", CALLER, f"http://127.0.0.1:{server.server_port}/v1"]
        command += [str(tmp_path), str(LIMIT)]
        killed, deadline = 0, time.monotonic() + 120
        while killed < 4 and time.monotonic() < deadline:
            callers = [subprocess.Popen(command) for _ in range(2)]
            before = server.billed
            while server.billed < before + 8_000 and any(one.poll() is None for one in callers):
                time.sleep(0.005)
            for one in callers:
                if one.poll() is None:
                    os.kill(one.pid, signal.SIGKILL)
                    killed += 1
                one.wait(timeout=30)
        assert subprocess.run(command, timeout=90, check=False).returncode == 0  # it spends what is left
        billed = server.billed * TOKEN
        server.shutdown()
    left = MoneyBudget(BudgetFile(tmp_path / "money.sqlite"), Account("*"), limit_eur=LIMIT).left_eur()
    assert killed >= 4
    assert billed <= LIMIT - left
    assert billed >= LIMIT / 2  # the rest was reserved by callers when they were killed
