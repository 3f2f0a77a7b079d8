"""The page about SAP does what it says: its declaration opens a source, and its code runs as it stands."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from flyball.core.secrets import secret
from flyball.data.sources.shelf.sap_odata import sap_odata

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes" / "sap.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(toml|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def service(monkeypatch):
    path = ROOT / "tests" / "data" / "sources" / "odata" / "double.py"
    spec = importlib.util.spec_from_file_location("odata_double", path)
    double = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(double)
    with double.Double() as running:
        running.user, running.password = "FLYBALL", "the secret"
        for number in range(30):
            running.put("Accounts", double.account(number))
        monkeypatch.setenv("SAP_URL", running.url)
        monkeypatch.setenv("SAP_PASSWORD", "the secret")
        yield running


def test_the_declaration_on_the_page_opens_a_source():
    (text,) = [text for kind, text in BLOCKS if kind == "toml"]
    (declared,) = tomllib.loads(text)["source"]
    settings = declared["settings"] | {"url": declared["url"]}
    source = sap_odata(declared["name"], settings | {"password": secret(settings["password"])})
    assert (source.url, source.parameters) == (declared["url"], {"sap-client": "100"})


def test_the_code_on_the_page_runs(service, capsys):
    names = {}
    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "sap.md", "exec"), names)  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "'version': 'OData V4'" in said
    assert "balance: decimal128(15, 2)" in said
    assert said.endswith("30\n0\n1\n")  # the load, its last state, and the one row of the last moment
    assert "the secret" not in said


def test_every_setting_is_on_the_page():
    from flyball.data.sources.shelf import sap_odata as module

    assert [name for name in module._KNOWN if not re.search(rf"\b{name}\b", PAGE)] == []
