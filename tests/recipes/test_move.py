"""The pages are run as they stand: the configuration on the page becomes deployments that can be opened."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flyball.loop.settings import load_settings

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"


def block(page, kind):
    return re.search(rf"^```{kind}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)[1]


@pytest.mark.parametrize(
    ("tool", "kind", "file", "names"),
    [
        ("litellm", "yaml", "config.yaml", ["claims", "claims-small"]),
        ("tensorzero", "toml", "tensorzero.toml", ["draft_reply", "drafting"]),
    ],
)
def test_the_recipe_does_what_it_says(tmp_path, tool, kind, file, names):
    page = (RECIPES / f"move-from-{tool}.md").read_text(encoding="utf-8")
    (tmp_path / file).write_text(block(page, kind), encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block(page, "sh")],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    for name in names:
        settings = load_settings(tmp_path / "moved" / name / "flyball.toml", environ={})
        assert settings.deployment.name == name
        assert settings.chat.models
    assert "## Not carried over" in done.stdout
