"""The page about mainframe files is run as a reader would: each block prints what stands below it."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from flyball.data.sources.mainframe import OPTIONS
from flyball.data.sources.shelf.mainframe import mainframe

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "mainframe.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_block_prints_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE)
    assert [kind for kind, _, _ in blocks] == ["python", "sh", "sh", "python", "python", "sh"]
    names = {}
    for kind, code, wanted in blocks:
        if kind == "sh":
            said = shell(code)
        else:
            heard = io.StringIO()
            with contextlib.redirect_stdout(heard):
                exec(compile(code, "mainframe.md", "exec"), names)  # noqa: S102 - our own page
            said = heard.getvalue()
        assert " ".join(said.split()) == " ".join(wanted.split())


def shell(code):
    """Run a block; what is said of a refusal is on stderr, wrapped to the width of the terminal."""
    there = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "500"}
    done = subprocess.run(["bash", "-euc", code], capture_output=True, text=True, check=True, env=there)
    return done.stdout + done.stderr


def test_every_declaration_opens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    declared = [one for text in TOML.findall(PAGE) for one in tomllib.loads(text)["source"]]
    assert len(declared) == 2
    for one in declared:
        Path(one["settings"]["copybook"]).write_text("01 R PIC X.")
        assert mainframe(one["name"], {"path": one["path"], **one["settings"]}).name == one["name"]


def test_every_setting_is_on_the_page_with_its_sentence():
    missing = [option.name for option in OPTIONS if f"| `{option.name}` | {option.help}" not in PAGE]
    assert missing == []
