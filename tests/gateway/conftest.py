"""A gateway and an upstream for tests: both real servers on this machine."""

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn

from flyball.gateway.access.loopback import LoopbackAccess
from flyball.gateway.app import build_app
from flyball.gateway.house import open_house
from flyball.gateway.serving import config_of
from flyball.gateway.settings import GatewaySettings

TALK = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[chat]
models = [{names}]
{chat}
"""
EXPERT = """
[[expert]]
name = "{name}"
kind = "language_model"
[expert.settings]
provider = "{provider}"
base_url = "{url}"
model = "tiny"
api_key = "none"
timeout_seconds = 1.0
max_retries = 1
{more}
"""


class Upstream(ThreadingHTTPServer):
    """Answers as `behave(handler, body)` says and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, behave):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave, self.asked, self.url = behave, [], f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Say nothing: callers that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body)
        self.server.behave(self, body)

    def say(self, status, data, kind="application/json", **headers):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def upstream():
    made = []

    def start(behave):
        made.append(Upstream(behave))
        return made[-1]

    yield start
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture
def deployment(tmp_path):
    """Write one deployment `talk` over upstreams; gives its folder."""

    def write(*upstreams, chat="", more="", provider="openai-compatible", extra=""):
        folder = tmp_path / "talk"
        folder.mkdir(exist_ok=True)
        names = [f"model{number}" for number in range(len(upstreams))]
        text = TALK.format(names=", ".join(f'"{name}"' for name in names), chat=chat)
        for name, one in zip(names, upstreams, strict=True):
            url = one.url + ("" if provider == "anthropic" else "/v1")
            text += EXPERT.format(name=name, provider=provider, url=url, more=more)
        (folder / "flyball.toml").write_text(text + extra)
        return folder

    return write


@pytest.fixture
def serving():
    """Serve folders in a `with` block, as often as a test wants to start anew."""
    return running


@pytest.fixture
def serve():
    """Serve a folder; gives its port, and closes it at the end."""
    with contextlib.ExitStack() as stack:

        def start(folder, settings=None):
            return stack.enter_context(running([folder], settings or GatewaySettings(port=0)))

        yield start


@pytest.fixture
def gateway(deployment, serve):
    """Serve the deployment `talk` over upstreams."""
    return lambda *upstreams, settings=None, **more: serve(deployment(*upstreams, **more), settings)


@contextlib.contextmanager
def running(folders, settings):
    house = open_house(folders)
    server = uvicorn.Server(config_of(build_app(house, LoopbackAccess(), settings), settings))
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Running(sock.getsockname()[1], house, folders[0], server)
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()


class Running:
    """A gateway under test."""

    def __init__(self, port, house, folder, server):
        self.port, self.folder, self.server = port, folder, server
        self.url = f"http://127.0.0.1:{port}/v1"
        self.house = house

    def entries(self, kind="completion"):
        return list(self.house.everything()[0].workshop.ledger.entries(kind))
