"""A deployment that watches its own decisions: 100 are the reference, windows have 100."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.data.documents.rows import document_of_row
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.ledger.records import Draft
from flyball.loop.asked_turns import asked_turns
from flyball.loop.deployment import open_deployment
from flyball.loop.drifting import DRIFT_CHECKED, check_drift, columns_in_words, drift_view
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import Time, make_deployment

_spec = importlib.util.spec_from_file_location(
    "history_builders", Path(__file__).parents[1] / "evaluation" / "history" / "conftest.py"
)
built = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(built)

PERIOD = 'reference = "2026-11-01/2026-11-02"'


@pytest.fixture
def workshop_with(tmp_path):
    opened = []

    def make(*settings):
        more = "\n[drift]\n" + "\n".join(["window = 100", PERIOD, *settings]) + "\n"
        folder = make_deployment(tmp_path / "contracts", more=more)
        opened.append(Workshop(open_deployment(folder), clock=Time(), actor="user:test"))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def decide(workshop, n, *, day, yes=0.3, confidence=0.9, start=0, cases=None, seed=0):
    draw = np.random.default_rng([seed, day, start])
    drafts = []
    for number in range(n):
        answer, sure = bool(draw.random() < yes), float(confidence - draw.random() * 0.05)
        draft = built._decision(
            start + number,
            (("cap", answer, "automated", sure, "triage"),),
            day=day,
            release="sha256:" + "a" * 64,
        )
        if cases is not None:
            document = document_of_row(cases(draw), name=f"row {number}")
            [text] = workshop.blobs.put_many([canonical_json(document)])
            draft = Draft(draft.kind, draft.body, draft.actor, (text,))
        drafts.append(draft)
    return workshop.ledger.append_many(drafts)


def label(workshop, receipts, right, *, source="api"):
    for receipt, is_right in zip(receipts, right, strict=True):
        body = workshop.ledger.entry(receipt.index).body
        answer = json.loads(body["fields"][0]["answer"])
        made = ReportedOutcome(
            decision=receipt.index, case_id=body["case_id"], release=body["release"], tenant="default",
            kind="label", name="cap", answer=json.dumps(answer if is_right else not answer), by="person:anna",
            source=source,
        )  # fmt: skip
        workshop.ledger.append(kind=OUTCOME, body=made, actor="user:anna", key=made.key)


def test_before_anything_is_decided_there_is_a_reason_and_nothing_else(workshop_with):
    view = check_drift(workshop_with())
    assert (view.windows, view.reason) == ((), "no decision was made in that period")


def test_without_a_live_release_the_first_decisions_of_it_cannot_be_normal(tmp_path):
    folder = make_deployment(tmp_path / "contracts")
    with Workshop(open_deployment(folder), clock=Time(), actor="user:test") as workshop:
        assert drift_view(workshop).reason == "no release is live; make one: flyball turn"


def test_a_window_that_is_not_whole_is_not_looked_at(workshop_with):
    workshop = workshop_with()
    decide(workshop, 100, day=0)
    decide(workshop, 60, day=5)
    view = check_drift(workshop)
    assert (view.n_reference, view.waiting, view.windows) == (100, 60, ())
    assert view.reason == "60 decisions since the reference; a window has 100"


def test_columns_are_told_by_what_they_are_each_kind_once():
    names = ["case: amount", "answer: cap", "case: price", "rows", "case: amount"]
    assert columns_in_words(names) == (
        "amount, price of the cases; the answers to cap; the decisions as a whole"
    )
    assert columns_in_words(["text"]) == "the words of the cases"
    many = [f"case: c{number}" for number in range(1_205)]
    assert columns_in_words(many) == "c0, c1, c2, c3, c4 of the cases; and 1,200 more"


def test_windows_that_nobody_has_looked_at_are_counted(workshop_with):
    workshop = workshop_with()
    decide(workshop, 100, day=0)
    decide(workshop, 210, day=5)
    assert drift_view(workshop).reason == "2 whole windows wait"


def test_decisions_like_those_of_the_reference_did_not_drift(workshop_with):
    workshop = workshop_with()
    decide(workshop, 300, day=0)
    decide(workshop, 400, day=5, start=1000)
    view = check_drift(workshop)
    assert [(one.number, one.windows, one.n) for one in view.windows] == [
        (1, 1, 100), (2, 1, 100), (2, 2, 200), (3, 1, 100), (4, 1, 100), (4, 2, 200), (4, 4, 400),
    ]  # fmt: skip
    assert [one.drifted for one in view.windows] == [False] * 7
    assert [one.rate for one in view.windows[:3]] == pytest.approx([0.05 / 2, 0.05 / 6, 0.05 / 12])


def test_a_bound_of_looks_takes_the_earliest_and_says_how_many_are_due(workshop_with):
    workshop = workshop_with()
    decide(workshop, 100, day=0)
    decide(workshop, 400, day=5, start=1000)
    assert drift_view(workshop).due == 7
    view = check_drift(workshop, at_most=3)
    assert ([(one.number, one.windows) for one in view.windows], view.due) == ([(1, 1), (2, 1), (2, 2)], 4)
    view = check_drift(workshop)
    assert (len(view.windows), view.due) == (7, 0)


def test_other_answers_are_found_named_and_written_down_once(workshop_with):
    workshop = workshop_with("starts_turn = true")
    decide(workshop, 300, day=0)
    decide(workshop, 100, day=5, start=1000, yes=0.8)
    view = check_drift(workshop)
    [look] = view.windows
    assert look.drifted is True
    assert isinstance(look.effect, Estimate)
    assert look.columns[0].name == "answer: cap"
    assert look.columns[0].effect.value == pytest.approx(0.5, abs=0.12)
    assert check_drift(workshop).windows == view.windows == drift_view(workshop).windows
    assert len(list(workshop.ledger.entries(DRIFT_CHECKED))) == 1
    [asked] = asked_turns(workshop.ledger)
    assert asked.by == "drift"
    assert asked.why.startswith("100 decisions drifted from 2026-11-01 to 2026-11-02: the answers to cap")


def test_cases_that_changed_are_found_though_answers_did_not(workshop_with):
    workshop = workshop_with()

    def row_of(mean):
        return lambda draw: {
            "amount": float(draw.normal(mean, 10)),
            "signed": f"2026-10-0{draw.integers(1, 9)}",
        }

    decide(workshop, 200, day=0, cases=row_of(500))
    decide(workshop, 100, day=5, start=1000, cases=row_of(400))
    [look] = check_drift(workshop).windows
    drifted = [one.name for one in look.columns if one.drifted]
    assert "case: amount" in drifted
    assert "case: signed" not in drifted
    words = canonical_json(workshop.ledger.entry(look.entry).body)
    assert b"2026-10-0" not in words  # no value of a case is in the ledger


def test_what_matters_for_right_answers_comes_first_where_the_reference_has_labels(workshop_with):
    """Answers about cases from abroad are right half as often; prices move more, and mean nothing."""
    workshop = workshop_with()

    def row_of(abroad, price):
        return lambda draw: {"price": float(draw.normal(price)), "abroad": bool(draw.random() < abroad)}

    receipts = decide(workshop, 400, day=0, cases=row_of(0.3, 0.0))
    cases = [workshop.blobs.get(workshop.ledger.entry(one.index).refs[0]) for one in receipts]
    draw = np.random.default_rng(1)
    right = [draw.random() < (0.45 if b'\\"abroad\\":true' in one else 0.9) for one in cases]
    label(workshop, receipts, right)
    decide(workshop, 100, day=5, start=1000, cases=row_of(0.7, 2.0))
    [look] = check_drift(workshop).windows
    assert look.ranked_by == "labels"
    assert [one.name for one in look.columns[:2]] == ["case: abroad", "case: price"]
    first, second = look.columns[:2]
    assert first.effect.value < second.effect.value
    assert first.impact.low < -0.18 < first.impact.high  # (0.7 - 0.3) x (0.45 - 0.9)
    assert first.impact.high < 0 < second.impact.high


def test_without_labels_what_matters_is_what_confidences_promise(workshop_with):
    workshop = workshop_with()
    decide(workshop, 200, day=0)
    decide(workshop, 100, day=5, start=1000, yes=0.8)
    [look] = check_drift(workshop).windows
    assert look.ranked_by == "confidences"
    assert isinstance(look.columns[0].impact, Estimate)


def test_a_column_that_turns_from_numbers_to_text_is_told_and_stops_nothing(workshop_with):
    workshop = workshop_with()
    decide(workshop, 200, day=0, cases=lambda draw: {"amount": float(draw.normal())})
    decide(workshop, 100, day=5, start=1000, cases=lambda draw: {"amount": float(draw.normal())})
    decide(workshop, 100, day=6, start=2000, cases=lambda draw: {"amount": "much"})
    windows = check_drift(workshop).windows
    assert [(one.number, one.windows, one.drifted) for one in windows] == [
        (1, 1, False), (2, 1, True), (2, 2, True),
    ]  # fmt: skip
    amount = next(one for one in windows[2].columns if one.name == "case: amount")
    assert amount.reason == "it held values of the kind number, now category"


def test_a_case_is_read_once_and_one_that_was_erased_is_left_out(workshop_with):
    class Counting:
        def __init__(self, blobs):
            self.blobs, self.read = blobs, []

        def get(self, digest):
            self.read.append(digest)
            return self.blobs.get(digest)

    workshop = workshop_with()
    receipts = decide(workshop, 100, day=0, cases=lambda draw: {"amount": float(draw.normal())})
    receipts += decide(workshop, 400, day=5, start=1000, cases=lambda draw: {"amount": float(draw.normal())})
    for one in receipts[100:110]:
        workshop.blobs.erase(workshop.ledger.entry(one.index).refs[0], reason="asked for")
    workshop.__dict__["blobs"] = counting = Counting(workshop.blobs)
    windows = check_drift(workshop).windows
    assert len(windows) == 7
    assert [one.n for one in windows if one.number == 1] == [90]
    assert [one.n for one in windows if one.windows == 4] == [390]
    assert len(counting.read) == len(set(counting.read)) == 500
    check_drift(workshop)
    assert len(counting.read) == 500


def test_what_is_left_out_is_not_looked_at(workshop_with):
    workshop = workshop_with('leave_out = ["answer: cap"]', "cases = false")
    decide(workshop, 300, day=0)
    decide(workshop, 100, day=5, start=1000, yes=0.8)
    [look] = check_drift(workshop).windows
    assert look.drifted is False
    assert "answer: cap" not in [one.name for one in look.columns]


def test_what_confidences_promise_stands_beside_what_labels_say(workshop_with):
    workshop = workshop_with()
    label(workshop, decide(workshop, 200, day=0), [number % 10 != 0 for number in range(200)])
    good = decide(workshop, 100, day=5, start=1000)
    bad = decide(workshop, 100, day=6, start=2000)
    label(workshop, good, [number % 10 != 0 for number in range(100)])
    label(workshop, bad, [number % 2 == 0 for number in range(100)])
    decide(workshop, 100, day=7, start=3000)
    first, second, third = drift_view(workshop).accuracy
    assert first.figures.estimated.value == pytest.approx(0.9, abs=0.03)
    assert (first.figures.realised.value, first.figures.finding) == (0.9, "borne out")
    assert (second.figures.realised.value, second.figures.finding) == (0.5, "outcomes changed")
    assert isinstance(third.figures.realised, NotMeasured)
    assert third.figures.finding == "no labels yet"


def test_labels_of_cases_that_were_looked_at_because_they_are_hard_do_not_speak_for_all(workshop_with):
    workshop = workshop_with()
    decide(workshop, 200, day=0)
    later = decide(workshop, 100, day=5, start=1000)
    label(workshop, later, [number % 2 == 0 for number in range(100)], source="review")
    [only] = drift_view(workshop).accuracy
    assert only.figures.finding == "no labels yet"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("rate = 0.0", "rate must lie between 0 and 1"),
        ('reference = "yesterday"', "reference must be release, or two days in order, got 'yesterday'"),
        ('reference = "2026-10-01/2026-09-01"', "two days in order"),
        ("window = 10", "window must be 50 to 1,000,000, got 10"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, wrong, said):
    folder = make_deployment(tmp_path / "contracts", more=f"\n[drift]\n{wrong}\n")
    with pytest.raises(BadInput, match=said):
        open_deployment(folder)
