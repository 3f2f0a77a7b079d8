"""A session that was ended is known in every process of a house, and however its cookie is written."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from flyball.gateway.access.ended import SESSION_ENDED, EndedSessions
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
COOKIE = base64.urlsafe_b64encode(b"\xff" * 31).decode()


@pytest.fixture
def ledger(tmp_path):
    init_deployment("contract-review", tmp_path / "one")
    with Workshop(open_deployment(tmp_path / "one")) as workshop:
        yield workshop.ledger


def test_an_ended_session_is_ended_for_every_process_and_nobody_else_is(ledger):
    seconds = [0.0]
    ours, theirs = EndedSessions(ledger), EndedSessions(ledger, monotonic=lambda: seconds[0])
    assert not theirs.has(COOKIE)
    ours.end(COOKIE, datetime.now(UTC) + timedelta(hours=1), actor="person:anna")
    assert ours.has(COOKIE)
    assert not ours.has(base64.urlsafe_b64encode(b"\xfe" * 31).decode())
    seconds[0] = 1.0
    assert theirs.has(COOKIE)
    assert EndedSessions(ledger).has(COOKIE), "also after a restart"


def test_another_writing_of_the_same_cookie_is_ended_too(ledger):
    ended = EndedSessions(ledger)
    ended.end(COOKIE, datetime.now(UTC) + timedelta(hours=1), actor="person:anna")
    for other in (f"{COOKIE[:4]}!{COOKIE[4:]}", f"{COOKIE}\n", f"{COOKIE}AAAA"[: len(COOKIE)]):
        assert base64.urlsafe_b64decode(other) == base64.urlsafe_b64decode(COOKIE)
        assert ended.has(other)
    assert not ended.has("")
    assert not ended.has("ü")


def test_what_has_ended_by_itself_is_forgotten_and_the_cookie_stands_nowhere(ledger):
    now = [NOW]
    ended = EndedSessions(ledger, clock=lambda: now[0])
    ended.end(COOKIE, NOW + timedelta(hours=1), actor="person:anna")
    assert ended.has(COOKIE)
    now[0] += timedelta(hours=2)
    assert not EndedSessions(ledger, clock=lambda: now[0]).has(COOKIE)
    [entry] = list(ledger.entries(SESSION_ENDED))
    assert COOKIE not in str(entry.body)
    assert entry.actor == "person:anna"
