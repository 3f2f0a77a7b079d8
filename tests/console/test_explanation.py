"""Explanations over HTTP and in the console, of a release that really decided: one refusal, one grant."""

import http.client
import json

import pytest

from flyball.gateway.access.keys import KeyBook
from flyball.loop.deciding import decide_documents
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.live import live_engine
from flyball.loop.rows import document_of_row
from flyball.loop.workshop import Workshop

GOOD = {
    "application": "N-1",
    "loan_amount": 6000,
    "term_months": 36,
    "purpose": "car",
    "annual_income": 70000,
    "income_verified": True,
    "years_in_job": 8.0,
    "debt_to_income": 0.1,
    "payment_to_income": 0.03,
    "credit_history_years": 18.0,
    "credit_utilisation": 0.05,
    "delinquencies_24m": 0,
    "inquiries_6m": 0,
    "bankruptcy_7y": False,
    "of_legal_age": True,
    "sanctions_match": False,
}
BAD = GOOD | {"application": "N-2", "debt_to_income": 0.55, "credit_utilisation": 0.95, "inquiries_6m": 5}
BAD |= {"payment_to_income": 0.3, "annual_income": 60000}


@pytest.fixture(scope="module")
def credit(tmp_path_factory, serving):
    folder = init_deployment("credit-risk", tmp_path_factory.mktemp("why") / "credit-risk")
    path = folder / "cases" / "applications.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:601]))
    settings = folder / "flyball.toml"
    settings.write_text(settings.read_text().replace("at_least = 0.92", "at_least = 0.85"))
    with Workshop(open_deployment(folder), actor="user:t") as workshop:
        assert full_turn(workshop).promoted.live
        live = live_engine(workshop)
        documents = [document_of_row(row, name=str(row["application"])) for row in (BAD, GOOD)]
        context = workshop.context_of(live.settings.deployment)
        bad, good = decide_documents(workshop, live, documents, context=context)
    with serving([folder]) as console:
        console.bad, console.good = bad.issued.entry, good.issued.entry
        book = KeyBook(console.workshop("credit-risk").ledger, "credit-risk")
        for who in ("default/anna", "rival/rita"):
            tenant, _, name = who.partition("/")
            made = book.create(
                name, actor="user:t", tenant=tenant, roles=["engineer", "reviewer", "officer"], person=True
            )
            console.keys[who] = made.secret
        yield console


def asked(credit, path, who="default/anna"):
    connection = http.client.HTTPConnection("127.0.0.1", credit.port, timeout=60)
    connection.request("GET", path, headers={"authorization": f"Bearer {credit.keys[who]}"})
    reply = connection.getresponse()
    told = json.loads(reply.read())
    connection.close()
    return reply.status, told


def test_an_explanation_comes_over_http_with_every_check(credit):
    status, told = asked(credit, f"/v1/decisions/credit-risk:{credit.bad}/explanation")
    assert (status, told["ok"]) == (200, True)
    (answer,) = told["explanation"]["answers"]
    assert (answer["answer"], answer["against"]) == ("false", True)
    assert answer["attribution"]["exact"] is True
    assert {one["name"] for one in answer["checks"]} == {"repeats", "adds_up", "stable", "agrees", "deletion"}
    assert all(one["measured"]["n"] >= 1 for one in answer["checks"])


def drafts(credit):
    return list(credit.workshop("credit-risk").ledger.entries("explanation.drafted"))


def test_a_letter_comes_over_http_sentence_by_sentence_and_who_took_it_is_written_down(credit):
    before = len(drafts(credit))
    path = f"/v1/decisions/credit-risk:{credit.bad}/explanation?letter=default&language=de"
    status, told = asked(credit, path)
    assert (status, told["letter"]["kind"]) == (200, "adverse_action")
    for line in told["letter"]["lines"]:
        assert line["kind"] == "heading" or line["records"], line
        assert set(line["records"]) <= set(told["letter"]["records"])
    entry = drafts(credit)[-1]
    assert (told["entry"], entry.body["digest"]) == (entry.index, told["letter"]["digest"])
    assert (entry.body["decision"], entry.body["letter"]) == (credit.bad, "adverse_action")
    assert asked(credit, path)[1]["entry"] == entry.index  # the same letter for the same person, once
    assert len(drafts(credit)) == before + 1
    assert not any(entry.actor == one for one in ("user:t", "system:gateway"))


def test_an_explanation_without_a_letter_writes_nothing_and_loads_its_release_once(credit, monkeypatch):
    path = f"/v1/decisions/credit-risk:{credit.bad}/explanation"
    asked(credit, path)
    size, loaded = credit.workshop("credit-risk").ledger.size(), []
    monkeypatch.setattr("flyball.loop.explaining.engine_of_release", lambda *given: loaded.append(given))
    assert asked(credit, path)[0] == 200
    assert (credit.workshop("credit-risk").ledger.size(), loaded) == (size, [])


def test_what_cannot_be_written_is_refused_with_its_code(credit):
    path = f"/v1/decisions/credit-risk:{credit.good}/explanation"
    status, told = asked(credit, f"{path}?letter=adverse_action")
    assert (status, told["code"]) == (400, "explanation.nothing_against")
    status, told = asked(credit, f"{path}?letter=../../flyball")
    assert (status, told["code"]) == (404, "core.unknown_name")
    status, told = asked(credit, f"{path}?field=nothing")
    assert (status, told["code"]) == (400, "explanation.unknown_field")


def test_another_tenant_is_told_nothing(credit):
    status, told = asked(credit, f"/v1/decisions/credit-risk:{credit.bad}/explanation", who="rival/rita")
    assert (status, told["code"]) == (404, "gateway.unknown_decision")


def test_the_page_says_why_and_gives_the_letters(credit):
    browser = credit.browser("default/anna")
    browser.get(f"/d/credit-risk/decisions/{credit.bad}")
    assert f"/d/credit-risk/decisions/{credit.bad}/why" in browser.body
    browser.get(f"/d/credit-risk/decisions/{credit.bad}/why")
    assert "Excessive obligations in relation to income" in browser.body
    assert "Bring monthly debts down to" in browser.body
    assert "credit_utilisation" in browser.body
    assert [word in browser.body for word in (">no<", ">False<", ">None<")] == [True, False, False]
    reply = browser.get(
        f"/d/credit-risk/decisions/{credit.bad}/why/letter.txt?letter=adverse_action&language=en"
    )
    assert reply.status == 200
    assert (drafts(credit)[-1].body["language"], drafts(credit)[-1].body["decision"]) == ("en", credit.bad)
    assert "Notice of action taken and statement of reasons" in browser.body


def test_the_page_of_another_tenants_decision_is_not_there(credit):
    reply = credit.browser("rival/rita").get(f"/d/credit-risk/decisions/{credit.bad}/why")
    assert reply.status == 404


def test_a_decision_whose_release_is_not_here_is_said_to_be_unexplained(console):
    browser = console.browser("acme/anna")
    browser.get(f"/d/contracts/decisions/{console.ours}/why")
    assert "This decision is not explained." in browser.body


@pytest.mark.chromium
@pytest.mark.slow
def test_the_page_is_clean_by_axe(credit, looks_at):
    browser = credit.browser("default/anna")
    assert looks_at(browser, f"/d/credit-risk/decisions/{credit.bad}/why") == []
