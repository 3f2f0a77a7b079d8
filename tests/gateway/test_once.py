"""A conversation with an idempotency key is answered once: one model asked, one entry, the same bytes."""

import http.client
import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from flyball.gateway.settings import GatewaySettings

sys.path.insert(0, str(Path(__file__).parent))
from test_killed import started, written

DOORS = {
    "/v1/chat/completions": {"model": "talk", "messages": [{"role": "user", "content": "How does it run?"}]},
    "/v1/responses": {"model": "talk", "input": "How does it run?"},
}


def counted(handler, body):
    """Say another thing each time, so that a second answer would show."""
    said = {"role": "assistant", "content": f"Steadily, {len(handler.server.asked)}."}
    handler.say(200, {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})


def ask(port, door="/v1/chat/completions", key="k1", **more):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", door, json.dumps(DOORS[door] | more), {"idempotency-key": key})
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.headers
    finally:
        connection.close()


@pytest.mark.parametrize("door", DOORS)
def test_the_same_conversation_is_answered_once_also_after_a_restart(upstream, deployment, serving, door):
    there = upstream(counted)
    folder = deployment(there)
    with serving([folder], GatewaySettings(port=0)) as gateway:
        status, first, headers = ask(gateway.port, door)
        assert (status, headers["idempotency-replayed"]) == (200, None)
        status, again, headers = ask(gateway.port, door)
        assert (status, headers["idempotency-replayed"]) == (200, "true")
        assert again == first
        assert len(gateway.entries()) == 1
    with serving([folder], GatewaySettings(port=0)) as gateway:
        assert ask(gateway.port, door)[1] == first
        assert ask(gateway.port, door, key="k2")[1] != first
    assert len(there.asked) == 2
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"k1" in kept
    assert b"Steadily" not in kept
    assert b"How does it run" not in kept


def test_a_key_stands_for_one_conversation_at_one_door(upstream, gateway):
    there = upstream(counted)
    port = gateway(there).port
    assert ask(port)[0] == 200
    for status, body, _ in (ask(port, temperature=0.1), ask(port, "/v1/responses")):
        assert (status, json.loads(body)["code"]) == (422, "limits.request_reused")
    assert len(there.asked) == 1


@pytest.mark.parametrize("door", DOORS)
def test_a_stream_with_a_key_is_refused_before_a_model_is_asked(upstream, gateway, door):
    there = upstream(counted)
    status, body, _ = ask(gateway(there).port, door, stream=True)
    told = json.loads(body)
    assert (status, told["code"]) == (400, "gateway.bad_request")
    assert told["message"] == "A stream is not sent twice: its pieces are not kept."
    assert "stream: false" in told["fix"]
    assert there.asked == []


def test_while_it_is_being_answered_a_repetition_is_told_to_wait(upstream, gateway):
    asked, go = threading.Event(), threading.Event()

    def waits(handler, body):
        asked.set()
        go.wait(10)
        counted(handler, body)

    there = upstream(waits)
    port = gateway(there, more="").port
    found = []
    first = threading.Thread(target=lambda: found.append(ask(port)))
    first.start()
    assert asked.wait(10)
    status, body, headers = ask(port)
    assert (status, json.loads(body)["code"], headers["retry-after"]) == (
        409,
        "limits.request_under_way",
        "1",
    )
    go.set()
    first.join(20)
    assert ask(port)[1] == found[0][1]
    assert len(there.asked) == 1


def test_a_conversation_that_failed_may_be_tried_again_with_its_key(upstream, gateway):
    def fails_first(handler, body):
        if len(handler.server.asked) == 1:
            handler.say(400, {"error": {"message": "no"}})
        else:
            counted(handler, body)

    running = gateway(upstream(fails_first))
    assert [ask(running.port)[0], ask(running.port)[0]] == [503, 200]
    assert [entry.body["outcome"] for entry in running.entries()] == ["failed", "answered"]


def test_after_a_kill_in_the_middle_the_same_key_is_answered_anew(upstream, deployment):
    asked = threading.Event()

    def dies_first(handler, body):
        if len(handler.server.asked) == 1:
            asked.set()
            threading.Event().wait(5)
        counted(handler, body)

    there = upstream(dies_first)
    folder = deployment(there, more="")
    process, port = started(folder)

    def is_cut_off():
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(port)

    caller = threading.Thread(target=is_cut_off)
    caller.start()
    assert asked.wait(20)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    caller.join(20)
    process, port = started(folder)
    status, first, _ = ask(port)
    assert status == 200
    assert ask(port)[1] == first
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(30) == 0
    assert len(there.asked) == 2
    assert len(written(folder)) == 1
