"""The pages about files are run as a reader would: block after block, each printing what stands below it."""

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flyball.core.secrets import is_reference, secret
from flyball.data.sources.source import SOURCES

ROOT = Path(__file__).parents[2]
PAGES = ("files", "object-stores", "x12", "hl7", "fhir")
BLOCK = re.compile(r"^```(toml|sh|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def blocks(page):
    return BLOCK.findall((ROOT / "docs" / "recipes" / f"{page}.md").read_text(encoding="utf-8"))


@pytest.fixture
def store(monkeypatch):
    """An S3 that holds three exports of two rows each."""
    path = ROOT / "tests" / "data" / "sources" / "objects" / "s3_server.py"
    spec = importlib.util.spec_from_file_location("s3_server", path)
    s3 = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(s3)
    with s3.s3_server() as opened:
        for day in (1, 2, 3):
            opened.put("bucket", f"exports/day {day}.csv", f"id,amount\n{day},1.50\n{day}0,2\n")
        monkeypatch.setenv("STORE_ENDPOINT", opened.endpoint)
        monkeypatch.setenv("STORE_KEY", s3.ACCESS_KEY)
        monkeypatch.setenv("STORE_SECRET", s3.SECRET_KEY)
        yield


@pytest.mark.parametrize("page", PAGES)
def test_every_block_prints_what_the_page_says(page, tmp_path, monkeypatch, store):
    monkeypatch.chdir(tmp_path)
    names = {}
    for kind, code, wanted in blocks(page):
        if kind == "sh":
            said = _shell(code)
            assert said.strip()
        elif kind == "python":
            heard = io.StringIO()
            with contextlib.redirect_stdout(heard):
                exec(compile(code, f"{page}.md", "exec"), names)  # noqa: S102 - our own page
            said = heard.getvalue()
        else:
            continue
        if wanted:
            assert said == wanted


def _shell(code):
    programs = Path(sys.executable).parent
    there = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euc", code], capture_output=True, text=True, check=False, env=there)
    assert done.returncode == 0, done.stderr
    return done.stdout + (done.stderr if not done.stdout else "")


@pytest.mark.parametrize("page", PAGES)
def test_the_declaration_on_the_page_opens_a_source(page):
    (text,) = [code for kind, code, _ in blocks(page) if kind == "toml"]
    (declared,) = tomllib.loads(text)["source"]
    given = {key: declared[key] for key in ("path", "url") if key in declared}
    for key, value in declared["settings"].items():
        given[key] = secret(value) if is_reference(value) else value
    assert SOURCES.load(declared["kind"])(declared["name"], given).name == declared["name"]


def test_every_setting_is_on_its_page():
    from flyball.data.sources.objects import stores
    from flyball.data.sources.shelf import tables as module

    pages = {page: (ROOT / "docs" / "recipes" / f"{page}.md").read_text("utf-8") for page in PAGES}
    here = module._KNOWN - stores.STORE_SETTINGS - {"streams"}
    assert [name for name in here if f"`{name}`" not in pages["files"]] == []
    other = pages["object-stores"]
    unsaid = [name for name in stores.STORE_SETTINGS if not re.search(rf"\b{name}\b", other)]
    assert unsaid == []
