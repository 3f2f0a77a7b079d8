"""The page is run as it stands: its shell blocks in one folder, and what they kept is looked at."""

import os
import re
import subprocess
import sys
from pathlib import Path

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import read_snapshot

PAGE = (Path(__file__).parents[2] / "docs" / "recipes" / "pseudonyms.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def run(script, folder, **environ):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "FLYBALL_KEYS": str(folder / "keys"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_recipe_does_what_it_says(tmp_path):
    assert len(BLOCKS) == 3
    said = run(BLOCKS[0] + '\necho "KEY=$PSEUDONYM_KEY"\n', tmp_path)
    key = said.rpartition("KEY=")[2].strip()
    bank = tmp_path / "bank"
    with open_catalogue(
        f"sqlite:///{bank}/.flyball/catalogue.sqlite", bank / ".flyball" / "warehouse"
    ) as found:
        rows = sorted(read_snapshot(found, "bank_accounts").to_pylist(), key=lambda row: row["account"])
    assert [row["account"] for row in rows] == ["A001", "A002"]
    assert [str(row["born"])[:10] for row in rows] == ["1985-01-01", "1992-01-01"]
    assert "note" not in rows[0]
    assert rows[0]["card"] != "4012888888881881"
    assert len(rows[0]["card"]) == 16
    assert "Ada" not in repr(rows)
    assert not any(b"Ada" in path.read_bytes() for path in (bank / ".flyball").rglob("*") if path.is_file())
    shown = run(BLOCKS[1] + BLOCKS[2], bank, PSEUDONYM_KEY=key)
    assert "Ada Lovelace" in shown
