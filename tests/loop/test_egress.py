"""What may be reached is listed, and what cannot be listed is refused."""

import msgspec
import pytest

from flyball.core.errors import BadInput
from flyball.loop.egress import egress_of
from flyball.loop.settings import DeploymentSettings, ExpertSettings, Promise, Settings, SourceSettings, State


def settings_of(*experts, state=None):
    return Settings(
        deployment=DeploymentSettings(name="d", purpose="p", owner="o", jurisdictions=("EU",)),
        source=(SourceSettings(name="s", path="in"),),
        expert=experts or (ExpertSettings(name="detector", kind="clause_detector"),),
        promise=Promise(wrong_share_at_most=0.03),
        state=state or State(),
    )


def test_the_default_reaches_nothing():
    assert egress_of(settings_of()) == []


def test_a_language_model_and_a_database_are_listed_without_their_passwords():
    model = ExpertSettings(
        name="lm", kind="language_model", settings={"base_url": "https://api.example.com/v1"}
    )
    state = State(ledger="postgresql://user:hunter2@db.internal:5432/ledger")
    found = egress_of(settings_of(model, state=state))
    assert [(item.host, item.local) for item in found] == [
        ("api.example.com", False),
        ("db.internal:5432", False),
    ]
    assert "hunter2" not in repr(found)


def test_this_machine_is_told_apart():
    model = ExpertSettings(
        name="lm", kind="language_model", settings={"base_url": "http://127.0.0.1:11434/v1"}
    )
    assert egress_of(settings_of(model))[0].local


def test_a_socket_of_this_machine_is_local():
    state = State(ledger="postgresql://flyball@/ledger?host=/run/postgresql")
    assert [(one.host, one.local) for one in egress_of(settings_of(state=state))] == [
        ("/run/postgresql", True)
    ]


def test_a_model_without_an_address_is_refused():
    with pytest.raises(BadInput, match="lm names no base_url, so its host cannot be listed"):
        egress_of(settings_of(ExpertSettings(name="lm", kind="language_model")))


def test_an_address_without_a_host_is_refused():
    model = ExpertSettings(name="lm", kind="language_model", settings={"base_url": "not a url"})
    with pytest.raises(BadInput, match="is not a URL with a host"):
        egress_of(settings_of(model))


def test_a_source_is_listed_and_gets_questions_only():
    source = SourceSettings(
        name="core",
        url="https://sap.example.com/odata",
        kind="sap_odata",
        settings={"token_url": "https://login.example.com/token"},
    )
    found = egress_of(msgspec.structs.replace(settings_of(), source=(source,)))
    assert [(one.host, one.gets_data) for one in found] == [
        ("sap.example.com", False),
        ("login.example.com", False),
    ]


@pytest.mark.parametrize(
    ("url", "settings", "hosts"),
    [
        ("s3://bucket/x", {"region": "eu-central-1"}, ["s3.eu-central-1.amazonaws.com"]),
        ("s3://bucket/x", {"endpoint": "https://minio.internal:9000"}, ["minio.internal:9000"]),
        ("gs://bucket/x", {}, ["storage.googleapis.com"]),
        ("abfs://box/x", {"account": "a"}, ["a.blob.core.windows.net", "a.dfs.core.windows.net"]),
    ],
)
def test_a_store_is_listed_by_the_hosts_behind_its_address(url, settings, hosts):
    source = SourceSettings(name="store", url=url, kind="tables", settings=settings)
    found = egress_of(msgspec.structs.replace(settings_of(), source=(source,)))
    assert [one.host for one in found] == hosts


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://listed/db?host=followed.example", ["followed.example"]),
        ("postgresql://listed/db?hostaddr=203.0.113.9", ["203.0.113.9"]),
        ("postgresql://me@one:5432,two:5433/db", ["one:5432", "two:5433"]),
        ("postgresql:///db?host=one,two", ["one", "two"]),
        ("postgresql://[::1]:5432/db", ["[::1]:5432"]),
    ],
)
def test_the_hosts_that_a_driver_follows_are_listed(url, hosts):
    """A driver follows the parameter `host`, whatever stands before it."""
    source = SourceSettings(name="core", url=url, kind="database")
    found = egress_of(msgspec.structs.replace(settings_of(), source=(source,)))
    assert [one.host for one in found] == hosts
    assert [one.local for one in found] == [host.startswith("[::1]") for host in hosts]


@pytest.mark.parametrize("url", ["postgresql:///db?service=other", "mssql://h/db?odbc_connect=Server%3Dx"])
def test_a_host_that_hides_in_a_parameter_is_refused(url):
    source = SourceSettings(name="core", url=url, kind="database")
    with pytest.raises(BadInput, match="source core hides its host"):
        egress_of(msgspec.structs.replace(settings_of(), source=(source,)))


def test_a_machine_that_asks_who_it_is_and_a_warehouse_without_a_url_are_listed():
    store = SourceSettings(name="s", url="gs://bucket/x", kind="tables", settings={"machine_identity": True})
    snow = SourceSettings(name="w", kind="snowflake", settings={"account": "acme-one"})
    bricks = SourceSettings(name="b", kind="databricks", settings={"connect": "sc://spark:15002;token=x"})
    found = egress_of(msgspec.structs.replace(settings_of(), source=(store, snow, bricks)))
    assert [one.host for one in found] == [
        "storage.googleapis.com",
        "metadata.google.internal",
        "acme-one.snowflakecomputing.com",
        "spark:15002",
    ]
