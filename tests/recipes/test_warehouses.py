"""The pages are run as a reader would: each block prints what stands below it, each declaration opens."""

import contextlib
import io
import re
import tomllib
from pathlib import Path

import pytest

from flyball.core.secrets import is_reference, secret
from flyball.data.sources.source import SOURCES
from flyball.data.sources.warehouses.databricks import DatabricksSettings
from flyball.data.sources.warehouses.snowflake import SnowflakeSettings

PAGES = Path(__file__).parents[2] / "docs" / "recipes"
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["snowflake", "databricks", "spark"])
def test_every_python_block_prints_what_the_page_says(page):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    blocks = PYTHON.findall(text)
    assert len(blocks) == text.count("```python") == 1
    for code, wanted in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, f"{page}.md", "exec"), {"__name__": page})  # noqa: S102 - our own page
        assert said.getvalue() == wanted


@pytest.mark.parametrize(
    ("page", "names", "settings"),
    [
        ("snowflake", ["bank"], SnowflakeSettings),
        ("databricks", ["lake", "cluster"], DatabricksSettings),
    ],
)
def test_every_declaration_opens_and_every_setting_is_told(page, names, settings):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    declared = [one for block in TOML.findall(text) for one in tomllib.loads(block)["source"]]
    assert [one["name"] for one in declared] == names
    for one in declared:
        plain = {
            name: secret(value) if is_reference(value) else value for name, value in one["settings"].items()
        }
        assert SOURCES.load(one["kind"])(one["name"], plain).settings.schema == plain["schema"]
    assert [name for name in settings.__struct_fields__ if f"`{name}`" not in text] == []
