"""The page is run as it stands, block by block, and the proof is held against what is left."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import read_snapshot

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "erasure.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def run(script, folder, keys):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "FLYBALL_KEYS": str(keys)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_recipe_does_what_it_says(tmp_path):
    """Three accounts; two name the person, so one is left."""
    assert len(BLOCKS) == 3
    keys, bank = tmp_path / "keys", tmp_path / "bank"
    run(BLOCKS[0], tmp_path, keys)
    assert "Lovelace" not in run(BLOCKS[1], bank, keys)
    proof = json.loads(run(BLOCKS[2], bank, keys))
    assert (proof["ok"], proof["remaining"]) == (True, [])
    assert [(one["dataset"], one["rows"]) for one in proof["removed"]["datasets"]] == [("bank_rows", 2)]
    assert any(line.startswith("source bank") for line in proof["outside"])
    url = f"sqlite:///{bank}/.flyball/catalogue.sqlite"
    with open_catalogue(url, bank / ".flyball" / "warehouse") as catalogue:
        assert read_snapshot(catalogue, "bank_rows")["holder"].to_pylist() == ["Grace Hopper"]
    left = [path for path in (bank / ".flyball").rglob("*") if path.is_file()]
    assert not any(b"lovelace" in path.read_bytes().lower() for path in left)
