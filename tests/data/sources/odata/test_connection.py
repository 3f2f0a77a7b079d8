"""Requests to a service that is busy, breaks off, lies, or sends the client elsewhere.

By hand: attempts wait 1, 2, 4 units; a Retry-After of 3 s is kept as it is.
"""

import gzip
import json

import pytest

from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    BadSource,
    CannotConnect,
    NothingThere,
    SourceGone,
)
from flyball.data.sources.odata.connection import Connection, Limits
from flyball.data.sources.shelf.sap_odata import sap_odata

JSON = {"Content-Type": "application/json"}


def answers(service, *replies):
    """Give these answers, one after the other, and then the service's own."""
    left = list(replies)
    service.faults.append(lambda method, path, query: left.pop(0) if left else None)


def connect(service, waited=None, **limits):
    limits = {"attempts": 4, "wait_seconds": 1, **limits}
    sleep = (waited if waited is not None else []).append
    return Connection("bank", service.url, limits=Limits(**limits), sleep=sleep)


@pytest.fixture
def v2():
    return False


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_with_more_patience(service, status):
    answers(service, (status, {}, b""), (status, {"Retry-After": "3"}, b""), (status, {}, b""))
    waited = []
    with connect(service, waited) as connection:
        assert connection.get("$metadata").status == 200
    assert waited == [1, 3, 4]


def test_a_date_in_retry_after_that_has_passed_leaves_the_own_wait(service):
    answers(service, (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""))
    waited = []
    with connect(service, waited) as connection:
        connection.get("$metadata")
    assert waited == [1]


def test_a_server_that_asks_for_too_much_patience_is_not_waited_for(service):
    answers(service, (429, {"Retry-After": "7200"}, b""))
    with connect(service) as connection, pytest.raises(SourceGone, match="to come back in 7200 s"):
        connection.get("$metadata")


def test_a_server_that_stays_busy_is_told(service):
    answers(service, *[(503, {}, b"")] * 9)
    with connect(service) as connection, pytest.raises(CannotConnect, match="answers 503") as told:
        connection.get("$metadata")
    assert told.value.retry


def test_an_answer_that_breaks_off_is_asked_for_again(service):
    answers(service, (200, JSON, b"{}"), (200, JSON, b"[1, 2, 3]", 4))
    waited = []
    with connect(service, waited) as connection:
        connection.get("$metadata")
        assert connection.get("$metadata").body.startswith(b"<?xml")
    assert waited == [1]


def test_nobody_at_the_address_is_told_at_once(doubles):
    with doubles.Double() as service:
        url = service.url
    waited = []
    client = Connection("bank", url, sleep=waited.append)
    with client as connection, pytest.raises(CannotConnect, match="does not answer"):
        connection.get("$metadata")
    assert waited == []


def test_an_answer_larger_than_the_limit_is_not_read_to_its_end(service):
    bomb = gzip.compress(b" " * 10_000_000)
    answers(service, (200, JSON | {"Content-Encoding": "gzip"}, bomb))
    too_much = pytest.raises(BadRecord, match="answers with more than 1000000 bytes")
    with connect(service, response_bytes=1_000_000) as connection, too_much as told:
        connection.get("Items")
    assert int(str(told.value).split("(")[1].split(" bytes")[0]) < 3_000_000


def test_the_server_is_never_followed_elsewhere(service):
    answers(service, (302, {"Location": "https://login.example/saml?secret=1"}, b""))
    refused = pytest.raises(BadCredentials, match=r"redirects to login\.example, perhaps to a sign-in page")
    with connect(service) as connection, refused:
        connection.get("$metadata")
    assert len(service.requests) == 1


def test_a_sign_in_page_in_place_of_json_is_told(service):
    source = sap_odata("bank", {"url": service.url})
    page = (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Sign in</html>")
    service.faults.append(lambda method, path, query: page if "Items" in path else None)
    with pytest.raises(BadRecord) as told:
        list(source.batches("Items"))
    assert "answers text/html (20 bytes) where JSON was asked for. It may be a sign-in page." in str(
        told.value
    )


def test_a_sign_in_page_in_place_of_metadata_is_told(service):
    answers(service, (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"))
    with pytest.raises(BadRecord, match="its root is <html>, not <Edmx>"):
        sap_odata("bank", {"url": service.url}).check()


def test_what_an_error_says_is_told_without_the_values_it_quotes(service):
    said = {"error": {"code": "SY/530", "message": {"value": "User 'JDOE' (jdoe@bank.example) has no 4711"}}}
    answers(service, (500, JSON, json.dumps(said).encode()))
    with connect(service) as connection, pytest.raises(CannotConnect) as told:
        connection.get("$metadata")
    assert "It says: SY/530 User '***' (***) has no ***" in str(told.value)


def test_a_request_that_is_not_understood_is_the_settings_fault(service):
    answers(service, (400, JSON, b'{"error":{"code":"x","message":"no $skip"}}'))
    with connect(service) as connection, pytest.raises(BadSource, match="does not understand the request"):
        connection.get("Items?$filter=secret eq 1")


def test_an_address_without_a_service_is_told(service):
    with pytest.raises(NothingThere, match=r"there is nothing at .*NOPE/\$metadata \(404\)"):
        sap_odata("bank", {"url": service.url + "NOPE"}).check()


def test_client_and_language_go_with_every_request(service, doubles):
    service.max_page = 5
    for number in range(12):
        service.put("Items", doubles.item("a", number))
    source = sap_odata("bank", {"url": service.url, "sap_client": "100", "sap_language": "EN"})
    list(source.batches("Items"))
    assert len(service.requests) > 3
    for _, _, query, _ in service.requests:
        assert (query["sap-client"], query["sap-language"]) == ("100", "EN")


def test_nothing_of_the_environment_is_used(service, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert sap_odata("bank", {"url": service.url}).check()["version"] == "OData V4"


# Signing in.


def signed_in(service, secret, **settings):
    quick = {"attempts": 2, "wait_seconds": 0.001}
    return sap_odata("bank", {"url": service.url, **quick, **settings})


def test_a_user_signs_in_with_a_password(service, secret):
    service.user, service.password = "jo", "päss"
    facts = signed_in(service, secret, user="jo", password=secret("päss")).check()
    assert facts == {
        "server": service.host.removeprefix("http://"),
        "version": "OData V4",
        "user": "jo",
        "entity sets": "2",
        "followed by changes": "1",
    }


def test_a_token_and_a_key_sign_in(service, secret):
    service.bearer = "tok"
    assert signed_in(service, secret, token=secret("tok")).check()
    service.bearer, service.api_key = None, "key"
    assert signed_in(service, secret, api_key=secret("key")).check()
    with pytest.raises(BadCredentials):
        signed_in(service, secret, api_key=secret("other")).check()


def test_client_credentials_fetch_a_token_and_renew_it_when_it_ends(service, secret, doubles):
    for number in range(40):
        service.put("Items", doubles.item("a", number))
    service.bearer = "not yet known"
    settings = {"client_id": "client", "client_secret": secret("the client secret")}
    source = signed_in(service, secret, **settings, token_url=f"{service.host}/token", batch_rows=10)
    load = source.batches("Items")
    first = next(load)
    service.bearer = "revoked"
    assert first.rows.num_rows + sum(batch.rows.num_rows for batch in load) == 40
    assert [path for _, path, _, _ in service.requests].count("/token") == 2


def test_a_wrong_client_secret_is_told_without_it(service, secret):
    service.bearer = "x"
    settings = {"client_id": "client", "client_secret": secret("wrong one")}
    with pytest.raises(BadCredentials, match="gives client client no token") as told:
        signed_in(service, secret, **settings, token_url=f"{service.host}/token").check()
    assert "wrong one" not in json.dumps(told.value.as_record())


def test_credentials_never_go_over_plain_http_unasked(secret):
    there = {"url": "http://sap.example:8000/s/", "user": "jo", "password": secret("x")}
    with pytest.raises(BadSource, match=r"would send credentials over plain HTTP to sap\.example"):
        sap_odata("bank", there)
    assert sap_odata("bank", there | {"allow_plain_http": True}).url == "http://sap.example:8000/s/"
    over = {"url": "https://h/s/", "client_id": "a", "client_secret": secret("x"), "token_url": "http://h/t"}
    with pytest.raises(BadSource, match="token_url would send credentials over plain HTTP"):
        sap_odata("bank", over)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "url is no address"),
        ({"url": "ftp://h/"}, "url is no address"),
        ({"url": "https://user:word@h/"}, "url is no address"),
        ({"url": "https://h/?a=b"}, "url holds a query"),
        ({"url": "https://h/", "user": "jo"}, "user and password go together"),
        ({"url": "https://h/", "token": "literal"}, "token must be a reference to a secret"),
        ({"url": "https://h/", "client_id": "jo"}, "client_id, client_secret and token_url go together"),
        ({"url": "https://h/", "batch_rows": 0}, "batch_rows must be of the right type"),
        ({"url": "https://h/", "batch_rows": True}, "batch_rows must be of the right type"),
        ({"url": "https://h/", "decimals": [2, 5]}, "decimals must be of the right type"),
        ({"url": "https://h/", "paging": "best"}, "paging is 'best'"),
        ({"url": "https://h/", "use": "anything"}, "use is 'anything'"),
        ({"url": "https://h/", "streams": ["A"]}, "streams must be of the right type"),
        ({"url": "https://h/", "streams": {"A": {"cursro": "x"}}}, "streams.A has unknown settings cursro"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, why):
    with pytest.raises(BadSource) as refused:
        sap_odata("bank", settings)
    assert why in str(refused.value)
    assert "literal" not in str(refused.value)


def test_two_ways_to_sign_in_are_one_too_many(secret):
    with pytest.raises(BadSource, match="there are several ways to sign in"):
        sap_odata("b", {"url": "https://h/", "token": secret("x"), "api_key": secret("y", "OTHER")})


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"streams": {"Items": {"cursor": "gone"}}}, "Items has no property gone"),
        ({"select": {"Items": ["gone"]}}, "Items has no property gone"),
        ({"expand": {"Items": ["gone"]}}, "Items cannot be expanded by 'gone'; known: account"),
        ({"streams": {"Items": {"key": ["pos"]}}}, "the key of Items is order, pos"),
        ({"paging": "key", "streams": {"Accounts": {}}}, None),
    ],
)
def test_settings_are_held_against_the_service(service, settings, why):
    source = sap_odata("bank", {"url": service.url, **settings})
    if why is None:
        assert [one.name for one in source.streams()] == ["Accounts"]
    else:
        with pytest.raises(BadSource) as refused:
            source.streams()
        assert why in str(refused.value)


def test_a_missing_certificate_file_is_told(tmp_path):
    source = sap_odata("bank", {"url": "https://127.0.0.1:1/", "ca_file": str(tmp_path / "none.pem")})
    with pytest.raises(BadSource, match=r"the certificates in .*none\.pem cannot be read"):
        source.check()
