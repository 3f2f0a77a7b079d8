"""Loading what turned out: all rows or none, twice is once, disagreement kept."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.core.errors import FlyballError, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.records import dataset_card
from flyball.data.datasets.snapshots import write_snapshot
from flyball.evaluation.history.records import Wanted
from flyball.loop.deployment import open_deployment
from flyball.loop.outcome_sources import load_due, outcomes_of_source
from flyball.loop.outcomes import Loaded, load_outcomes, outcomes_view
from flyball.loop.tracing import trace_view
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import Time, make_deployment, write_decision

SOURCE = """
[[outcome_source]]
name = "bookings"
dataset = "core_bookings"
case = "contract"
outcomes = { cap = "capped", loss = "amount" }
units = { loss = "EUR" }
observed_at = "booked"
by = "clerk"
"""


@pytest.fixture
def workshop(tmp_path):
    folder = make_deployment(tmp_path / "contracts", more=SOURCE)
    with Workshop(open_deployment(folder), clock=Time(), actor="user:test") as workshop:
        yield workshop


def load(workshop, *rows, **more):
    return load_outcomes(workshop, list(enumerate(rows, start=1)), by="person:anna", **more)


def said(case="case 0", answer="yes", **more):
    return {"case": case, "field": "cap", "answer": answer, **more}


def reports(workshop):
    table = workshop.history.reports_table(Wanted())
    return table.select(["decision", "kind", "name", "answer", "by", "source"]).to_pylist()


def test_a_row_is_about_the_newest_decision_of_its_case(workshop):
    write_decision(workshop, n=0)
    newer = write_decision(workshop, n=0)
    other = write_decision(workshop, n=1)
    done = load(workshop, said(), {"decision": f"contracts:{other}", "name": "loss", "value": "5"})
    assert done == Loaded(2, 2, 0, 0, 0, (), 0, ())
    told = [tuple(one.values()) for one in reports(workshop)]
    assert told == [
        (newer, "label", "cap", "true", "person:anna", "file"),
        (other, "business", "loss", "5", "person:anna", "file"),
    ]


def test_every_loaded_outcome_leads_to_the_trace_of_its_load(workshop):
    write_decision(workshop, n=0)
    write_decision(workshop, n=1)
    load(workshop, said(), said("case 1"))
    entries = [one.index for one in workshop.ledger.entries("outcome")]
    views = [trace_view(workshop, one) for one in entries]
    assert {one.row.name for one in views} == {"outcome load"}
    assert views[0].row == views[1].row
    assert "case 0" not in str(views)


def test_the_same_file_twice_adds_nothing(workshop):
    write_decision(workshop)
    rows = [said(), said(), said(minutes="2.5")]
    assert load(workshop, *rows) == Loaded(3, 2, 1, 0, 0, (), 0, ())
    size = workshop.ledger.size()
    assert load(workshop, *rows) == Loaded(3, 0, 3, 0, 0, (), 0, ())
    assert workshop.ledger.size() == size


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (said("nobody"), "Row 3: no decision or case 'nobody' is known in contracts; nothing was written."),
        ({**said(), "case": "", "decision": "claims:1"}, "Row 3: no decision or case 'claims:1'"),
        ({**said(), "case": "", "decision": "x"}, "Row 3: No decision has the id 'x'."),
        (said(answer="perhaps"), "Row 3: The field cap is answered by true or false, got 'perhaps'."),
        ({**said(), "field": "nix"}, "Row 3: There is no field 'nix'."),
        (
            said(observed_at="2026-12-01"),
            "Row 3: It turned out at 2026-12-01 00:00 UTC, which is still to come",
        ),
        (said(minutes=-1), "Row 3: The minutes are '-1'."),
    ],
)
def test_one_bad_row_keeps_all_out_and_says_which(workshop, row, why):
    write_decision(workshop)
    size = workshop.ledger.size()
    with pytest.raises(FlyballError) as caught:
        load(workshop, said(), said(), row)
    assert caught.value.message.startswith(why)
    assert workshop.ledger.size() == size


def test_rows_about_nothing_are_left_out_and_counted_where_that_is_asked_for(workshop):
    write_decision(workshop)
    done = load(workshop, said("a"), said(), said("b"), said(answer=""), skip_unknown=True)
    assert done == Loaded(3, 1, 0, 1, 2, (1, 3), 0, ())


def test_what_turned_out_before_it_was_decided_is_flagged_not_lost(workshop):
    write_decision(workshop)  # at noon of 2026-11-30
    done = load(
        workshop,
        said(observed_at="2026-11-30T11:00Z"),
        said(observed_at="2026-11-30"),  # some time that day
        said(observed_at="2026-11-29"),
    )
    assert (done.written, done.early, done.early_rows) == (3, 2, (1, 3))


def test_of_another_tenant_nothing_is_known(workshop):
    write_decision(workshop, tenant="acme")
    assert load(workshop, said(), tenant="acme").written == 1
    assert load(workshop, said(), tenant="other", skip_unknown=True).unknown == 1


def test_a_named_release_chooses_among_the_decisions_of_a_case(workshop):
    entry = write_decision(workshop)
    assert load(workshop, said(release="0000"), said(release="sha256:0000", minutes=1)).written == 2
    assert load(workshop, said(release="ffff"), skip_unknown=True).unknown == 1
    assert {one["decision"] for one in reports(workshop)} == {entry}


def test_people_who_disagree_are_shown_and_nobody_is_overwritten(workshop):
    first, second = write_decision(workshop, n=0), write_decision(workshop, n=1)
    load(workshop, said(by="person:anna"), said(by="person:ben", answer="no"), said("case 1"))
    view = outcomes_view(workshop, disputed=True)
    assert (view.decisions, view.disputed) == (2, 1)
    [shown] = view.shown
    assert (shown.entry, shown.standing[0].state) == (first, "disputed")
    assert [(one.by, one.answer) for one in shown.standing[0].voices] == [
        ("person:anna", "true"),
        ("person:ben", "false"),
    ]
    assert [one.entry for one in outcomes_view(workshop).shown] == [second, first]


def test_killed_while_it_writes_the_same_call_goes_on(workshop, monkeypatch):
    from flyball.loop import outcomes

    monkeypatch.setattr(outcomes, "_CHUNK", 2)
    for n in range(5):
        write_decision(workshop, n=n)
    rows = [said(f"case {n}") for n in range(5)]
    real, calls = workshop.ledger.append_many, []

    def stops(drafts):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(drafts)

    monkeypatch.setattr(workshop.ledger, "append_many", stops)
    with pytest.raises(KeyboardInterrupt):
        load(workshop, *rows)
    assert len(reports(workshop)) == 2
    assert load(workshop, *rows) == Loaded(5, 3, 2, 0, 0, (), 0, ())


def test_a_synced_table_tells_outcomes_by_the_key_of_the_case(workshop):
    entry = write_decision(workshop)
    table = pa.table(
        {
            "contract": ["case 0", "case 0"],
            "capped": [True, None],
            "amount": [None, 12.5],
            "booked": [datetime(2026, 11, 30, 11, 30, tzinfo=UTC)] * 2,
            "clerk": ["person:eve", "person:eve"],
            "other": ["x", "y"],
        }
    )
    card = dataset_card(
        what="Bookings",
        from_where="core",
        rows=2,
        personal_data="no",
        licence="own",
        created_by="test",
    )
    assert load_due(workshop) == ()  # never synced
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        write_snapshot(catalogue, "core_bookings", table, card=card)
    done = load_outcomes(
        workshop, outcomes_of_source(workshop, "bookings"), by="source:bookings", source="source"
    )
    assert (done.written, done.empty, done.early) == (2, 2, 2)
    told = {
        (one["decision"], one["name"], one["answer"], one["by"], one["source"]) for one in reports(workshop)
    }
    assert told == {
        (entry, "cap", "true", "person:eve", "source"),
        (entry, "loss", "12.5", "person:eve", "source"),
    }
    assert {one.unit for one in outcomes_view(workshop).shown[0].standing[0].voices} <= {"", "EUR"}


def test_an_unknown_source_lists_the_known(workshop):
    with pytest.raises(UnknownName) as caught:
        list(outcomes_of_source(workshop, "nix"))
    assert caught.value.fix == "Known: bookings."


def test_who_goes_back_to_a_word_is_heard(workshop):
    write_decision(workshop)
    for answer in ("no", "yes", "no"):
        assert load(workshop, said(answer=answer)).written == 1
    shown = outcomes_view(workshop).shown[0].standing[0]
    assert (shown.answer, [(one.answer, one.changed) for one in shown.voices]) == ("false", [("false", 2)])
    assert load(workshop, said(answer="no")).written == 0


def test_a_file_with_two_words_about_one_thing_adds_nothing_twice(workshop):
    write_decision(workshop)
    rows = [said(answer="no"), said(answer="yes")]
    assert load(workshop, *rows).written == 2
    assert load(workshop, *rows) == Loaded(2, 0, 2, 0, 0, (), 0, ())
    rows.append(said(answer="no"))
    assert load(workshop, *rows).written == 1
    assert load(workshop, *rows) == Loaded(3, 0, 3, 0, 0, (), 0, ())
    assert outcomes_view(workshop).shown[0].standing[0].answer == "false"


def test_an_old_report_with_its_time_that_comes_once_more_changes_nothing(workshop):
    write_decision(workshop)
    first = said(answer="no", observed_at="2026-11-30T11:00Z")
    assert load(workshop, first).written == 1
    assert load(workshop, said(answer="yes", observed_at="2026-11-30T11:30Z")).written == 1
    assert load(workshop, first).written == 0
    assert outcomes_view(workshop).shown[0].standing[0].answer == "true"


def test_an_amount_with_a_unit_is_a_number(workshop):
    write_decision(workshop)
    with pytest.raises(FlyballError) as caught:
        load(workshop, {"case": "case 0", "name": "loss", "value": "1.234,56", "unit": "EUR"})
    assert caught.value.message == "Row 1: The result loss in EUR is '1.234,56', no number."
    assert "1234.56" in caught.value.fix


def bookings(workshop, **amounts):
    table = pa.table(
        {
            "contract": [one.replace("_", " ") for one in amounts],
            "capped": pa.array([None] * len(amounts), pa.bool_()),
            "amount": list(amounts.values()),
            "booked": [datetime(2026, 11, 30, 11, 30, tzinfo=UTC)] * len(amounts),
            "clerk": ["person:eve"] * len(amounts),
        }
    )
    card = dataset_card(
        what="Bookings", from_where="core", rows=1, personal_data="no", licence="own", created_by="test"
    )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        write_snapshot(catalogue, "core_bookings", table, card=card)


def test_a_table_of_outcomes_is_read_once_and_again_when_its_cases_are_decided(workshop):
    write_decision(workshop, n=0)
    bookings(workshop, case_0=12.5, case_1=7.0)
    [first] = load_due(workshop)
    assert (first.source, first.problem) == ("bookings", "")
    assert (first.loaded.written, first.loaded.unknown) == (1, 1)
    assert load_due(workshop) == ()
    write_decision(workshop, n=1)
    [second] = load_due(workshop)
    assert (second.loaded.written, second.loaded.repeated, second.loaded.unknown) == (1, 1, 0)
    write_decision(workshop, n=2)
    assert load_due(workshop) == ()  # nothing of it is about no decision
    assert load_due(workshop, datasets={"other"}) == ()
    kinds = [entry.body["written"] for entry in workshop.ledger.entries("outcomes.loaded")]
    assert kinds == [1, 1]


def test_a_table_that_returns_to_an_earlier_figure_is_heard(workshop):
    write_decision(workshop, n=0)
    for amount in (12.5, 30.0, 12.5):
        bookings(workshop, case_0=amount)
        assert load_due(workshop)[0].loaded.written == 1
    assert outcomes_view(workshop).shown[0].standing[0].answer == "12.5"
