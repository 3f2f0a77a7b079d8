"""Three gateways over one folder, asked at once with the same keys: one answer each, one sound ledger.

Each key is sent to all three at the same time; whoever is told to wait asks again, as clients do. Then the
ledger is verified, on SQLite and on PostgreSQL.
"""

import http.client
import importlib.util
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_killed import started

from flyball.ledger.verify import verify_ledger
from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop

pytestmark = pytest.mark.slow
KEYS = 40
GATEWAYS = 3


def counted(handler, body):
    """Say another thing each time, so that a second answer would show."""
    said = {"role": "assistant", "content": f"Steadily, {len(handler.server.asked)}."}
    handler.say(200, {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})


def ask(port, key=None):
    """Ask until there is an answer; None where the gateway is gone."""
    body = json.dumps({"model": "talk", "messages": [{"role": "user", "content": f"How is {key or 'it'}?"}]})
    headers = {} if key is None else {"idempotency-key": key}
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
            reply = connection.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if reply.status == 200:
            return data
        assert (reply.status, json.loads(data)["code"]) == (409, "limits.request_under_way"), data
        time.sleep(0.01)
    raise AssertionError(f"{key} was never answered")


def several(folder):
    with ThreadPoolExecutor(GATEWAYS) as pool:
        return list(pool.map(started, [folder] * GATEWAYS))


def load(gateways, meanwhile=lambda: None):
    """Return what each key was answered, by all gateways, and what was answered without a key."""
    told, plain = {f"k{number}": [] for number in range(KEYS)}, []

    def with_key(key):
        told[key] += list(racing.map(lambda one: ask(one[1], key), gateways))

    with ThreadPoolExecutor(64) as racing, ThreadPoolExecutor(6) as callers:
        jobs = [callers.submit(with_key, key) for key in told]
        jobs += [
            callers.submit(lambda one=one: plain.append(ask(one[1]))) for one in gateways for _ in range(30)
        ]
        threading.Timer(0.3, meanwhile).start()
        for job in jobs:
            job.result()
    return told, [one for one in plain if one]


def ended(gateways):
    for process, _ in gateways:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
    return [process.wait(30) for process, _ in gateways]


def written(folder):
    with Workshop(open_deployment(folder)) as workshop:
        workshop.ledger.checkpoint()
        checked = verify_ledger(workshop.ledger)
        assert checked.ok, checked
        return Counter(one.body["id"] for one in workshop.ledger.entries("completion"))


@pytest.fixture(scope="module")
def postgresql():
    if shutil.which("initdb") is None:
        pytest.skip("no PostgreSQL programs on this machine")
    place = Path(__file__).parents[1] / "ledger" / "postgresql_server.py"
    spec = importlib.util.spec_from_file_location("flyball_postgresql_server", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        with module.postgresql_server() as server:
            yield server
    except module.NoPostgresql as why:
        pytest.skip(str(why))


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request, upstream, deployment):
    extra = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
        extra = f'[state]\nledger = "{url}"\n'
    there = upstream(counted)
    folder = deployment(there, extra=extra, more="")
    return folder, there


def test_several_gateways_answer_a_key_once_and_keep_one_sound_ledger(folder):
    folder, there = folder
    gateways = several(folder)
    told, plain = load(gateways)
    assert ended(gateways) == [0] * GATEWAYS
    assert {key: len(set(answers)) for key, answers in told.items()} == dict.fromkeys(told, 1)
    assert len(there.asked) == KEYS + len(plain) == KEYS + 30 * GATEWAYS
    acknowledged = {json.loads(one)["id"].removeprefix("chatcmpl-") for one in plain}
    acknowledged |= {json.loads(one[0])["id"].removeprefix("chatcmpl-") for one in told.values()}
    assert written(folder) == Counter(acknowledged)


def test_one_of_them_is_killed_and_nothing_that_was_acknowledged_is_lost(folder):
    folder, _ = folder
    gateways = several(folder)
    told, plain = load(gateways, lambda: os.kill(gateways[0][0].pid, signal.SIGKILL))
    assert ended(gateways) == [-signal.SIGKILL, *[0] * (GATEWAYS - 1)]
    assert all(len({one for one in answers if one}) == 1 for answers in told.values())
    acknowledged = {json.loads(one)["id"].removeprefix("chatcmpl-") for one in plain}
    acknowledged |= {
        json.loads(one)["id"].removeprefix("chatcmpl-") for all in told.values() for one in all if one
    }
    found = written(folder)
    assert set(found.values()) == {1}
    assert acknowledged <= set(found)
