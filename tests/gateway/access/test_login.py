"""Sign in through a browser at a real provider on loopback, and what somebody else may try meanwhile."""

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from flyball.gateway.access.errors import BadLogin
from flyball.gateway.access.login import Login
from flyball.gateway.access.oidc import OidcSettings, OidcVerifier
from flyball.gateway.errors import NotLetIn

sys.path.insert(0, str(Path(__file__).parent))
from oidc_provider import Provider


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


class Now:
    seconds = 1_000_000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def now():
    return Now()


@pytest.fixture
def login(provider, now, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", "hush")
    settings = OidcSettings(
        issuer=provider.issuer,
        client_id="flyball",
        tenant_claim="org",
        roles_claim="groups",
        roles={"flyball-reviewers": "reviewer"},
        client_secret={"env": "CLIENT_SECRET"},
        public_url="https://flyball.example.com",
    )
    return Login(OidcVerifier(settings), b"k" * 32, clock=now)


def back(url):
    asked = parse_qs(urlsplit(url).query)
    return {"state": asked["state"][0], "code": asked["code"][0]}


def test_who_signs_in_gets_a_session_for_an_hour(login, provider, now):
    begun = login.begin()
    session, seconds = login.end(begun.cookie, **back(provider.authorize(begun.url)))
    assert provider.secret == "hush"
    assert seconds == 3600
    who = login.principal(session)
    assert (who.id, who.tenant, who.roles) == ("person:anna", "acme", {"reviewer"})
    now.seconds += 3600
    assert login.principal(session) is None


def test_a_code_that_was_begun_in_another_browser_is_refused(login, provider):
    mine, theirs = login.begin(), login.begin()
    with pytest.raises(BadLogin, match="not begun in this browser"):
        login.end(mine.cookie, **back(provider.authorize(theirs.url)))
    for cookie in ("", "nonsense", theirs.cookie[:-4] + "AAAA", "\u00e9"):
        with pytest.raises(BadLogin):
            login.end(cookie, **back(provider.authorize(theirs.url)))


def test_a_sign_in_that_took_too_long_is_begun_again(login, provider, now):
    begun = login.begin()
    now.seconds += 600
    with pytest.raises(BadLogin, match="more than ten minutes ago"):
        login.end(begun.cookie, **back(provider.authorize(begun.url)))


def test_an_answer_to_another_sign_in_is_refused(login, provider):
    begun = login.begin()
    with pytest.raises(NotLetIn, match="answers another sign-in"):
        login.end(begun.cookie, **back(provider.authorize(begun.url, nonce="old")))


def test_somebody_without_a_role_gets_no_session(login, provider):
    begun = login.begin()
    with pytest.raises(NotLetIn, match="has a role here"):
        login.end(begun.cookie, **back(provider.authorize(begun.url, groups=[])))


def test_a_cookie_of_one_kind_or_of_another_house_opens_nothing(login, provider, now):
    begun = login.begin()
    session, _ = login.end(begun.cookie, **back(provider.authorize(begun.url)))
    assert login.principal(begun.cookie) is None
    assert login.principal(session[:-4] + "AAAA") is None
    assert login.principal("") is None
    elsewhere = Login(login._verifier, b"j" * 32, clock=now)
    assert elsewhere.principal(session) is None
    assert "anna" not in session
