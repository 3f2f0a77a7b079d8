"""A deployment with three fields, decisions in its ledger that no expert had to make, and its doors."""

import contextlib
import json
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import uvicorn

from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.opening import open_access
from flyball.gateway.app import build_app
from flyball.gateway.house import open_house
from flyball.gateway.serving import config_of
from flyball.gateway.settings import GatewaySettings
from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parent))
from written import Time, make_deployment


@pytest.fixture
def time_of_day():
    return Time()


@pytest.fixture
def workshop(tmp_path, time_of_day):
    folder = make_deployment(tmp_path / "contracts")
    with Workshop(open_deployment(folder), clock=time_of_day, actor="system:test") as workshop:
        yield workshop


class Doors:
    """A running gateway, and callers with keys of their own."""

    def __init__(self, house, port):
        self.house, self.url, self._keys = house, f"http://127.0.0.1:{port}", {}

    def workshop(self, name="contracts"):
        return next(one.workshop for one in self.house.everything() if one.name == name)

    def key(self, who, deployment="contracts", **given):
        """Return the key of somebody, made on first use: "acme/anna" is Anna of the tenant acme."""
        if (who, deployment) not in self._keys:
            tenant, _, name = who.partition("/")
            book = KeyBook(self.workshop(deployment).ledger, deployment)
            roles = given.pop("roles", ["engineer", "reviewer", "officer"])
            made = book.create(name, actor="user:t", tenant=tenant, roles=roles, person=True, **given)
            self._keys[who, deployment] = made.secret
        return self._keys[who, deployment]

    def ask(self, who, path, body=None, *, key=None, headers=None, method=None, raw=False):
        """Return status and reply."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310
            self.url + path, data, headers or {}, method=method
        )
        if who or key:
            request.add_header("authorization", f"Bearer {key or self.key(who)}")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                status, told, self.headers = reply.status, reply.read(), reply.headers
        except urllib.error.HTTPError as err:
            status, told, self.headers = err.code, err.read(), err.headers
        return status, told if raw else json.loads(told)


@contextlib.contextmanager
def serving(folders, **settings):
    settings = GatewaySettings(port=0, **settings)
    house = open_house(folders)
    app = build_app(house, open_access(house, settings), settings)
    server = uvicorn.Server(config_of(app, settings))
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield Doors(house, sock.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()


@pytest.fixture
def doors(tmp_path):
    """Serve two deployments: contracts and claims."""
    folders = [make_deployment(tmp_path / "contracts"), make_deployment(tmp_path / "claims", "claims")]
    with serving(folders) as doors:
        yield doors


@pytest.fixture
def doors_with(tmp_path):
    """Serve contracts with other settings."""
    with contextlib.ExitStack() as stack:

        def start(more="", **settings):
            folders = [make_deployment(tmp_path / "contracts", more=more)]
            return stack.enter_context(serving(folders, **settings))

        yield start
