"""Settings: a password has no place in a URL, and every mistake is named."""

import pytest

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource
from flyball.data.sources.sql.settings import Wanted, read_settings


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@server/db",
        "postgresql://me@server/db?password=hunter2",
        "postgresql://me@server/db?sslpassword=hunter2",
        "oracle://me:hunter2@server/?service_name=x",
        "mysql://me@server/db?passwd=hunter2",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url):
    with pytest.raises(BadSource, match="has a password in its URL") as refused:
        read_settings("core", {"url": url})
    assert "hunter2" not in str(refused.value.as_record())
    assert '{ env = "NAME" }' in refused.value.fix


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "'url'"),
        ({"url": "no url"}, "'url'"),
        ({"url": "mongodb://server/db"}, "no database 'mongodb'"),
        ({"url": "postgresql+psycopg2://server/db"}, "no database 'postgresql+psycopg2'"),
        ({"url": "sqlite:///a", "path": "a"}, "'url'"),
        ({"password": "hunter2"}, "'password'"),
        ({"batch_rows": 0}, "'batch_rows'"),
        ({"batch_rows": True}, "'batch_rows'"),
        ({"lookback": -1}, "'lookback'"),
        ({"tables": 3}, "'tables'"),
        ({"streams": ["a"]}, "'streams'"),
        ({"streams": {"a": {"keys": ["b"]}}}, "'streams.a'"),
        ({"isolation": "serializable"}, "'isolation'"),
        ({"url": "db2://server/db", "isolation": "snapshot"}, "db2 cannot hold one snapshot"),
    ],
)
def test_a_mistake_is_named(settings, said):
    with pytest.raises(BadSource) as refused:
        read_settings("core", {"url": "postgresql://server/db", **settings} if settings else {})
    assert said in refused.value.message
    assert "hunter2" not in str(refused.value)


def test_settings_are_read():
    read = read_settings(
        "core",
        {
            "url": "oracle://server:1521/?service_name=core",
            "user": "flyball_reader",
            "password": Secret("env", "CORE"),
            "streams": {"hr.employees": {"key": ["id"], "cursor": "changed"}},
            "lookback": 300,
        },
    )
    assert (read.dialect.name, read.snapshot, read.batch_rows) == ("oracle", True, 50_000)
    assert read.streams == {"hr.employees": Wanted(("id",), "changed", 300)}


def test_db2_reads_batch_by_batch_without_being_told_to():
    assert not read_settings("core", {"url": "db2://server/db"}).snapshot


def test_sql_server_holds_a_snapshot_only_where_it_is_told_to():
    assert not read_settings("core", {"url": "mssql://server/db"}).snapshot
    assert read_settings("core", {"url": "mssql://server/db", "isolation": "snapshot"}).snapshot
