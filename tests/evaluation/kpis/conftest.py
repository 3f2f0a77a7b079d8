"""Decisions with one field, `fraud`, and what was reported about them."""

import importlib.util
from datetime import timedelta
from pathlib import Path

import pytest

from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.behind import decisions_behind
from flyball.evaluation.kpis.checking import checked_kpis
from flyball.evaluation.kpis.saving import measured_kpis
from flyball.evaluation.kpis.settings import KpiSettings
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft

_spec = importlib.util.spec_from_file_location(
    "history_builders", Path(__file__).parents[1] / "history" / "conftest.py"
)
built = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(built)


class Book:
    """A ledger that is written in a few words, and its KPIs."""

    def __init__(self, folder):
        self.ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite", origin="tests/payments")
        self.history = History(folder / "history.sqlite", self.ledger)

    def decide(self, n, answer=True, *, referred=False, fields=None, **more):
        """Write n decisions; return their entries."""
        first, start = self.ledger.size(), more.pop("first_case", None)
        outcome = "referred" if referred else "automated"
        fields = fields or (("fraud", answer, outcome, 0.9, "model"),)
        begin = first if start is None else start
        drafts = [built._decision(number, fields, **more) for number in range(begin, begin + n)]
        return [receipt.index for receipt in self.ledger.append_many(drafts)]

    def report(self, entries, answer, **more):
        self.ledger.append_many([built._report(entry, answer, **more) for entry in entries])

    def review(self, entry):
        """Write that a person had the last word, now."""
        body = {"decision": entry, "act": "answered", "by": "person:anna", "minutes": 1.0, "done": True}
        [receipt] = self.ledger.append_many([Draft(kind="review", body=body, actor="person:anna")])
        return self.ledger.entry(receipt.index).at

    def kpi(self, formula, *, compared=None, wanted=None, by="", minutes=12.0, fields=("fraud",), **more):
        settings = KpiSettings(name="it", formula=formula, **more)
        [checked] = checked_kpis([settings], fields).values()
        needed = dict.fromkeys(fields, minutes) if isinstance(minutes, float) else minutes
        [found] = measured_kpis(
            self.history, [(checked, compared)], wanted or Wanted(), minutes=needed, by=by
        )
        return found

    def behind(self, formula, *, minutes=12.0, fields=("fraud",), wanted=None, **more):
        [checked] = checked_kpis([KpiSettings(name="it", formula=formula)], fields).values()
        needed = dict.fromkeys(fields, minutes)
        return decisions_behind(self.history, checked, wanted or Wanted(), minutes=needed, **more)


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    yield book
    book.history.close()
    book.ledger.close()


@pytest.fixture
def day():
    """Return the beginning of a day of the builders."""
    return lambda number: built.FIRST_DAY.replace(hour=0) + timedelta(days=number)
