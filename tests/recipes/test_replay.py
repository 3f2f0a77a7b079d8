"""The page is run as it stands: what a turn decided comes out the same."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "replay.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def run(script, folder, code=0):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_recipe_does_what_it_says_and_an_altered_text_ends_in_one(tmp_path):
    assert len(BLOCKS) == 2
    assert "mutual-nda.txt" in run(BLOCKS[0], tmp_path)
    *lines, last = map(json.loads, run(BLOCKS[1], tmp_path / "review").splitlines())
    assert len(lines) == 25
    assert all(line["same"] and line["digest_then"] == line["digest_now"] for line in lines)
    assert last["ok"] is True
    assert last["summary"] == {
        "decisions": 25,
        "same": 25,
        "differs_as_expected": 0,
        "differs": 0,
        "erased": 0,
        "refused": 0,
        "cost_eur": "0",
    }
    blobs = tmp_path / "review" / ".flyball" / "blobs"
    for path in blobs.rglob("*"):
        if path.is_file() and b'"mutual-nda.txt"' in path.read_bytes()[:400]:
            path.chmod(0o600)
            path.write_bytes(path.read_bytes() + b" ")
    told = json.loads(run("flyball replay mutual-nda.txt --json", tmp_path / "review", code=1))
    assert (told["status"], told["problem"]["code"]) == ("refused", "ledger.blob_altered")
    wrong = "flyball replay --all --since 2026-01-01 || test $? = 2"
    assert run(wrong, tmp_path / "review") == ""
    assert run("flyball replay --since soon || test $? = 2", tmp_path / "review") == ""
    assert "no decision" in run("flyball replay --since 2999-01-01", tmp_path / "review")
