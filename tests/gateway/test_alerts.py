"""`/v1/objectives` and `/v1/alerts`: seen and cared for over HTTP, with the name of whoever did."""

import http.client
import json
from datetime import UTC, datetime

import pytest

from flyball.evaluation.objectives.requests import REQUESTS, Counted, RequestLog
from flyball.loop.deployment import open_deployment
from flyball.loop.watching import Watcher
from flyball.loop.workshop import Workshop

SLO = '[[slo]]\nname = "available"\nindicator = "availability"\ntarget = 0.999\n[alerts]\ndisk_free_gb = 0\n'


@pytest.fixture
def running(gateway, upstream, tmp_path):
    return gateway(upstream(lambda handler, body: None), extra=SLO)


def asked(running, path, body=None, status=200):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    data = None if body is None else json.dumps(body)
    connection.request("GET" if body is None else "POST", path, data, {"content-type": "application/json"})
    reply = connection.getresponse()
    found = reply.read()
    connection.close()
    assert reply.status == status, found
    return json.loads(found) if path != "/metrics" else found.decode()


def look(running):
    minute = int(datetime.now(UTC).timestamp()) // 60 * 60
    with Workshop(open_deployment(running.folder)) as workshop:
        counted = [Counted(minute, "POST /v1/chat/completions", 5, 9, 50)]
        RequestLog(workshop.state / REQUESTS).add(counted, now=datetime.now(UTC))
        watcher = Watcher(workshop)
        watcher.look()
        watcher.wait(30)


def test_an_alert_is_seen_acknowledged_and_silenced_by_whoever_asks(running):
    assert asked(running, "/v1/alerts")["last_look"] is None
    assert "flyball_watch_age_seconds{" not in asked(running, "/metrics")
    look(running)
    (objective,) = asked(running, "/v1/objectives")["objectives"]
    assert (objective["name"], objective["figure"]["value"], objective["speaks"]) == (
        "available",
        0.0,
        "page",
    )
    found = asked(running, "/v1/alerts")
    assert [(one["name"], one["state"], one["runbook"]) for one in found["alerts"]] == [
        ("available", "open", "availability")
    ]
    assert found["last_look"]["late"] is False
    assert 'flyball_watch_age_seconds{deployment="talk"}' in asked(running, "/metrics")
    assert asked(running, "/readyz")["watchers_late"] == 0
    found = asked(running, "/v1/alerts/available/acknowledge", {})
    assert found["alerts"][0]["acknowledged_by"] == "local"
    assert asked(running, "/v1/alerts/available/unacknowledge", {})["alerts"][0]["state"] == "open"
    found = asked(running, "/v1/alerts/silence", {"name": "avail*", "hours": 2, "why": "moving"})
    assert (found["alerts"][0]["state"], found["silences"][0]["by"]) == ("silenced", "local")
    assert asked(running, "/v1/alerts/unsilence", {"name": "avail*"})["silences"] == []
    kinds = [one.kind for one in running.entries(None) if one.actor == "local"]
    assert kinds == ["alert.acknowledged", "alert.unacknowledged", "alert.silenced", "alert.silenced"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/alerts/nothing/acknowledge", {}, 404, "No open alert is called"),
        ("/v1/alerts/unsilence", {"name": "x"}, 404, "No silence is called"),
        ("/v1/alerts/silence", {"name": "x", "hours": 0, "why": "y"}, 400, "> 0"),
        ("/v1/alerts/silence", {"name": "x", "hours": 1, "why": ""}, 400, "length >= 1"),
        ("/v1/alerts/silence", {"name": "x", "hours": 1, "why": " "}, 400, "needs a reason"),
        ("/v1/alerts/silence", {"name": "x", "hours": 1}, 400, "why"),
        ("/v1/alerts?resolved=-1", None, 400, ""),
        ("/v1/alerts?deployment=nothing", None, 404, "No model is called"),
    ],
)
def test_what_is_wrong_is_said(running, path, body, status, said):
    assert said in json.dumps(asked(running, path, body, status))


def test_looking_at_alerts_is_no_traffic_of_the_deployment(running):
    for _ in range(5):
        asked(running, "/v1/alerts")
        asked(running, "/v1/objectives")
    asked(running, "/v1/models")
    (objective,) = asked(running, "/v1/objectives")["objectives"]
    assert objective["figure"]["n"] == 0
