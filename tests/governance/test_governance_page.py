"""The page of governance names every key, checker and check that exists, and its examples run."""

import doctest
import re
from dataclasses import fields
from pathlib import Path

import pytest

from flyball.governance.constitution.checker import CHECKERS
from flyball.governance.constitution.principle import Principle
from flyball.governance.gates import dataset_gate, decision_gate, release_gate
from flyball.governance.obligations.records import AppliesTo, Obligation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "governance.md"
WORKED_OUT = {"superseded_by", "confirmed_by"}


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_every_key_of_a_duty_is_described(page):
    names = {one.name for one in (*fields(Obligation), *fields(AppliesTo))} - WORKED_OUT
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", page)] == []


def test_every_key_of_a_principle_is_shown(page):
    assert [name for name in Principle.__struct_fields__ if f"\n{name} = " not in page] == []


def test_every_checker_has_its_row(page):
    assert [name for name in CHECKERS.names() if f"| `{name}` |" not in page] == []


def test_every_check_of_a_gate_is_named(page):
    names = [
        check.name
        for gate in (dataset_gate(), decision_gate(), release_gate())
        for check in gate(None).checks
    ]
    assert len(names) == 18
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_examples_run():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert (result.failed, result.attempted > 3) == (0, True)
