"""The page of governance names every key, checker and check that exists, and its examples run."""

import doctest
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from flyball.governance.constitution.checker import CHECKERS
from flyball.governance.constitution.principle import Principle
from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Control, Framework
from flyball.governance.gates import dataset_gate, decision_gate, release_gate
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.records import AppliesTo, Demand, Obligation, Precedence, StaleKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "governance.md"
DUTIES = PAGE.with_name("obligations.md")
CONSTITUTION = PAGE.with_name("constitution.md")
WORKED_OUT = {"superseded_by", "confirmed_by"}


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_every_key_of_a_duty_a_rule_of_precedence_and_a_framework_is_described():
    page = DUTIES.read_text(encoding="utf-8")
    records = (Obligation, AppliesTo, Demand, Precedence, Framework, Control)
    names = {one.name for record in records for one in fields(record)} - WORKED_OUT
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", page)] == []


def test_every_kind_of_what_is_out_of_date_has_its_row():
    page = DUTIES.read_text(encoding="utf-8")
    assert [kind for kind in get_args(StaleKind) if f"| `{kind}` |" not in page] == []


def test_every_tag_and_sector_that_duties_ask_for_is_explained():
    page = DUTIES.read_text(encoding="utf-8")
    asked = {
        tag for duty in load_catalogue().obligations for tag in duty.applies_to.tags + duty.applies_to.sectors
    }
    assert [tag for tag in sorted(asked) if f"`{tag}`" not in page] == []


def test_the_numbers_of_the_frameworks_are_those_of_the_files():
    page = DUTIES.read_text(encoding="utf-8")
    for one in load_frameworks():
        shown = sum(bool(control.checks) for control in one.controls)
        assert re.search(rf"\| `{one.id}` \| (all )?{len(one.controls)}\b[^|]*\| {shown} \|", page), one.id


def test_every_key_of_a_principle_is_shown():
    page = CONSTITUTION.read_text(encoding="utf-8")
    shown = r"(\n|`){0} = |\[\[principle\.{0}\]\]"
    names = Principle.__struct_fields__
    assert [name for name in names if not re.search(shown.format(re.escape(name)), page)] == []


def test_every_checker_has_its_row():
    page = CONSTITUTION.read_text(encoding="utf-8")
    assert [name for name in CHECKERS.names() if f"| `{name}` |" not in page] == []


def test_every_check_of_a_gate_is_named(page):
    names = [
        check.name
        for gate in (dataset_gate(), decision_gate(), release_gate())
        for check in gate(None).checks
    ]
    assert len(names) == 19
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_examples_run():
    result = doctest.testfile(str(DUTIES), module_relative=False)
    assert (result.failed, result.attempted > 3) == (0, True)
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
