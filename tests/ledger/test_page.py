"""The page docs/ledger.md keeps its word: its programs run, and the second needs nothing of ours."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


@pytest.fixture
def programs():
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def run(program, folder, *arguments, isolated=False):
    flags = ["-I", "-S"] if isolated else []  # without site-packages: nothing of ours can help
    command = [sys.executable, *flags, "-c", program, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_programs_of_the_page_run_and_agree(programs, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    using, checking = programs
    done = run(using, tmp_path)
    assert (done.stdout, done.stderr) == ("1 entry as signed\n", "")
    done = run(checking, tmp_path, "export", isolated=True)
    assert (done.stdout, done.stderr) == ("1 entries of example.com/contracts are as signed\n", "")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("entries.jsonl", "true", "fals"),
        ("checkpoint", "contracts\n1", "contract2\n1"),
    ],
)
def test_the_independent_check_finds_changes_too(programs, tmp_path, name, old, new):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    run(programs[0], tmp_path)
    path = tmp_path / "export" / name
    text = path.read_text()
    path.write_text(text.replace(old, new, 1))
    assert path.read_text() != text
    assert run(programs[1], tmp_path, "export", isolated=True).returncode != 0
