"""What a [[source]] may say, and what is shown of it."""

import pytest

from flyball.core.errors import BadInput
from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource, NothingThere
from flyball.loop import sources
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.settings import SourceSettings
from flyball.loop.sources import check_url, open_source, shown_settings, shown_url


@pytest.fixture
def deployment(tmp_path):
    init_deployment("contract-review", tmp_path / "d")
    return open_deployment(tmp_path / "d")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@db/core",
        "postgresql://db/core?password=hunter2",
        "postgresql://db/core?sslPassword=hunter2",
        "https://sap.example/odata?sap-client=100&access_token=hunter2",
        "abfs://box@account/path?sv=2024&sig=hunter2",
        "https://[hunter2/odata",
        "postgresql://me:hunter2/x@db/core",
        "s3://AKIA:hunter2#x@bucket/exports",
        "sc://spark.example:443/;token=hunter2",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(deployment, url):
    with pytest.raises(BadSource, match=r"The URL of the source s (holds a password|is none)") as refused:
        open_source(deployment, SourceSettings(name="s", url=url, kind="database"))
    assert "hunter2" not in str(refused.value) + repr(refused.value.values)
    assert "hunter2" not in shown_url(url) or url.startswith("https://[")


@pytest.mark.parametrize("url", ["postgresql://db:5432/core", "s3://box/a:b@c.csv", "https://me@sap:1/x;v=1"])
def test_a_url_without_a_secret_passes(url):
    check_url("s", url)


def test_a_token_in_the_address_of_spark_is_refused_and_not_shown(deployment):
    settings = {"connect": "sc://spark.example:443/;token=hunter2", "schema": "bank"}
    with pytest.raises(BadSource, match="holds a password, a token or a key"):
        open_source(deployment, SourceSettings(name="s", kind="databricks", settings=settings))
    assert shown_settings(settings) == {"connect": "sc://spark.example:443/", "schema": "bank"}


def test_a_path_that_is_not_there_is_told_as_what_it_is(deployment):
    with pytest.raises(NothingThere, match=r"'gone\.db' in flyball\.toml is not there"):
        open_source(deployment, SourceSettings(name="s", url="sqlite:///gone.db"))


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", ".hidden", "", "a\nb", "_x", "a" * 101])
def test_a_name_that_leads_to_another_folder_is_refused(deployment, name):
    """Names stand in names of files below the state folder."""
    with pytest.raises(BadSource, match="A source cannot be called"):
        open_source(deployment, SourceSettings(name=name, path="cases", kind="tables"))


@pytest.mark.parametrize(
    "setting", ["password", "client_secret", "sas_token", "api_key", "passphrase", "pwd", "credentials"]
)
def test_a_literal_where_a_secret_belongs_is_refused_and_shown_as_stars(deployment, setting):
    written = {setting: "hunter2", "batch_rows": 5, "streams": {"t": {"password": {"env": "X"}}}}
    with pytest.raises(BadInput, match="A secret is a reference") as refused:
        open_source(deployment, SourceSettings(name="s", url="sqlite:///x.db", settings=written))
    assert "hunter2" not in str(refused.value)
    assert shown_settings(written) == {
        setting: "***",
        "batch_rows": 5,
        "streams": {"t": {"password": "***"}},
    }


def test_a_column_may_be_called_like_a_secret_and_a_header_is_none(deployment, monkeypatch):
    given = {}

    class Shelf:
        def load(self, kind):
            return lambda name, settings: given.update(settings)

    monkeypatch.setattr(sources, "SOURCES", Shelf())
    settings = {"columns": {"token": "string"}, "api_key_header": "X-Key", "token_url": "https://x/t"}
    settings |= {"token": {"env": "T"}}
    open_source(deployment, SourceSettings(name="s", path="cases", kind="tables", settings=settings))
    assert given["columns"] == {"token": "string"}
    assert given["api_key_header"] == "X-Key"
    assert isinstance(given["token"], Secret)
