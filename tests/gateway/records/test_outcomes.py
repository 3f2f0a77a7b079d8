"""Reports through the doors: all or none, once each, and nothing chosen among people who differ."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from written import write_decision


@pytest.fixture
def decided(doors):
    return doors, f"contracts:{write_decision(doors.workshop())}"


def report(doors, who, *reports):
    return doors.ask(who, "/v1/outcomes", {"outcomes": list(reports)})


def label(id, **changed):
    return {"decision": id, "kind": "label", "field": "cap", "answer": True} | changed


def test_the_same_report_twice_is_one_entry(decided):
    doors, id = decided
    first = report(doors, "acme/anna", label(id))[1]["outcomes"][0]
    again = report(doors, "acme/anna", label(id))[1]["outcomes"][0]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["ledger_entry"] == again["ledger_entry"]
    assert len(list(doors.workshop().ledger.entries("outcome"))) == 1


def test_who_goes_back_to_a_word_is_heard(decided):
    doors, id = decided
    for answer in (True, False, True):
        told = report(doors, "acme/anna", label(id, answer=answer))[1]["outcomes"][0]
        assert told["repeated"] is False
    assert report(doors, "acme/anna", label(id, answer=True))[1]["outcomes"][0]["repeated"] is True
    stands = doors.ask("acme/anna", f"/v1/outcomes?decision={id}")[1]["standing"][0]
    assert (stands["answer"], stands["voices"][0]["changed"]) == (True, 2)


def test_two_who_differ_are_both_kept_and_nothing_is_chosen(decided):
    doors, id = decided
    assert report(doors, "acme/anna", label(id))[1]["outcomes"][0]["standing"] == "agreed"
    assert report(doors, "acme/bert", label(id, answer=False))[1]["outcomes"][0]["standing"] == "disputed"
    told = doors.ask("acme/anna", f"/v1/outcomes?decision={id}")[1]
    assert [(one["by"], one["answer"]) for one in told["outcomes"]] == [
        ("person:anna", True), ("person:bert", False)
    ]  # fmt: skip
    assert told["standing"] == [
        {
            "name": "cap",
            "about": "field",
            "state": "disputed",
            "answer": None,
            "voices": [
                {"by": "person:anna", "answer": True, "unit": "", "changed": 0},
                {"by": "person:bert", "answer": False, "unit": "", "changed": 0},
            ],
        }
    ]
    assert report(doors, "acme/bert", label(id, kind="correction"))[1]["outcomes"][0]["standing"] == "agreed"


def test_what_turned_out_before_it_was_decided_is_taken_and_flagged(decided):
    doors, id = decided
    sent = [label(id, observed_at="2020-11-30T11:00:00Z"), label(id)]
    told = report(doors, "acme/anna", *sent)[1]["outcomes"]
    assert [one["before_decision"] for one in told] == [True, False]


def test_a_business_result_is_a_figure_about_the_case(decided):
    doors, id = decided
    sent = {"decision": id, "kind": "business", "name": "loss_eur", "answer": 1250.5, "unit": "EUR"}
    assert report(doors, "acme/anna", sent)[0] == 200
    told = doors.ask("acme/anna", f"/v1/outcomes?decision={id}")[1]
    assert (told["standing"][0]["about"], told["standing"][0]["answer"]) == ("business", 1250.5)


@pytest.mark.parametrize(
    ("changed", "status", "why"),
    [
        ({"decision": "contracts:4711"}, 404, "No decision has the id 'contracts:4711'"),
        ({"decision": "nonsense"}, 404, "No decision has the id 'nonsense'"),
        ({"field": "capp"}, 400, "There is no field 'capp'"),
        ({"answer": "yes"}, 400, "is answered by true or false, got 'yes'"),
        ({"field": "amount", "answer": True}, 400, "is answered by a number, got 'True'"),
        ({"kind": "guess"}, 400, "Invalid enum value 'guess'"),
        ({"extra": 1}, 400, "unknown field `extra`"),
        ({"observed_at": "2026-11-30T12:00:00"}, 400, "has no time zone"),
        ({"observed_at": "2126-11-30T12:00:00Z"}, 400, "which is still to come"),
        ({"evidence": [{"start": 3, "end": 2}]}, 400, "does not lie in the document"),
        ({"kind": "business"}, 400, "A business result has a name and no field"),
        ({"comment": "x" * 10_001}, 400, "length <= 10000"),
    ],
)
def test_one_bad_report_keeps_all_out_and_says_which(decided, changed, status, why):
    doors, id = decided
    told = report(doors, "acme/anna", label(id), label(id, **changed))
    assert told[0] == status
    assert why in told[1]["message"]
    assert told[1]["fix"]
    assert not list(doors.workshop().ledger.entries("outcome"))


def test_automated_answers_are_held_against_what_stands(doors):
    """By hand: amount was automated as 5 in both; one report says 5, one 6: 1 of 2, a dispute is left out."""
    entries = [write_decision(doors.workshop(), n=n) for n in range(3)]
    reports = [
        label(f"contracts:{entry}", field="amount", answer=value)
        for entry, value in zip(entries, (5, 6, 5), strict=True)
    ]
    report(doors, "acme/anna", *reports, label(f"contracts:{entries[0]}"))
    report(doors, "acme/bert", label(f"contracts:{entries[2]}", field="amount", answer=7))
    told = doors.ask("acme/anna", "/v1/outcomes/agreement?deployment=contracts")[1]
    assert (told["agreement"]["value"], told["agreement"]["n"]) == (0.5, 2)
    assert 0.09 < told["agreement"]["low"] < 0.1
    none = doors.ask("other/omar", "/v1/outcomes/agreement?deployment=contracts")[1]
    assert none["agreement"]["value"] is None
    assert "nothing was reported" in none["agreement"]["reason"]


def test_the_same_request_twice_gives_the_same_bytes_and_another_with_its_key_is_refused(decided):
    doors, id = decided
    key = {"idempotency-key": "abc-1"}
    body = {"outcomes": [label(id)]}
    first = doors.ask("acme/anna", "/v1/outcomes", body, headers=key, raw=True)
    again = doors.ask("acme/anna", "/v1/outcomes", body, headers=key, raw=True)
    assert first == again
    assert doors.headers["idempotency-replayed"] == "true"
    assert b'"repeated":false' in again[1]
    status, told = doors.ask(
        "acme/anna", "/v1/outcomes", {"outcomes": [label(id, answer=False)]}, headers=key
    )
    assert (status, told["code"]) == (422, "limits.request_reused")
    assert doors.ask("acme/bert", "/v1/outcomes", body, headers=key, raw=True)[1] != first[1]


def test_a_request_that_failed_may_be_tried_again_with_its_key(decided):
    doors, id = decided
    key = {"idempotency-key": "abc-2"}
    assert (
        doors.ask("acme/anna", "/v1/outcomes", {"outcomes": [label("contracts:99")]}, headers=key)[0] == 404
    )
    assert doors.ask("acme/anna", "/v1/outcomes", {"outcomes": [label(id)]}, headers=key)[0] == 200


def test_what_is_no_request_is_told_so_and_nothing_breaks(doors):
    doors.key("acme/anna")
    for body, status in (
        (b"", 400),
        (b"[1]", 400),
        (b'{"outcomes": []}', 400),
        (b"\xff\xfe", 400),
        (b'{"outcomes":' + b"[" * 200_000, 400),
        (b'{"outcomes": [{"decision": "a:1", "kind": "label", "answer": NaN}]}', 400),
    ):
        told = doors.ask("acme/anna", "/v1/outcomes", body)
        assert told[0] == status, body[:40]
        assert told[1]["fix"]


def test_too_many_requests_are_told_when_to_come_again(doors_with):
    from flyball.gateway.limits.settings import LimitSettings

    doors = doors_with(limits=LimitSettings(requests_per_minute=6, burst=2))
    doors.key("acme/anna")
    doors.key("acme/bert")
    assert [doors.ask("acme/anna", "/v1/me")[0] for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(doors.headers["retry-after"]) <= 10
    assert doors.ask("acme/bert", "/v1/me")[0] == 200
