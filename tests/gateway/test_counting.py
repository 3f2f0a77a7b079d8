"""What a gateway counts for objectives: by deployment and door, over a kill, and never a caller's words."""

import http.client
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from flyball.evaluation.objectives.requests import REQUESTS, RequestLog, RequestsUnavailable
from flyball.gateway.counting import Counting

SAID = {"role": "assistant", "content": "Steady."}
REPLY = {
    "choices": [{"index": 0, "message": SAID, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
}


def ask(running, path="/v1/chat/completions", **more):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        body = {"model": "talk", "messages": [{"role": "user", "content": "Hello?"}]} | more
        connection.request("POST", path, json.dumps(body))
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()


def counted(folder):
    with closing(sqlite3.connect(folder / ".flyball" / REQUESTS)) as database:
        query = "SELECT door, status, SUM(n) FROM requests GROUP BY 1, 2 ORDER BY 1, 2"
        return database.execute(query).fetchall()


def test_answers_faults_and_mistakes_of_callers_are_told_apart(deployment, serving, upstream):
    from flyball.gateway.settings import GatewaySettings

    def behave(handler, body):
        if "broken" in json.dumps(body):
            handler.say(500, {"error": "x"})
        else:
            handler.say(200, REPLY)

    folder = deployment(upstream(behave))
    with serving([folder], GatewaySettings(port=0)) as running:
        assert [ask(running) for _ in range(3)] == [200] * 3
        assert ask(running, messages=[{"role": "user", "content": "broken"}]) >= 500
        assert ask(running, temperature="hot") == 400
        assert ask(running, model="a name with words of a caller") == 404
        assert ask(running, path="/v1/nowhere") == 404
    rows = counted(folder)
    assert ("POST /v1/chat/completions", 2, 3) in rows
    assert ("POST /v1/chat/completions", 5, 1) in rows
    assert "words of a caller" not in json.dumps(rows)
    assert all(door == "POST /v1/chat/completions" for door, _, _ in rows)


def test_a_fault_before_a_deployment_was_found_counts_for_all_of_them_and_a_success_for_none(tmp_path):
    logs = {name: RequestLog(tmp_path / f"{name}.sqlite") for name in ("one", "two")}
    counting = Counting(logs)
    counting.add((), "POST /v1/decisions", 503, 0.1)
    counting.add((), "POST /v1/decisions", 200, 0.1)
    counting.add((), "GET /readyz", 503, 0.1)
    counting.add({"one"}, "POST /v1/decisions", 200, 0.1)
    counting.add({"one"}, "POST /v1/decisions", 0, 0.1)  # a caller that went away
    counting.close()
    now = datetime.now(UTC)
    found = {
        name: sorted(log.read(now - timedelta(hours=1), now + timedelta(minutes=1)).status.tolist())
        for name, log in logs.items()
    }
    assert found == {"one": [2, 5], "two": [5]}


def test_what_cannot_be_written_waits_until_it_can(tmp_path, caplog):
    class Log(RequestLog):
        full = True

        def add(self, counted, *, now):
            if self.full:
                raise RequestsUnavailable("The disk is full.", fix="Make room.")
            super().add(counted, now=now)

    log = Log(tmp_path / "requests.sqlite")
    counting = Counting({"talk": log})
    for _ in range(3):
        counting.add({"talk"}, "POST /v1/decisions", 200, 0.1)
        counting.flush()
    assert caplog.text.count("cannot be written down") == 1
    log.full = False
    counting.add({"talk"}, "POST /v1/decisions", 200, 0.1)
    counting.close()
    now = datetime.now(UTC)
    assert log.read(now - timedelta(hours=1), now + timedelta(minutes=1)).n.sum() == 4


@pytest.mark.parametrize("seconds", [0.0001, 0.3, 5000.0])
def test_every_duration_has_its_step(tmp_path, seconds):
    log = RequestLog(tmp_path / "requests.sqlite")
    counting = Counting({"talk": log})
    counting.add({"talk"}, "POST /v1/decisions", 200, seconds)
    counting.close()
    now = datetime.now(UTC)
    assert log.read(now - timedelta(hours=1), now + timedelta(minutes=1)).n.tolist() == [1]
