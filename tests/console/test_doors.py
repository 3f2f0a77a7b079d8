"""Who comes into the console, what another site can do with a browser, and what every reply says."""

import http.client
import os
import re
import sys
import time
import urllib.parse
from pathlib import Path

import lxml.html
import pytest

from flyball.console.doors import safe_path
from flyball.gateway.access.ended import SESSION_ENDED
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.oidc import OidcSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "access"))
from oidc_provider import Provider

PAGES = ["/", "/d/contracts", "/d/contracts/decisions", "/d/contracts/review", "/d/contracts/agreement"]


def said(browser):
    return re.sub(r"<[^>]+>", " ", browser.body)


@pytest.mark.parametrize("path", [*PAGES, "/find?q=1", "/keyboard", "/d/contracts/decisions/decisions.csv"])
def test_who_is_not_signed_in_is_sent_to_the_door_and_then_back(console, path):
    browser = console.browser()
    reply = browser.get(path)
    back = "" if path == "/" else "?" + urllib.parse.urlencode({"next": path})
    assert (reply.status, reply.headers["location"]) == (303, f"/sign-in{back}")
    assert browser.get(reply.headers["location"]).status == 200
    reply = browser.send("/sign-in", {"key": console.key("acme/first"), "next": path})
    assert (reply.status, reply.headers["location"]) == (303, path)


def test_the_session_is_a_cookie_of_this_host_that_no_script_and_no_other_site_gets(console):
    browser = console.browser("acme/first")
    [cookie] = [one for one in browser.set if one.startswith("flyball-console-")]
    assert "; HttpOnly; SameSite=Strict" in cookie
    assert "; Path=/;" in cookie
    assert console.key("acme/first").split("_")[2] not in cookie
    # Behind a proxy the caller is elsewhere: then the cookie goes over https alone, to this host alone.
    far = console.browser()
    far.send("/sign-in", {"key": console.key("acme/first")}, host="flyball.example.com")
    [cookie] = [one for one in far.set if one.startswith("__Host-flyball-console=")]
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")


@pytest.mark.parametrize("key", ["", "wrong", "flyball_" + "0" * 12 + "_" + "0" * 64, "ü" * 50])
def test_a_key_that_is_none_opens_nothing_and_is_not_repeated(console, key):
    browser = console.browser()
    assert browser.send("/sign-in", {"key": key}).status == 401
    assert "This key is not known here." in said(browser)
    assert key == "" or key not in browser.body
    assert not any(name.startswith("flyball-console-") for name in browser.cookies)


def test_an_address_that_leads_nowhere_tells_a_person_where_to_begin(console):
    browser = console.browser("acme/lost")
    assert browser.get("/d/contracts/kpi", accept="text/html").status == 404
    assert "The first page leads to every deployment and its pages." in said(browser)
    assert "openapi" not in said(browser)


def test_the_key_of_a_program_opens_no_page(console):
    browser = console.browser()
    browser.send("/sign-in", {"key": console.key("acme/robot", person=False)})
    assert "the console is for people" in said(browser)


def test_a_key_that_is_revoked_ends_the_session_at_once(console):
    browser = console.browser("acme/leaver")
    assert browser.get("/d/contracts").status == 200
    book = KeyBook(console.workshop().ledger, "contracts")
    book.revoke(console.key("acme/leaver").split("_")[1], actor="user:t")
    time.sleep(1.1)  # a revocation is in force within a second
    assert browser.get("/d/contracts").status == 303


def test_signing_out_forgets_the_session(console):
    browser = console.browser("acme/first")
    assert browser.send("/sign-out", {}).headers["location"] == "/sign-in"
    assert browser.get("/d/contracts").status == 303


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(console):
    browser, thief, other = (console.browser("acme/first") for _ in range(3))
    thief.cookies = dict(browser.cookies)
    assert thief.get("/d/contracts").status == 200
    browser.send("/sign-out", {})
    assert thief.get("/d/contracts").status == 303
    path = f"/d/contracts/review/{console.ours}"
    assert thief.send(f"{path}/claim", {"token": "0" * 64}).status == 401
    assert other.get("/d/contracts").status == 200, "another session of the same person goes on"
    written = len(list(console.workshop().ledger.entries(SESSION_ENDED)))
    thief.send("/sign-out", {})
    console.browser().send("/sign-out", {})
    assert len(list(console.workshop().ledger.entries(SESSION_ENDED))) == written


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
@pytest.mark.parametrize("path", ["/", "/v1/models"])
def test_without_keys_another_user_of_this_machine_is_refused(keyless, path):
    told = {}
    for user in (0, 65534):
        asked = http.client.HTTPConnection("127.0.0.1", keyless.port, timeout=60)
        os.seteuid(user)
        try:
            asked.connect()
        finally:
            os.seteuid(0)
        asked.request("GET", path)
        told[user] = asked.getresponse().status
        asked.close()
    assert told == {0: 200, 65534: 401}


def test_a_cookie_from_before_is_not_adopted_at_sign_in(console):
    """Session fixation: what somebody else planted is neither believed nor kept."""
    browser = console.browser()
    name = f"flyball-console-{console.port}"
    browser.cookies[name] = planted = "AAAA"
    assert browser.get("/d/contracts").status == 303
    browser.send("/sign-in", {"key": console.key("acme/first")})
    assert browser.cookies[name] != planted
    assert browser.get("/d/contracts").status == 200


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", "javascript:alert(1)", "",
     "/a b", "/%0d%0aset-cookie:x", "/\r\nset-cookie: x=1", "evil", "/ü"],
)  # fmt: skip
def test_signing_in_leads_to_this_console_and_nowhere_else(console, path):
    browser = console.browser()
    reply = browser.send("/sign-in", {"key": console.key("acme/first"), "next": path})
    location = reply.headers["location"]
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")
    assert "\n" not in location
    assert safe_path(location) == location
    assert not any(one.startswith("x=") for one in browser.set)


FORMS = {
    "no token": ({}, {}),
    "token of another session": ({"token": "0" * 64}, {}),
    "strange token": ({"token": "ü"}, {}),
    "from another site": (None, {"sec_fetch_site": "cross-site"}),
    "from a sister site": (None, {"sec_fetch_site": "same-site"}),
    "from an old browser on another site": (None, {"sec_fetch_site": None, "origin": "https://evil.example"}),
    "from nowhere": (None, {"sec_fetch_site": None}),
    "from a file": (None, {"sec_fetch_site": None, "origin": "null"}),
}


@pytest.mark.parametrize("how", FORMS)
def test_a_form_that_this_console_did_not_make_for_this_session_does_nothing(console, how):
    entry = console.decide(hash(how) % 10_000 + 100)
    browser = console.browser("acme/first")
    path = f"/d/contracts/review/{entry}"
    form, headers = FORMS[how]
    form = {"token": browser.token(path)} if form is None else form
    assert browser.send(f"{path}/claim", form, **headers).status == 403
    assert "console.not_from_here" in browser.body
    browser.get(path)
    assert "open" in said(browser)
    assert browser.send(f"{path}/claim", {"token": browser.token(path)}).status == 303


def test_the_token_of_one_person_is_of_no_use_to_another(console):
    path = f"/d/contracts/review/{console.ours}"
    anna, ben = console.browser("acme/anna"), console.browser("acme/ben")
    assert ben.send(f"{path}/claim", {"token": anna.token(path)}).status == 403


def test_an_old_browser_that_names_our_origin_may_send_a_form(console):
    browser = console.browser("acme/first")
    entry = console.decide(77)
    path = f"/d/contracts/review/{entry}"
    form = {"token": browser.token(path)}
    origin = f"http://127.0.0.1:{console.port}"
    assert browser.send(f"{path}/claim", form, sec_fetch_site=None, origin=origin).status == 303


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_another_site_begins_shows_nothing_but_the_way_on(console, path):
    browser = console.browser("acme/first")
    assert browser.get(path, sec_fetch_site="cross-site").status == 200
    assert f'content="0;url={path}"' in browser.body
    assert "contracts" not in said(browser)


def test_json_and_files_are_no_forms(console):
    browser = console.browser("acme/first")
    path = f"/d/contracts/review/{console.ours}/claim"
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        assert browser.send(path, {"token": "x"}, content_type=kind).status == 400


def test_a_form_of_too_many_values_is_refused(console):
    browser = console.browser("acme/first")
    form = [(f"n{number}", "") for number in range(3_000)]
    assert browser.send(f"/d/contracts/review/{console.ours}/claim", form).status == 413


def replies(console, browser):
    token = browser.token(f"/d/contracts/review/{console.ours}")
    yield from (browser.get(path) for path in PAGES)
    yield browser.get("/d/nobody")
    yield browser.get("/d/contracts/decisions/99999")
    yield browser.get("/d/contracts/decisions?since=x")
    yield browser.get("/nowhere", accept="text/html")
    yield browser.get("/console/console.css")
    yield browser.get("/console/nothing.css")
    yield browser.get("/d/contracts/decisions/decisions.csv")
    yield browser.get(f"/d/contracts/decisions/{console.ours}/proof.json")
    yield browser.get("/find?q=1")
    yield browser.send(f"/d/contracts/review/{console.ours}/answer", {"token": token})
    yield browser.send(f"/d/contracts/review/{console.ours}/answer", {})
    yield browser.ask("PUT", "/d/contracts", accept="text/html")


@pytest.mark.parametrize(
    "path", [*PAGES, "/sign-in", "/console/console.css", "/d/contracts/decisions/decisions.csv"]
)
def test_who_asks_for_the_head_of_a_page_gets_it_without_the_page(console, path):
    browser = console.browser("acme/first")
    reply = browser.ask("HEAD", path)
    assert (reply.status, browser.bytes) == (200, b"")
    assert reply.headers["content-security-policy"]
    assert browser.get(path).status == 200
    assert browser.ask("HEAD", "/d/nobody").status == 404


def test_every_reply_carries_the_policy(console):
    browser = console.browser("acme/first")
    for reply in replies(console, browser):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in reply.headers
        assert reply.headers["cache-control"] in ("no-store", "public, max-age=31536000, immutable")


def test_no_page_holds_a_script_or_a_style_or_fetches_from_outside(console):
    browser = console.browser("acme/first")
    paths = [
        *PAGES,
        f"/d/contracts/decisions/{console.ours}",
        f"/d/contracts/review/{console.ours}",
        "/keyboard",
    ]
    for path in paths:
        browser.get(path)
        for one in lxml.html.fromstring(browser.body).iter():
            assert one.tag != "style", path
            assert one.tag != "script" or one.get("src").startswith("/console/console.js?v="), path
            assert not [name for name in one.attrib if name == "style" or name.startswith("on")], path
            for name in ("src", "href", "action", "formaction"):
                assert one.get(name, "/").startswith(("/", "#")), path
                assert not one.get(name, "/").startswith("//"), path


@pytest.mark.parametrize(
    "name",
    ["../page.py", "..%2fpage.py", "%2e%2e/page.py", "console.css%00.js", "charts/charts.css", ".env",
     "x" * 5000],
)  # fmt: skip
def test_only_the_files_of_the_console_are_given_out(console, name):
    browser = console.browser("acme/first")
    assert browser.get(f"/console/{name}").status == 404
    assert "flyball" not in browser.body.lower() or "import" not in browser.body


def test_without_keys_this_machine_alone_comes_in(keyless):
    browser = keyless.browser()
    assert browser.get("/d/contracts").status == 200
    assert "somebody at this machine" in said(browser)
    for headers in (
        {"host": "evil.example"},
        {"host": f"127.0.0.1.evil.example:{keyless.port}"},
        {"x_forwarded_for": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
    ):
        assert keyless.browser().get("/d/contracts", **headers).status == 401


def test_without_keys_a_form_of_another_site_does_nothing(keyless):
    browser = keyless.browser()
    path = f"/d/contracts/review/{keyless.ours}"
    token = browser.token(path)
    assert browser.send(f"{path}/claim", {}).status == 403
    assert browser.send(f"{path}/claim", {"token": token}, sec_fetch_site="cross-site").status == 403
    assert browser.send(f"{path}/claim", {"token": token}, origin="https://evil.example").status == 403
    assert browser.send(f"{path}/claim", {"token": token}).status == 303


def test_without_keys_there_is_nothing_to_sign_in_to(keyless):
    assert keyless.browser().get("/sign-in").headers["location"] == "/"
    browser = keyless.browser()
    assert browser.send("/sign-in", {"key": "flyball_x"}).status == 401


@pytest.mark.parametrize(
    ("role", "open_to", "closed"),
    [
        ("operator", ["/", "/d/contracts"], ["/d/contracts/decisions", "/d/contracts/review"]),
        ("auditor", ["/d/contracts/decisions", "/d/contracts/review"], []),
        ("reviewer", ["/d/contracts/decisions", "/d/contracts/review"], []),
    ],
)
def test_a_role_sees_its_pages_and_no_others(console, role, open_to, closed):
    browser = console.browser(f"acme/only-{role}", roles=(role,))
    assert all(browser.get(path).status == 200 for path in open_to)
    for path in closed:
        assert browser.get(path).status == 403
        assert "needs the right" in said(browser)
        browser.get("/d/contracts")
        assert f'href="{path}"' not in browser.body.split("<main")[0]


def test_who_may_only_look_cannot_act(console):
    browser = console.browser("acme/only-auditor", roles=("auditor",))
    path = f"/d/contracts/review/{console.ours}"
    assert browser.get(path).status == 200
    token = browser.token("/d/contracts/review") if 'name="token"' in browser.body else ""
    assert browser.send(f"{path}/claim", {"token": token}).status == 403


def test_a_program_may_read_a_page_with_its_key_and_send_no_form(console):
    browser = console.browser()
    bearer = {"authorization": f"Bearer {console.key('acme/robot', person=False)}"}
    assert browser.get("/d/contracts", **bearer).status == 200
    assert browser.send(f"/d/contracts/review/{console.ours}/claim", {"token": ""}, **bearer).status == 403
    assert browser.get("/d/contracts", authorization="Bearer wrong").status == 401


def test_colours_and_shortcuts_are_kept_and_nothing_else_is(console):
    browser = console.browser("acme/first")
    assert (
        browser.send("/look", {"theme": "dark", "next": "/d/contracts"}).headers["location"] == "/d/contracts"
    )
    browser.get("/d/contracts")
    assert 'data-theme="dark"' in browser.body
    browser.send("/look", {"theme": "<script>", "keys": "off", "next": "//evil.example"})
    assert browser.cookies["flyball-look"] == "dark.off"
    browser.get("/d/contracts")
    assert 'data-keys="off"' in browser.body
    browser.cookies["flyball-look"] = '"><script>.on'
    browser.get("/d/contracts")
    assert 'data-theme="auto"' in browser.body
    assert browser.send("/look", {"theme": "light"}, sec_fetch_site="cross-site").status == 403


def test_every_cookie_of_a_console_from_elsewhere_is_of_its_host_and_goes_over_https_alone(console):
    """One that a page over http had planted would speak in the console's name: it is not read."""
    far = {"host": "flyball.example.com"}
    browser = console.browser()
    browser.get("/d/contracts", **far)
    set_by = [*browser.set]
    browser.send("/sign-in", {"key": console.key("acme/first"), "next": "/d/contracts"}, **far)
    set_by += browser.set
    browser.get("/sign-in?next=/d/contracts", **far)
    set_by += browser.set
    browser.send("/look", {"theme": "dark"}, **far)
    set_by += browser.set
    entry = console.decide(912)
    path = f"/d/contracts/review/{entry}"
    browser.get(path, **far)
    token = re.search(r'name="token" value="(\w+)"', browser.body)[1]
    browser.send(f"{path}/claim", {"token": token}, **far)
    set_by += browser.set
    assert {one.partition("=")[0] for one in set_by} == {
        "__Host-flyball-console", "__Host-flyball-next", "__Host-flyball-look", "__Host-flyball-said"
    }  # fmt: skip
    assert all("; Secure" in one and "; HttpOnly" in one and "; Path=/;" in one for one in set_by)
    browser.get("/d/contracts", **far)
    browser.cookies["flyball-said"] = "Call%20this%20number"
    browser.get("/d/contracts", **far)
    assert "Call this number" not in browser.body


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


def test_who_signs_in_at_the_provider_comes_back_to_the_page_that_was_asked_for(
    serving, make, tmp_path, provider
):
    oidc = OidcSettings(
        issuer=provider.issuer,
        client_id="flyball",
        tenant_claim="org",
        roles_claim="groups",
        roles={"flyball-reviewers": "reviewer"},
        public_url="https://flyball.example.com",
    )
    with serving([make(tmp_path / "contracts", "contracts")], oidc=oidc) as console:
        entry = console.decide(1)
        path = f"/d/contracts/review/{entry}"
        browser = console.browser()
        browser.get(browser.get(path).headers["location"])
        assert "Sign in with your company" in said(browser)
        begun = browser.get("/login", sec_fetch_site="same-origin")
        back = urllib.parse.urlsplit(provider.authorize(begun.headers["location"]))
        ended = browser.get(f"{back.path}?{back.query}", sec_fetch_site="cross-site")
        assert (ended.status, ended.headers["location"]) == (303, "/")
        assert browser.get("/", sec_fetch_site="cross-site").status == 200
        assert browser.get("/", sec_fetch_site="same-origin").headers["location"] == path
        token = browser.token(path)
        assert browser.send(f"{path}/claim", {"token": token}).status == 303
        assert browser.get("/").status == 200, "the page that was asked for is asked for once"
        provider_cookie = browser.cookies["__Host-flyball"]
        stolen = dict(browser.cookies)
        browser.send("/sign-out", {})
        assert "__Host-flyball" not in browser.cookies
        thief = console.browser()
        thief.cookies = stolen
        assert thief.get(path).status == 303, "a copy of the cookie opens nothing"
        assert thief.get("/v1/me").status == 401
        browser.cookies["__Host-flyball"] = provider_cookie[:-6]
        assert browser.get(path).status == 303


def test_looking_at_pages_is_no_request_of_the_deployment(console):
    """Objectives count what callers are answered, not who looks at a page."""
    house, added = console.house, []
    counting = house.counting
    browser = console.browser("acme/first")
    before = counting.add
    counting.add = lambda *told: added.append(told) or before(*told)
    try:
        browser.get("/d/contracts")
        bearer = {"authorization": f"Bearer {console.key('acme/first')}"}
        browser.get("/v1/decisions", **bearer)
    finally:
        counting.add = before
    assert [door for _, door, *_ in added] == ["GET /v1/decisions"]


def test_what_was_typed_in_a_session_that_has_ended_is_given_back(console):
    browser = console.browser("acme/first")
    path = f"/d/contracts/review/{console.decide(500)}"
    form = {"token": browser.token(path), "comment": "An hour of <b>work</b>", "answer.cap": "true"}
    browser.cookies.clear()
    assert browser.send(f"{path}/answer", form).status == 401
    assert "Nothing was done" in said(browser)
    assert "An hour of &lt;b&gt;work&lt;/b&gt;" in browser.body
    assert form["token"] not in browser.body
    assert f'href="/sign-in?next={urllib.parse.quote(path, safe="")}"' in browser.body
    assert browser.send(f"{path}/answer", form, sec_fetch_site="cross-site").status == 403
    assert "An hour" not in browser.body


def test_an_act_that_is_loaded_again_as_a_page_leads_to_its_page(console):
    browser = console.browser("acme/first")
    reply = browser.get("/d/contracts/review/0/claim?x=1")
    assert (reply.status, reply.headers["location"]) == (303, "/d/contracts/review/0")


def test_over_http_from_another_machine_nobody_signs_in_and_is_told_why(console):
    browser = console.browser()
    headers = {"host": "flyball.example.com", "sec_fetch_site": None}
    form = {"key": console.key("acme/first")}
    assert browser.send("/sign-in", form, origin="http://flyball.example.com", **headers).status == 403
    assert "came over http" in said(browser)
    assert not [one for one in browser.set if "console" in one]
    assert browser.send("/sign-in", form, origin="https://flyball.example.com", **headers).status == 303
