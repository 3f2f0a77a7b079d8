"""A browser signs in through the doors, at a provider on loopback, and what another site may do with it."""

import http.client
import json
import sys
import urllib.parse
from pathlib import Path

import pytest

from flyball.gateway.access.oidc import OidcSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "access"))
sys.path.insert(0, str(Path(__file__).parent))
from oidc_provider import Provider
from written import write_decision


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def doors(provider, doors_with):
    return doors_with(
        oidc=OidcSettings(
            issuer=provider.issuer,
            client_id="flyball",
            tenant_claim="org",
            roles_claim="groups",
            roles={"flyball-reviewers": "reviewer"},
            public_url="https://flyball.example.com",
        )
    )


def browse(doors, method, path, **headers):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(doors.url).netloc, timeout=30)
    connection.request(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply, body


def cookie_of(reply, name):
    [found] = [one for one in reply.headers.get_all("set-cookie") if one.startswith(f"{name}=")]
    assert "; Path=/; Secure; HttpOnly; SameSite=Lax" in found
    return found.partition(";")[0]


def signed_in(doors, provider):
    begun, _ = browse(doors, "GET", "/login")
    assert begun.status == 303
    back = urllib.parse.urlsplit(provider.authorize(begun.headers["location"]))
    path = f"{back.path}?{back.query}"
    assert browse(doors, "GET", path)[0].status == 401
    ended, _ = browse(doors, "GET", path, cookie=cookie_of(begun, "__Host-flyball-login"))
    assert (ended.status, ended.headers["location"]) == (303, "/")
    return cookie_of(ended, "__Host-flyball")


def test_who_signed_in_is_known_by_the_cookie_and_by_a_token_alike(doors, provider):
    cookie = signed_in(doors, provider)
    _, told = browse(doors, "GET", "/v1/me", cookie=cookie)
    assert json.loads(told)["id"] == "person:anna"
    _, told = browse(doors, "GET", "/v1/me", authorization=f"Bearer {provider.token()}")
    assert (json.loads(told)["id"], json.loads(told)["tenant"]) == ("person:anna", "acme")
    assert browse(doors, "GET", "/v1/me")[0].status == 401
    assert browse(doors, "GET", "/v1/me", cookie=cookie[:-6])[0].status == 401
    assert browse(doors, "GET", "/v1/me", authorization=f"Bearer {provider.token(aud='x')}")[0].status == 401


def test_a_page_of_another_site_changes_nothing(doors, provider):
    cookie = signed_in(doors, provider)
    path = f"/v1/review/contracts:{write_decision(doors.workshop())}/claim"
    for site in ("cross-site", "same-site", "none"):
        assert browse(doors, "POST", path, cookie=cookie, sec_fetch_site=site)[0].status == 401
    assert browse(doors, "POST", path, cookie=cookie)[0].status == 401
    reply, told = browse(doors, "POST", path, cookie=cookie, sec_fetch_site="same-origin")
    assert (reply.status, json.loads(told)["holder"]) == (200, "person:anna")


def test_a_sign_in_that_the_provider_refused_is_told(doors, provider):
    reply, told = browse(doors, "GET", "/login/callback?error=access_denied")
    assert (reply.status, json.loads(told)["code"]) == (401, "access.bad_login")
    reply, _ = browse(doors, "POST", "/logout")
    assert "__Host-flyball=; Max-Age=0" in reply.headers["set-cookie"]


def test_without_a_provider_nobody_signs_in(doors_with):
    reply, told = browse(doors_with(), "GET", "/login")
    assert (reply.status, json.loads(told)["code"]) == (401, "access.bad_login")
