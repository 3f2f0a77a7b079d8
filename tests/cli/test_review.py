"""`flyball review` on a deployment with three cases, as the user of this machine and as people with keys."""

import json
import os
import pwd
import sys
from pathlib import Path

import pytest

from flyball.cli.main import main
from flyball.loop.deployment import open_deployment
from flyball.loop.people import make_person, person_entry
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import make_deployment, write_decision

ME = f"user:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    folder = make_deployment(tmp_path / "contracts", more="[review.field.cap]\nreaders = 2\n")
    people = [
        person_entry(make_person(id), name=id, role=role)
        for id, role in (("anna", "reviewer"), ("bert", "reviewer"), ("cleo", "officer"))
    ]
    (folder / "people.toml").write_text("\n".join(people))
    with Workshop(open_deployment(folder)) as workshop:
        for n, referred in enumerate((("cap",), ("amount",), ("country",))):
            write_decision(workshop, tenant="default", n=n, referred=referred)
    return folder


@pytest.fixture
def run(folder, capsys):
    def call(*arguments, code=0):
        try:
            main(["review", *arguments, "--deployment", str(folder), "--json"])
            left = 0
        except SystemExit as end:
            left = end.code or 0
        told = capsys.readouterr().out
        assert left == code, told
        return json.loads(told)

    return call


def test_a_case_is_claimed_shown_answered_and_off_the_list(run):
    assert [item["id"] for item in run("list")["items"]] == ["contracts:0", "contracts:1", "contracts:2"]
    assert run("claim", "contracts:1")["state"] == "claimed"
    seen = run("show", "1")
    assert [one["field"] for one in seen["to_answer"]] == ["amount"]
    done = run("answer", "1", "amount=5.0", "--evidence", "amount=Liability of Anna", "--seen", seen["seen"])
    assert (done["state"], done["answers"][0]["answers"]) == (
        "settled",
        [{"field": "amount", "answer": 5, "evidence": [{"start": 0, "end": 17}]}],
    )
    assert run("list")["waiting"] == 2
    assert run("answer", "1", "amount=6", code=1)["message"] == (
        f"{ME} has answered the case contracts:1 already; it is settled."
    )


def test_people_with_keys_differ_and_who_may_settles_it(run):
    for who, cap in (("anna", "yes"), ("bert", "no")):
        assert run("claim", "0", "--as", who)["state"] == "claimed"
        shown = run("show", "0", "--as", who)
        assert (shown["answers"], shown["people"], shown["answered"]) == ([], None, None)
        after = run("answer", "0", f"cap={cap}", "--as", who)
    assert after["state"] == "disputed"
    assert run("settle", "0", "cap=yes", "--as", "bert", code=1)["code"] == "review.not_yours"
    assert len(run("settle", "0", "cap=yes", "--as", "cleo")["answers"]) == 3


def test_nobody_is_somebody_else_without_their_key(run, monkeypatch, tmp_path):
    assert run("claim", "0", "--as", "emil", code=2)["message"] == "'emil' is not listed in people.toml."
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "none"))
    assert run("claim", "0", "--as", "anna", code=2)["code"] == "ledger.bad_key_file"
    monkeypatch.setenv("LOGNAME", "anna")
    monkeypatch.setenv("USER", "anna")
    assert run("claim", "0")["holder"] == ME


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("answer", "2", "country"), "'country' has no equals sign."),
        (("answer", "2", "country=DE", "--evidence", "country=nowhere"), "do not stand in the document"),
        (("answer", "2", "country=DE", "--evidence", "country=5-9999"), "does not lie in the document"),
        (("answer", "2", "cap=yes"), "The fields country are not answered."),
        (("list", "--only", "old"), "There is no list 'old'."),
        (("show", "no such case"), "No decision matches"),
        (("escalate", "2", "--reason", "hard", "--to", "chief"), "Nothing is handed up to the role 'chief'."),
    ],
)
def test_what_cannot_be_is_said(run, arguments, why):
    run("claim", "2")
    assert why in run(*arguments, code=2)["message"]


def test_handed_up_and_given_back_and_closed(run):
    run("claim", "0")
    assert run("decline", "0", "--reason", "I know them")["state"] == "open"
    run("claim", "2")
    assert run("escalate", "2", "--reason", "hard")["role"] == "officer"
    assert [item["id"] for item in run("list", "--only", "escalated")["items"]] == ["contracts:2"]
    assert run("close", "2", "--reason", "withdrawn", "--as", "cleo")["state"] == "closed"


def test_an_empty_list_says_of_what(folder, capsys):
    for only, words in (("mine", "You have none in hand."), ("disputed", "None is disputed.")):
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["review", "list", "--only", only, "--deployment", str(folder)])
        assert words in capsys.readouterr().err


def test_cases_are_chosen_and_figures_shown(run):
    made = run("choose", "2", "--drawn", "1")
    assert (made["population"], made["chosen"], made["drawn"]) == (3, 2, 2)
    told = run("agreement")
    quality = told["rounds"][0]["quality"]
    assert quality["cap"]["value"] is None
    assert "drawn at random has been answered" in quality["cap"]["reason"]
    assert told["fields"] == []
