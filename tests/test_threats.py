"""Each threat says what is done, which tests try it, what is not covered, and what is left to the reader."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "threats.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
ASKED_FOR = [
    "Stolen API key",
    "Malicious document",
    "Poisoned outcome",
    "Insider who edits history",
    "Compromised model vendor",
    "Dependency compromise",
]


def test_the_threats_that_must_be_there_are_and_each_is_in_the_list():
    assert set(ASKED_FOR) <= set(SECTIONS)
    listed = re.findall(r"^\| \[(.+?)\]\(#([\w-]+)\)", PAGE, re.M)
    assert [name for name, _ in listed] == list(SECTIONS)
    assert all(anchor == name.lower().replace(" ", "-") for name, anchor in listed)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_threat_has_its_four_parts_and_at_least_four_tests_that_exist(name):
    text = SECTIONS[name]
    parts = [text.index(f"**{part}") for part in ("What is done.", "Tested.", "Not covered.", "You must")]
    assert parts == sorted(parts)
    named = re.findall(r"^- `(tests/[\w/]+\.py)::(test_\w+)`$", text, re.M)
    assert len(named) >= 4
    assert len(named) == text.count("\n- ")
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text(), re.M), f"{file}::{test}"
