"""Two tenants at the same doors: everything by which one could reach into the other."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from written import write_decision


@pytest.fixture
def both(doors):
    """Return the doors, with a decision of acme and one of other."""
    workshop = doors.workshop()
    return doors, write_decision(workshop, tenant="acme"), write_decision(workshop, tenant="other", n=1)


def test_a_decision_of_another_tenant_is_as_if_it_were_not_there(both):
    doors, mine, theirs = both
    assert doors.ask("acme/anna", f"/v1/decisions/contracts:{mine}")[0] == 200
    status, hidden = doors.ask("acme/anna", f"/v1/decisions/contracts:{theirs}")
    never, absent = doors.ask("acme/anna", "/v1/decisions/contracts:99999")
    assert (status, never) == (404, 404)
    assert hidden["message"].replace(str(theirs), "N") == absent["message"].replace("99999", "N")
    assert hidden["code"] == absent["code"] == "gateway.unknown_decision"


def test_neither_text_nor_outcomes_nor_review_of_another_tenant_is_reached(both):
    doors, _, theirs = both
    id = f"contracts:{theirs}"
    answer = {"answers": [{"field": "cap", "answer": True}]}
    outcome = {"outcomes": [{"decision": id, "kind": "label", "field": "cap", "answer": True}]}
    for path, body in (
        (f"/v1/decisions/{id}/text", None),
        (f"/v1/outcomes?decision={id}", None),
        (f"/v1/review/{id}", None),
        (f"/v1/review/{id}/claim", b""),
        (f"/v1/review/{id}/answer", answer),
        (f"/v1/review/{id}/decline", {"comment": "x"}),
        (f"/v1/review/{id}/settle", answer),
        ("/v1/outcomes", outcome),
    ):
        status, told = doors.ask("acme/anna", path, body)
        assert (status, told["code"]) == (404, "gateway.unknown_decision"), path
    kinds = [entry.kind for entry in doors.workshop().ledger.entries()]
    assert not {"outcome", "review"} & set(kinds)


def test_lists_hold_the_cases_of_one_tenant(both):
    doors, mine, theirs = both
    for who, entry in (("acme/anna", mine), ("other/omar", theirs)):
        assert [
            one["id"] for one in doors.ask(who, "/v1/decisions?deployment=contracts")[1]["decisions"]
        ] == [f"contracts:{entry}"]
        assert [
            one["id"] for one in doors.ask(who, "/v1/review?deployment=contracts&only=all")[1]["items"]
        ] == [f"contracts:{entry}"]


def test_a_claim_of_one_tenant_shows_nothing_to_the_other(both):
    doors, mine, theirs = both
    assert doors.ask("acme/anna", f"/v1/review/contracts:{mine}/claim", b"")[0] == 200
    told = doors.ask("other/omar", "/v1/review?deployment=contracts&only=all")[1]
    assert "anna" not in str(told)
    assert doors.ask("other/omar", f"/v1/review/contracts:{theirs}/claim", b"")[1]["holder"] == "person:omar"


def test_a_key_opens_one_deployment(doors):
    write_decision(doors.workshop("claims"), tenant="acme")
    entry = write_decision(doors.workshop("claims"), tenant="acme", n=1)
    status, told = doors.ask("acme/anna", f"/v1/decisions/claims:{entry}")
    assert (status, told["code"]) == (404, "gateway.unknown_decision")
    status, told = doors.ask("acme/anna", "/v1/decisions?deployment=claims")
    assert (status, told["code"]) == (404, "gateway.unknown_model")
    assert "Known: contracts." in told["fix"]
    assert doors.ask("acme/anna", "/v1/me")[1]["deployments"] == ["contracts"]
    both = doors.key("acme/anna", "claims")
    assert doors.ask("", f"/v1/decisions/claims:{entry}", key=both)[0] == 200


def test_an_entry_that_is_no_decision_is_none(doors):
    doors.key("acme/anna")
    for id in (
        "contracts:0",
        "contracts:-1",
        "contracts",
        "contracts:1e3",
        "contracts:9999999999999999999",
        "%00:0",
    ):
        status, told = doors.ask("acme/anna", f"/v1/decisions/{id}")
        assert (status, told["code"]) == (404, "gateway.unknown_decision"), id
        assert told["fix"]


def test_who_may_not_do_it_is_told_which_scope_is_needed(both):
    doors, mine, _ = both
    doors.key("acme/audit", roles=["auditor"])
    doors.key("acme/ops", roles=["operator"])
    assert doors.ask("acme/audit", f"/v1/decisions/contracts:{mine}")[0] == 200
    for who, path, body, scope in (
        ("acme/audit", "/v1/outcomes", {"outcomes": []}, "outcomes"),
        ("acme/audit", f"/v1/review/contracts:{mine}/claim", b"", "review"),
        ("acme/audit", "/v1/decisions", {}, "decisions"),
        ("acme/ops", f"/v1/decisions/contracts:{mine}", None, "decisions.read"),
        ("acme/ops", "/v1/review", None, "review.read"),
    ):
        status, told = doors.ask(who, path, body)
        assert (status, told["code"]) == (403, "gateway.not_permitted"), path
        assert f"'{scope}'" in told["message"]


def test_nobody_comes_in_without_a_key_once_there_is_one(doors):
    assert doors.ask("", "/v1/me")[1]["id"] == "local"
    doors.key("acme/anna")
    import time

    time.sleep(1.1)
    status, told = doors.ask("", "/v1/me")
    assert (status, told["code"]) == (401, "gateway.not_let_in")
    assert doors.headers["www-authenticate"] == "Bearer"
    for header in ("Basic YTpi", "Bearer", "Bearer ", "bearer x", "flyball_x"):
        assert doors.ask("", "/v1/me", headers={"authorization": header})[0] == 401
    assert doors.ask("", "/v1/me", headers={"x-api-key": doors.key("acme/anna")})[1]["id"] == "person:anna"


def test_two_reviewers_do_not_see_each_other_until_an_officer_settles_it(doors_with):
    doors = doors_with("[review]\nreaders = 2\n")
    path = f"/v1/review/contracts:{write_decision(doors.workshop())}"
    doors.key("acme/carla", roles=["officer"])
    for who in ("anna", "bert"):
        doors.key(f"acme/{who}", roles=["reviewer"])
    evidence = [{"start": 0, "end": 9}]
    for who, answer in (("anna", True), ("bert", False)):
        assert doors.ask(f"acme/{who}", f"{path}/claim", b"")[0] == 200
        assert "person:anna" not in str(doors.ask("acme/bert", path)[1]["answers"])
        given = {
            "answers": [{"field": "cap", "answer": answer, "evidence": evidence}],
            "comment": f"says {who}",
        }
        doors.ask(f"acme/{who}", f"{path}/answer", given)
    assert [one["by"] for one in doors.ask("acme/anna", path)[1]["answers"]] == ["person:anna"]
    seen = doors.ask("acme/carla", path)[1]
    assert [(one["by"], one["comment"]) for one in seen["answers"]] == [
        ("person:anna", "says anna"), ("person:bert", "says bert")
    ]  # fmt: skip
    assert seen["answers"][0]["answers"] == [{"field": "cap", "answer": True, "evidence": evidence}]
    given = {"answers": [{"field": "cap", "answer": True}]}
    assert doors.ask("acme/bert", f"{path}/settle", given)[0] == 403
    assert doors.ask("acme/carla", f"{path}/settle", given)[1]["state"] == "settled"
    listed = doors.ask("acme/carla", "/v1/outcomes?decision=" + path.rpartition("/")[2])[1]
    assert (listed["standing"][0]["state"], listed["standing"][0]["answer"]) == ("settled", True)
    assert len(listed["standing"][0]["voices"]) == 3
