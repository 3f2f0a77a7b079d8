"""What stands in the docs is what the code does."""

import ast
import importlib
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from flyball.cli.main import COMMANDS
from flyball.loop import settings
from flyball.loop.alerts import settings as alert_settings

ROOT = Path(__file__).parent.parent
DOCS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def test_every_command_has_its_line_in_the_page_of_deployments():
    page = (ROOT / "docs" / "deployment.md").read_text()
    missing = [name for name in COMMANDS if name != "init" and f"`flyball {name}" not in page]
    assert missing == []


def test_every_setting_has_its_row():
    page = (ROOT / "docs" / "deployment.md").read_text()
    rows = [line for line in page.split("\n") if line.startswith("| `")]
    named = {
        "deployment": settings.DeploymentSettings,
        "state": settings.State,
        "source": settings.SourceSettings,
        "source.stream": settings.StreamSettings,
        "expert": settings.ExpertSettings,
        "playbook": settings.Playbook,
        "promise": settings.Promise,
        "objective": settings.Objective,
        "approvals": settings.Approvals,
        "router": settings.RouterSettings,
        "chat": settings.ChatSettings,
        "retention": settings.RetentionSettings,
        "review": settings.ReviewSettings,
        "privacy": settings.PrivacySettings,
        "privacy.budget": settings.BudgetSettings,
        "slo": settings.SloSettings,
        "alerts": settings.AlertSettings,
        "alerts.channel": alert_settings.ChannelSettings,
        "watch": settings.WatchSettings,
        "drift": settings.DriftSettings,
        "evidence": settings.EvidenceSettings,
        "explanation": settings.ExplanationSettings,
        "redteam": settings.RedTeamSettings,
    }
    for section, kind in named.items():
        text = " ".join(row for row in rows if f"`{section}." in row)
        missing = [key for key in kind.__struct_fields__ if not re.search(rf"\b{key}`", text)]
        assert missing == [], section


def test_the_reference_is_what_the_code_says():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_inside_the_docs_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_no_page_knows_the_machine_it_was_written_on(page):
    assert not re.search(r"(?<![\w.])/(work|root|home|Users)/", page.read_text())


def test_what_stands_beside_the_package_takes_only_what_it_has():
    scripts = [path for folder in ("benchmarks", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
    missing = []
    for path in scripts:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "flyball":
                missing += [
                    f"{path.name}: {node.module}.{one.name}"
                    for one in node.names
                    if not _there(node.module, one.name)
                ]
    assert len(scripts) > 20
    assert missing == []


def _there(module: str | None, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(str(module)), name) or bool(find_spec(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False
