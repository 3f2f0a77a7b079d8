"""Whatever raises an alert has a page that says what to do."""

import re
from pathlib import Path

from flyball.evaluation.objectives.settings import INDICATORS
from flyball.loop.alerts.condition import CONDITIONS

ROOT = Path(__file__).parents[3]
RUNBOOKS = {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")}


def test_every_indicator_has_its_runbook():
    assert set(INDICATORS.names()) <= RUNBOOKS


def test_every_condition_names_a_runbook_that_is_there():
    sources = [ROOT / "src" / "flyball" / "loop" / "watching.py"]
    sources += (ROOT / "src" / "flyball" / "loop" / "alerts" / "conditions").glob("*.py")
    named = {word for path in sources for word in re.findall(r'runbook="(\w+)"', path.read_text())}
    assert len(named) >= 6
    assert named <= RUNBOOKS
    assert set(CONDITIONS.names()) - {"slo"} <= RUNBOOKS


def test_every_page_is_linked_from_the_page_of_objectives():
    page = (ROOT / "docs" / "objectives.md").read_text()
    assert {f"runbooks/{name}.md" for name in RUNBOOKS} <= set(re.findall(r"\]\((runbooks/\w+\.md)\)", page))
