"""The page is run as a reader would: each block prints what stands below it."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "personal-data.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_every_python_block_prints_what_the_page_says():
    names = {}
    blocks = PYTHON.findall(PAGE)
    assert len(blocks) == PAGE.count("```python") == 4
    for code, wanted in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "docs/recipes/personal-data.md", "exec"), names)  # noqa: S102 - our own page
        assert said.getvalue() == wanted


def test_every_command_prints_what_the_page_says(tmp_path):
    blocks = SHELL.findall(PAGE)
    assert len(blocks) == PAGE.count("```sh") == 2
    for code, wanted in blocks:
        command = code.replace("flyball ", f"{Path(sys.executable).parent / 'flyball'} ")
        done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S602
        assert done.stdout == wanted


def test_the_kinds_of_score_are_on_the_page():
    from flyball.data.privacy.detection.detector import LONGEST_TEXT

    assert f"{LONGEST_TEXT:,}" in PAGE
