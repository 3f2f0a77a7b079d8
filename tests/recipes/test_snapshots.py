"""The page is run as a reader would: each block prints what stands below it."""

import contextlib
import io
import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "snapshots.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)


def test_every_python_block_prints_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    blocks = PYTHON.findall(PAGE)
    assert len(blocks) == PAGE.count("```python") == 7
    for code, wanted in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "docs/recipes/snapshots.md", "exec"), names)  # noqa: S102 - our own page
        assert said.getvalue() == wanted, code
