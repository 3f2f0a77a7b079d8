"""The page is run as it stands: a decision leads to its file, and the file to the decision."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "lineage.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def run(script, folder):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.slow
def test_the_recipe_does_what_it_says(tmp_path):
    assert len(BLOCKS) == 2
    shown = run(BLOCKS[0], tmp_path)
    assert "contracts/mutual-nda.txt" in shown
    assert "verified" in shown
    assert "altered" not in shown
    graph = json.loads(run(BLOCKS[1], tmp_path / "review"))
    assert graph["ok"] is True
    kinds = {(node["kind"], node["name"]) for node in graph["nodes"]}
    assert ("decision", "mutual-nda.txt") in kinds
