"""Keys, tokens and sign-ins that do not hold: a few are looked at, then an address is told to wait."""

import http.client
import json
import sys
import urllib.parse
from pathlib import Path

import pytest

from flyball.gateway.access.oidc import OidcSettings
from flyball.gateway.limits.settings import LimitSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "access"))
from oidc_provider import Provider

FEW = LimitSettings(failed_sign_ins_per_minute=3)
GUESS = "flyball_0123456789ab_" + "0" * 64


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


def oidc(provider):
    return OidcSettings(
        issuer=provider.issuer,
        client_id="flyball",
        tenant_claim="org",
        roles_claim="groups",
        roles={"flyball-reviewers": "reviewer"},
        public_url="https://flyball.example.com",
    )


def browse(doors, path, **headers):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(doors.url).netloc, timeout=30)
    connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply, json.loads(body) if body else None


def test_an_address_that_guesses_keys_is_told_to_wait_and_the_key_that_holds_still_opens(doors_with):
    doors = doors_with(limits=FEW)
    right = doors.key("acme/anna")
    almost = right[:-1] + ("0" if right[-1] != "0" else "1")
    told = [doors.ask("", "/v1/me", key=key) for key in (GUESS, almost, "nonsense")]
    assert [status for status, _ in told] == [401] * 3
    assert told[0] == told[1] == told[2]  # which ids there are is not said
    for key in (GUESS, almost, "nonsense"):
        status, told = doors.ask("", "/v1/me", key=key)
        assert (status, told["code"]) == (429, "limits.too_many_requests")
        assert "came from 127.0.0.1; 3 a minute are looked at" in told["message"]
        assert key not in json.dumps(told)
        assert 1 <= int(doors.headers["retry-after"]) <= 20
    assert doors.ask("", "/v1/me", key=right)[1]["id"] == "person:anna"


def test_the_ledger_is_not_read_for_an_address_that_only_guesses(doors_with, monkeypatch):
    doors = doors_with(limits=FEW)
    doors.key("acme/anna")
    doors.ask("acme/anna", "/v1/me")
    ledger, read = doors.workshop().ledger, []
    size = ledger.size
    monkeypatch.setattr(ledger, "size", lambda: read.append(1) or size())
    for _ in range(3):
        doors.ask("", "/v1/me", key=GUESS)
    assert len(read) >= 3
    read.clear()
    for _ in range(20):
        assert doors.ask("", "/v1/me", key=GUESS)[0] == 429
    assert len(read) <= 5


def test_two_proofs_in_one_request_are_none(doors_with):
    doors = doors_with(limits=FEW)
    right = f"Bearer {doors.key('acme/anna')}"
    host = urllib.parse.urlsplit(doors.url).netloc
    for both in ((right, f"Bearer {GUESS}"), (f"Bearer {GUESS}", right), (right, right)):
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.putrequest("GET", "/v1/me")
        for one in both:
            connection.putheader("authorization", one)
        connection.endheaders()
        reply = connection.getresponse()
        told = json.loads(reply.read())
        connection.close()
        assert (reply.status, told["code"]) == (401, "gateway.not_let_in")
        assert "twice" in told["message"]


def test_who_names_nobody_guesses_nothing(doors_with):
    doors = doors_with(limits=FEW)
    doors.key("acme/anna")
    doors.ask("acme/anna", "/v1/me")
    assert {doors.ask("", "/v1/me")[0] for _ in range(10)} == {401}


def test_tokens_that_do_not_hold_are_counted_and_sound_ones_are_let_in(doors_with, provider):
    doors = doors_with(limits=FEW, oidc=oidc(provider))
    said = [browse(doors, "/v1/me", authorization=f"Bearer {provider.token(aud='x')}") for _ in range(4)]
    assert [reply.status for reply, _ in said] == [401, 401, 401, 429]
    assert browse(doors, "/v1/me", authorization=f"Bearer {provider.token()}")[1]["id"] == "person:anna"


def test_the_provider_is_not_asked_for_an_address_that_guesses_codes(doors_with, provider):
    doors = doors_with(limits=FEW, oidc=oidc(provider))
    provider.faulty["/token"] = (400, {"error": "invalid_grant"})
    begun, _ = browse(doors, "/login")
    cookie = begun.headers["set-cookie"].partition(";")[0]
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(begun.headers["location"]).query)["state"][0]
    path = f"/login/callback?code=guess&state={state}"
    told = [browse(doors, path, cookie=cookie) for _ in range(5)]
    assert [reply.status for reply, _ in told] == [401, 401, 401, 429, 429]
    assert told[0][1]["message"] == "The provider does not accept this sign-in any more."
    assert provider.asked.count("/token") == 3
    assert browse(doors, "/login")[0].status == 429


def test_a_caller_cannot_give_itself_another_address_but_a_named_proxy_can(doors_with):
    doors = doors_with(limits=FEW)
    doors.key("acme/anna")
    for number in range(4):
        headers = {"authorization": f"Bearer {GUESS}", "x-forwarded-for": f"192.0.2.{number}"}
        status, told = doors.ask("", "/v1/me", headers=headers)
    assert status == 429
    assert "127.0.0.1" in told["message"]


def test_behind_a_named_proxy_each_address_is_counted_by_itself(doors_with):
    doors = doors_with(limits=FEW, proxies=("127.0.0.0/8",))
    doors.key("acme/anna")
    forwarded = {"authorization": f"Bearer {GUESS}", "x-forwarded-for": "198.51.100.7, 192.0.2.1"}
    assert [doors.ask("", "/v1/me", headers=forwarded)[0] for _ in range(4)] == [401, 401, 401, 429]
    assert "192.0.2.1" in doors.ask("", "/v1/me", headers=forwarded)[1]["message"]
    other = forwarded | {"x-forwarded-for": "192.0.2.2"}
    assert doors.ask("", "/v1/me", headers=other)[0] == 401
