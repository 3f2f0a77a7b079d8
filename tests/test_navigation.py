"""Every page of the docs can be found, and every entry of the navigation is a page."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAVIGATION = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M))


def test_the_navigation_and_the_pages_are_the_same():
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith("decisions/")} == NAVIGATION
