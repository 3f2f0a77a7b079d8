"""The page is run as a reader would: its Python blocks in order, each printing what stands below it."""

import contextlib
import importlib.util
import io
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("making", ROOT / "tests" / "data" / "documents" / "making.py")
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

PAGE = (ROOT / "docs" / "recipes" / "documents.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python([^\n]*)\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    scan = making.photographed("The liability is capped at EUR 100,000.")
    (tmp_path / "one-page-scanned.pdf").write_bytes(making.pdf_with_picture(scan, digital=2))
    (tmp_path / "tool.pdf").write_bytes(b"MZ\x90\x00" + b"\x00" * 60)
    (tmp_path / "offer.txt").write_text("The Supplier shall deliver.")
    monkeypatch.chdir(tmp_path)


def test_every_block_of_the_page_prints_what_the_page_says(folder):
    names = {}
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) == PAGE.count("```python") == PAGE.count("```text")
    for kind, code, wanted in blocks:
        if "needs-tesseract" in kind and shutil.which("tesseract") is None:
            continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "docs/recipes/documents.md", "exec"), names)  # noqa: S102
        assert said.getvalue() == wanted
