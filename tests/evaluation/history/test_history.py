"""By hand: what was written to the ledger is what the history answers, filter by filter."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.history.records import REVIEW, Counted, HistoryUnavailable, TooMuch, Wanted
from flyball.ledger.records import Draft

FIRST_DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)  # the day of `decision`

FOLLOW = """
import pathlib, sys
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.ledger.opening import open_ledger
folder = pathlib.Path(sys.argv[1])
with open_ledger(f"sqlite:///{folder}/ledger.sqlite") as ledger:
    print(History(folder / "history.sqlite", ledger).count(Wanted()).n)
"""


def entries(history, wanted=None, **more):
    return [one.entry for one in history.decisions(wanted or Wanted(), **more)]


def test_a_page_is_newest_first_and_goes_on_where_it_ended(history_of, decision):
    history = history_of(*(decision(n) for n in range(5)))
    assert entries(history, limit=2) == [4, 3]
    assert entries(history, limit=2, before=3) == [2, 1]
    assert entries(history, limit=2, after=1) == [2, 3]
    first = history.decisions(Wanted(), limit=1)[0]
    assert (first.case_name, first.decided_at, first.cost_eur) == (
        "T-00004", FIRST_DAY + timedelta(seconds=4), 0.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [3, 2, 1, 0]),
        (Wanted(tenant="acme"), [1]),
        (Wanted(tenant="nobody"), []),
        (Wanted(release="bb"), [2]),
        (Wanted(release="sha256:aa11"), [3, 1, 0]),
        (Wanted(case="T-0000"), [3, 2, 1, 0]),
        (Wanted(case="t-00003"), [3]),
        (Wanted(case="%"), []),
        (Wanted(case="T_0"), []),
        (Wanted(case=f"{2:016x}"), [2]),
        (Wanted(outcome="referred"), [3]),
        (Wanted(field="fraud", outcome="referred"), []),
        (Wanted(field="loss", outcome="referred"), [3]),
        (Wanted(expert="rules"), [2]),
        (Wanted(answer="false"), [2]),
        (Wanted(confidence_at_most=0.5), [3]),
        (Wanted(waiting=True), [3, 1]),
        (Wanted(allowed=False), [1]),
        (Wanted(reported=True), [0]),
        (Wanted(since=FIRST_DAY + timedelta(days=1)), [3, 2]),
        (Wanted(until=FIRST_DAY + timedelta(days=1)), [1, 0]),
        (Wanted(waiting=True, allowed=True, since=FIRST_DAY), [3]),
    ],
)
def test_each_filter_holds_back_what_it_says(history_of, wanted, found, report, decision):
    history = history_of(
        decision(0),
        decision(1, tenant="acme", allowed=False),
        decision(2, [("fraud", False, "automated", 1.0, "rules")], release="sha256:bb22", day=2),
        decision(
            3, [("fraud", True, "automated", 0.9, "model"), ("loss", 5, "referred", 0.3, "model")], day=1
        ),
        report(0, True),
    )
    assert entries(history, wanted) == found
    assert history.count(wanted) == Counted(len(found), True)


def test_decisions_are_found_by_the_rule_that_fired_and_the_duty_in_force(history_of, decision):
    history = history_of(
        decision(0, findings=["liability.L-01", "liability.L-02"], obligations=["eu.gdpr.28.3"]),
        decision(1, reason="Too young. (Rule policy.P-01, row 8.)", principles=["quoted_span"]),
        decision(2, findings=["liability.L-02"], obligations=["eu.gdpr.28", "own.1"], release="sha256:bb22"),
        decision(3, reason="It looks like (Rule of thumb, row 2.)"),
    )
    assert entries(history, Wanted(rule="liability.L-02")) == [2, 0]
    assert entries(history, Wanted(rule="policy.P-01")) == [1]
    assert entries(history, Wanted(rule="of")) == []
    assert entries(history, Wanted(obligation="eu.gdpr.28")) == [2]  # a whole name, not its beginning
    assert entries(history, Wanted(principle="quoted_span")) == [1]
    assert history.by_release(Wanted(rule="liability.L-02")) == {"sha256:aa11": 1, "sha256:bb22": 1}
    assert history.by_release(Wanted(rule="liability.L-99")) == {}


def test_a_report_and_a_review_change_what_waits(history_of, ledger, report, decision):
    history = history_of(decision(0, [("fraud", True, "referred", 0.6, "model")]))
    assert entries(history, Wanted(waiting=True)) == [0]
    ledger.append(
        kind=REVIEW, actor="person:anna", body={"decision": 0, "act": "claimed", "by": "person:anna"}
    )
    assert entries(history, Wanted(waiting=True)) == [0]
    ledger.append(
        kind=REVIEW,
        actor="person:anna",
        body={"decision": 0, "act": "answered", "by": "person:anna", "minutes": 2.5, "done": True},
    )
    ledger.append_many([report(0, False, minutes=2.5, source="review")])
    assert entries(history, Wanted(waiting=True)) == []
    assert history.reports_of(0) == [3]
    assert history.reviews_of(0) == [1, 2]
    assert history.reviews_table(Wanted()).select(["act", "minutes"]).to_pylist() == [
        {"act": "claimed", "minutes": None}, {"act": "answered", "minutes": 2.5},
    ]  # fmt: skip
    told = history.reports_table(Wanted()).to_pylist()[0]
    assert (told["decision"], told["answer"], told["by"], told["source"]) == (
        0, "false", "person:anna", "review",
    )  # fmt: skip


def test_columns_hold_what_the_entries_say(history_of, decision):
    history = history_of(
        decision(0, cost="0.000000001"),
        decision(1, [("a", 1.5, "refused", 0.0, ""), ("b", "x", "automated", 1.0, "r")]),
    )
    table = history.decisions_table(Wanted())
    assert table["cost_eur"].to_pylist() == [1e-9, 0.5]
    assert table["refused"].to_pylist() == [0, 1]
    assert table["confidence"].to_pylist() == [0.9, 0.0]
    answers = history.answers_table(Wanted(), fields=("a", "b")).to_pylist()
    columns = ("entry", "field", "answer", "outcome", "expert")
    assert [tuple(one[key] for key in columns) for one in answers] == [
        (1, "a", "1.5", "refused", ""), (1, "b", '"x"', "automated", "r"),
    ]  # fmt: skip
    assert history.known("field") == ["a", "b", "fraud"]
    assert history.known("expert") == ["model", "r"]


def test_an_empty_ledger_gives_empty_columns_of_the_same_kind(history_of):
    empty = history_of()
    assert empty.decisions_table(Wanted()).num_rows == 0
    assert empty.answers_table(Wanted()).schema == empty.answers_table(Wanted(), fields=("a",)).schema
    assert empty.count(Wanted()) == Counted(0, True)


def test_days_are_counted_and_days_without_decisions_left_out(history_of, report, decision):
    history = history_of(
        decision(0),
        decision(1, [("fraud", True, "referred", 0.6, "model")]),
        decision(2, day=3),
        report(2, True),
    )
    days = history.by_period(Wanted()).to_pylist()
    assert [(one["decisions"], one["automated"], one["waiting"], one["reported"]) for one in days] == [
        (2, 1, 1, 0), (1, 1, 0, 1),
    ]  # fmt: skip
    assert (days[1]["start"] - days[0]["start"]).days == 3
    assert entries(history, Wanted(alone=True)) == [2, 0]
    assert entries(history, Wanted(alone=False)) == [1]


def test_sizes_are_those_of_the_periods_without_looking_at_rows(history_of, decision):
    history = history_of(*(decision(n, day=day) for n, day in enumerate((0, 0, 3))))
    counted = history.sizes(Wanted(), seconds=86_400)
    days = history.by_period(Wanted()).to_pylist()
    assert counted == [(one["start"], one["decisions"]) for one in days] == [
        (FIRST_DAY.replace(hour=0), 2),
        (FIRST_DAY.replace(hour=0) + timedelta(days=3), 1),
    ]  # fmt: skip
    assert history.sizes(Wanted(tenant="nobody"), seconds=60) == []


def test_counting_stops_where_nobody_reads_the_number(history_of, decision):
    history = history_of(*(decision(n) for n in range(8)))
    assert history.count(Wanted(), at_most=5) == Counted(5, False)
    assert history.count(Wanted(), at_most=8) == Counted(8, True)


def test_a_question_that_takes_too_long_is_given_up_whole(history_of, decision):
    history = history_of(*(decision(n) for n in range(4000)), patience_seconds=0.0)
    with pytest.raises(TooMuch, match=r"longer than 0 seconds; nothing is shown rather than a part"):
        history.answers_table(Wanted())


def test_a_table_that_would_fill_the_memory_is_given_up_whole(history_of, decision, monkeypatch):
    module = sys.modules["flyball.evaluation.history.history"]
    monkeypatch.setattr(module, "_BATCH", 4)
    monkeypatch.setattr(module, "_MOST_ROWS", 8)
    history = history_of(*(decision(n) for n in range(9)))
    with pytest.raises(TooMuch, match=r"more than 8 rows; nothing is shown rather than a part") as caught:
        history.decisions_table(Wanted())
    assert caught.value.fix == "Ask about a shorter period, one release or one field."
    assert len(history.decisions_table(Wanted(until=FIRST_DAY + timedelta(seconds=0.5)))) <= 8


def test_only_decisions_with_several_reports_can_be_in_dispute(history_of, decision, report):
    history = history_of(*(decision(n) for n in range(3)), report(0, True), report(1, True))
    assert len(history.reports_table(Wanted(), several=True)) == 0
    history_of(report(1, False, by="person:ben"), report(2, True))
    assert history.reports_table(Wanted(), several=True)["decision"].to_pylist() == [1, 1]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted(since=FIRST_DAY.replace(tzinfo=None)), "since has no time zone: 2026-11-01T12:00:00"),
        (Wanted(since=FIRST_DAY, until=FIRST_DAY), "before it begins"),
        (Wanted(outcome="guessed"), "No answer can be 'guessed'. Known: automated, referred, refused"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(history_of, wanted, why, decision):
    with pytest.raises(BadInput, match=why):
        history_of(decision(0)).decisions(wanted)


def test_a_case_that_was_decided_again_is_one_case(history_of, decision):
    history = history_of(decision(0), decision(1), decision(0), decision(0, tenant="acme"))
    assert entries(history, Wanted(newest=True)) == [3, 2, 1]
    assert entries(history, Wanted(newest=False)) == [0]


def test_values_are_never_read_as_sql(history_of, decision):
    history = history_of(decision(0))
    for text in ("' OR 1 --", "x' UNION SELECT * FROM names --", "{where}", "%s"):
        assert entries(history, Wanted(case=text)) == []
        assert entries(history, Wanted(field=text)) == []
        assert entries(history, Wanted(tenant=text)) == []


def test_a_damaged_file_or_one_of_another_ledger_is_made_again(history_of, tmp_path, decision):
    history = history_of(decision(0), decision(1))
    assert entries(history) == [1, 0]
    history.close()
    (tmp_path / "history.sqlite").write_bytes(b"damaged" * 2000)
    assert entries(history_of()) == [1, 0]
    with sqlite3.connect(tmp_path / "history.sqlite") as database:
        database.execute("UPDATE followed SET ledger = x'00', read = 9")
        database.execute("DELETE FROM decisions")
    database.close()
    assert entries(history_of()) == [1, 0]


def test_a_file_that_cannot_be_written_is_a_clear_error(history_of, tmp_path, decision):
    (tmp_path / "history.sqlite").mkdir()
    with pytest.raises((HistoryUnavailable, IsADirectoryError)):
        history_of(decision(0)).decisions(Wanted())


def test_processes_that_follow_at_once_agree_and_count_nothing_twice(
    history_of, ledger, tmp_path, report, decision
):
    history = history_of(*(decision(n) for n in range(12_000)), *(report(n, True) for n in range(50)))
    command = [sys.executable, "-c", FOLLOW, str(tmp_path)]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [int(one.communicate(timeout=60)[0]) for one in others] == [12_000] * 3
    assert history.count(Wanted(reported=True)) == Counted(50, True)
    assert sum(history.by_period(Wanted())["decisions"].to_pylist()) == 12_000


def test_a_kill_in_the_middle_leaves_whole_chunks_and_the_next_goes_on(
    history_of, ledger, monkeypatch, decision
):
    from flyball.evaluation.history import following

    history = history_of(*(decision(n) for n in range(12_000)))
    real, calls = following._add_reviews, []

    def stops(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(following, "_add_reviews", stops)
    with pytest.raises(KeyboardInterrupt):
        history.follow()
    monkeypatch.undo()
    assert history.count(Wanted()) == Counted(12_000, True)


def test_an_entry_of_another_kind_is_passed_over(history_of, decision):
    history = history_of(Draft(kind="turn", body={"x": 1}, actor="system:turn"), decision(1))
    assert entries(history) == [1]
