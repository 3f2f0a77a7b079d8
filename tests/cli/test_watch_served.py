"""A served and watched deployment that is broken on purpose, with a real caller, model and receiver."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

DEPLOYMENT = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[chat]
models = ["m"]
budget_eur_per_day = "0.80"
[[expert]]
name = "m"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
base_url = "URL/v1"
model = "tiny"
api_key = "none"
timeout_seconds = 5.0
max_retries = 0
eur_per_million_input_tokens = "20"
eur_per_million_output_tokens = "20"
[[slo]]
name = "available"
indicator = "availability"
target = 0.99
[[slo]]
name = "fast"
indicator = "latency"
target = 0.9
under_ms = 500
[watch]
every_seconds = 1
[watch.heartbeat]
url = { env = "BEAT" }
host = "HOST"
[alerts]
disk_free_gb = 0
[[alerts.channel]]
name = "hook"
kind = "webhook"
settings = { url = "URL/hook", secret = { env = "KEY" } }
"""
REPLY = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "tiny",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000},
}  # fmt: skip


class World(ThreadingHTTPServer):
    """The model, the receiver of alerts and the outside monitor."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode, self.told, self.beats = "sound", [], 0
        self.host = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def raised(self, alert, severity):
        return any((one["alert"], one["severity"]) == (alert, severity) for one in self.told)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.beats += self.path == "/ping/a-secret-path"
        self.answer(200, {})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/hook":
            self.server.told.append(body)
            return self.answer(200, {})
        if self.server.mode == "slow":
            time.sleep(0.7)
        broken = self.server.mode == "broken"
        return self.answer(500 if broken else 200, {"error": {"message": "boom"}} if broken else REPLY)

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.slow
def test_failing_slow_and_dear_answers_are_told_while_they_are_served(tmp_path):
    world = World()
    text = DEPLOYMENT.replace("URL", f"http://{world.host}").replace("HOST", world.host)
    (tmp_path / "flyball.toml").write_text(text)
    log = tmp_path / "log"
    environment = os.environ | {"KEY": "k" * 30, "BEAT": f"http://{world.host}/ping/a-secret-path"}
    with log.open("w") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "flyball", "serve", "--watch", "--port", "0"],
            cwd=tmp_path, env=environment, stderr=said,
        )  # fmt: skip
    try:
        until(lambda: re.search(r":(\d+)/v1", log.read_text()))
        port = int(re.search(r":(\d+)/v1", log.read_text())[1])

        def ask(n):
            return [_ask(port) for _ in range(n)]

        assert set(ask(3)) == {200}
        assert world.told == []
        world.mode = "broken"
        assert set(ask(12)) == {503}
        until(lambda: world.raised("available", "page"))
        world.mode = "slow"
        assert set(ask(12)) == {200}
        until(lambda: world.raised("fast", "page"))
        world.mode = "sound"
        while 429 not in ask(5):
            pass
        until(lambda: world.raised("money", "page"))
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
        world.shutdown()
        world.server_close()
    assert code == 0
    assert world.beats > 3
    assert "a-secret-path" not in log.read_text()
    assert "Traceback" not in log.read_text()


def _ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asked = {"model": "talk", "max_tokens": 1000, "messages": [{"role": "user", "content": "hello"}]}
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(asked), {"content-type": "application/json"}
    )
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status
