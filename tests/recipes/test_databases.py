"""The page is run as a reader would: each block prints what stands below it, each declaration opens."""

import contextlib
import io
import re
import tomllib
from pathlib import Path

from flyball.core.secrets import is_reference, secret
from flyball.data.sources.shelf.database import database
from flyball.data.sources.sql import settings as settings_module

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "databases.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def test_every_python_block_prints_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    blocks = PYTHON.findall(PAGE)
    assert len(blocks) == PAGE.count("```python") == 4
    for code, wanted in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "docs/recipes/databases.md", "exec"), names)  # noqa: S102 - our own page
        assert said.getvalue() == wanted


def test_every_declaration_opens_a_source():
    declared = [one for text in TOML.findall(PAGE) for one in tomllib.loads(text)["source"]]
    opened = {}
    for one in declared:
        settings = {
            name: secret(value) if is_reference(value) else value
            for name, value in {"url": one["url"], **one["settings"]}.items()
        }
        opened[one["name"]] = database(one["name"], settings).settings.dialect.name
    assert opened == {
        "core": "postgresql",
        "shop": "mysql",
        "crm": "mariadb",
        "hr": "oracle",
        "claims": "mssql",
        "policies": "db2",
        "finance": "hana",
    }


def test_every_setting_is_on_the_page():
    assert [name for name in settings_module._KNOWN if f"`{name}`" not in PAGE] == []
