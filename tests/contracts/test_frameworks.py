"""Every shipped control framework: complete, traceable, and resting on checks that somebody makes."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import flyball
from flyball.core.errors import UnknownName
from flyball.governance.evidence.making import BETWEEN_RELEASES
from flyball.governance.evidence.procedures import GATE_PROCEDURES
from flyball.governance.fairness.duties import BESIDE, PREFIX
from flyball.governance.fairness.metric import FAIRNESS_METRICS
from flyball.governance.frameworks.load import BadFramework, framework, load_frameworks
from flyball.governance.obligations.catalogue import load_catalogue

NAMES = ["iso-27001", "iso-42001", "nist-ai-rmf", "nist-sp-800-53", "soc-2"]
GOOD = """
[framework]
id = "own"
title = "Our controls"
issuer = "We"
version = "1"
citation = "Intranet"
licence = "Ours"
read_at = "By hand, 2026-11-30"
review_by = 2027-11-30
gaps = "Nothing known"

[[control]]
id = "C.1"
title = "Two people sign"
checks = ["release.approvals"]
gaps = "Whether they looked."
"""


def checks_that_are_made():
    """Checks of the gates, of packs, and of the principles of any shipped constitution."""
    found = {*GATE_PROCEDURES, *BETWEEN_RELEASES}
    for file in Path(flyball.__file__).parent.glob("solutions/*/constitution.toml"):
        principles = tomllib.loads(file.read_text(encoding="utf-8"))["principle"]
        found |= {f"principle.{one['id']}" for one in principles}
    return found


def read(tmp_path, text, name="own"):
    (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return framework(name, tmp_path)


def test_the_five_frameworks_are_there_by_name():
    assert [one.id for one in load_frameworks()] == NAMES
    with pytest.raises(UnknownName) as caught:
        framework("soc2")
    assert caught.value.message == "No control framework is called 'soc2'."
    assert caught.value.fix == f"Known: {', '.join(NAMES)}."


@pytest.mark.parametrize("name", NAMES)
def test_a_framework_can_be_traced_and_says_what_it_leaves_out(name):
    found = framework(name)
    assert re.search(r"2026-11-\d\d", found.read_at)
    assert found.gaps
    assert found.review_by > date(2026, 11, 30)
    shown = [control for control in found.controls if control.checks]
    assert 0 < len(shown) < len(found.controls)


@pytest.mark.parametrize("name", NAMES)
def test_a_control_names_only_checks_that_are_made(name):
    made = checks_that_are_made()
    named = {check for control in framework(name).controls for check in control.checks}
    assert named - made == set()


def test_a_duty_names_only_checks_that_are_made():
    measured = {f"{PREFIX}{name}" for name in (*FAIRNESS_METRICS.names(), *BESIDE)}
    named = {check for duty in load_catalogue().obligations for check in duty.checks}
    assert named - checks_that_are_made() - measured == set()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "own"', 'id = "other"', "own.toml: its id is 'other'."),
        ('issuer = "We"', 'issuer = " "', "own.toml: issuer is empty."),
        ('title = "Two people sign"', 'title = ""', "own.toml: control 'C.1' lacks id or title."),
        ('gaps = "Whether they looked."', "", "own.toml: control C.1 has checks without gaps, or gaps"),
        ('checks = ["release.approvals"]', "", "own.toml: control C.1 has checks without gaps, or gaps"),
        ('checks = ["release.approvals"]', 'check = "x"', "own.toml: Object contains unknown field `check`"),
        ("review_by = 2027-11-30", "", "own.toml: Object missing required field `review_by`"),
        ("[[control]]", "[[control", "own.toml: "),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, old, new, said):
    with pytest.raises(BadFramework) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert caught.value.message.startswith(said)


def test_one_control_twice_and_none_at_all_are_refused(tmp_path):
    assert [control.id for control in read(tmp_path, GOOD).controls] == ["C.1"]
    head, control = GOOD.split("[[control]]")
    with pytest.raises(BadFramework, match=r"own\.toml: control C\.1 stands there twice"):
        read(tmp_path, f"{head}[[control]]{control}[[control]]{control}")
    with pytest.raises(BadFramework):
        read(tmp_path, head + "control = []\n")
