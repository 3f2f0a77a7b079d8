"""Rows through the doors: what turned out, and what nobody may see, is taken off before a row is a case."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from flyball.data.documents.records import Document, Unreadable
from flyball.gateway.incoming import Incoming
from flyball.gateway.routes.decisions import Case, _read
from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parent))
from written import make_deployment

SOURCE = """
[[source]]
name = "applications"
kind = "tables"
path = "rows.csv"
cases = true
name_column = "id"
label_columns = { cap = "defaulted" }
leave_out = ["gender"]
"""


@pytest.fixture
def rows(tmp_path):
    folder = make_deployment(tmp_path / "credit", "credit")
    settings = folder / "flyball.toml"
    text = settings.read_text()
    start, end = text.index("[[source]]"), text.index("[[expert]]")
    settings.write_text(text[:start] + SOURCE + text[end:])
    with Workshop(open_deployment(folder), actor="user:t") as workshop:
        incoming = Incoming(tmp_path / "incoming")
        served, desk = (
            SimpleNamespace(name="credit", workshop=workshop, remembered=None),
            SimpleNamespace(incoming=incoming),
        )
        yield lambda *cases: _read(served, desk, list(cases), "acme")
        incoming.close()


def test_a_row_is_a_case_without_its_label_and_without_what_nobody_may_see(rows):
    [one] = rows(Case(name="4711", row={"income": 52000, "defaulted": True, "gender": "f", "term": None}))
    assert isinstance(one, Document)
    assert (one.name, one.text) == ("4711", '{"income":52000,"term":null}')


def test_a_row_with_nothing_left_and_a_text_are_told_so(rows):
    empty, text, endless = rows(
        Case(row={"defaulted": True}), Case(text="a contract"), Case(row={"x": float("inf")})
    )
    assert isinstance(empty, Unreadable)
    assert "has 0 columns" in empty.message
    assert isinstance(text, Unreadable)
    assert text.message == "credit decides about rows, and case 2 is none."
    assert isinstance(endless, Unreadable)
    assert "infinite" in endless.message
