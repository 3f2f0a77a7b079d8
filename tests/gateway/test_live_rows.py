"""Rows over HTTP against a live release of the shipped deployments: applications and transfers as JSON.

By hand: 4,000 go from X to Y, 3,900 from Y to Z, and 3,800 from Z to X, an hour apart, so the third closes a
cycle of three. Each transfer is a request of its own: the gateway remembers the earlier ones.
"""

import contextlib
import http.client
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flyball.gateway.access.keys import KeyBook
from flyball.ledger.verify import verify_ledger
from flyball.loop.deciding import decide_documents
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.live import live_engine
from flyball.loop.rows import document_of_row
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parent))
from test_killed import started

pytestmark = pytest.mark.slow
EASIER = {
    "credit-risk": ("applications.csv", 600, {"at_least = 0.92": "at_least = 0.85"}),
    "payment-fraud": (
        "transfers.csv",
        700,
        {"at_least = 0.80": "at_least = 0.4", "at_least = 0.8\n": "at_least = 0.1\n"},
    ),
}
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


def transfer(id, payer, payee, amount, hour):
    return {
        "transfer_id": id,
        "time": f"2026-02-20T{hour:02d}:00:00Z",
        "payer": payer,
        "payee": payee,
        "amount": amount,
        "currency": "EUR",
        "channel": "app",
        "device": f"D-{payer}",
        "payee_kind": "person",
    }


RING = [
    transfer("R1", "X", "Y", 4000.0, 9),
    transfer("R2", "Y", "Z", 3900.0, 10),
    transfer("R3", "Z", "X", 3800.0, 11),
]


class Doors:
    def __init__(self, folder, port, keys):
        self.folder, self.port, self._keys = folder, port, keys

    def ask(self, path, body=None, *, tenant="acme", **headers):
        headers = {name.replace("_", "-"): text for name, text in headers.items()}
        headers["authorization"] = f"Bearer {self._keys[tenant]}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, data, headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def decide(self, row, **more):
        return self.ask("/v1/decisions", {"case": {"row": row}}, **more)


@contextlib.contextmanager
def served(name, root):
    """Serve a shipped deployment with a live release, to two tenants; its ledger must verify at the end."""
    folder = init_deployment(name, root / name)
    file, rows, changes = EASIER[name]
    cases = folder / "cases" / file
    cases.write_text("".join(cases.read_text().splitlines(keepends=True)[: rows + 1]))
    settings = (folder / "flyball.toml").read_text()
    for before, after in changes.items():
        assert before in settings
        settings = settings.replace(before, after)
    (folder / "flyball.toml").write_text(settings)
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        assert full_turn(workshop).promoted.live
        book = KeyBook(workshop.ledger, name)
        keys = {
            tenant: book.create(f"app-{tenant}", actor="user:t", tenant=tenant, scopes=["decisions"]).secret
            for tenant in ("acme", "other")
        }
    process, port = started(folder)
    try:
        yield Doors(folder, port, keys)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with Workshop(open_deployment(folder)) as workshop:
        assert verify_ledger(workshop.ledger).ok


@pytest.fixture(scope="module")
def credit(tmp_path_factory):
    with served("credit-risk", tmp_path_factory.mktemp("credit")) as doors:
        yield doors


@pytest.fixture(scope="module")
def fraud(tmp_path_factory):
    with served("payment-fraud", tmp_path_factory.mktemp("fraud")) as doors:
        yield doors


def test_an_application_is_decided_as_the_command_line_decides_it(credit):
    status, told = credit.decide(GOOD)
    decision = told["decision"]
    assert status == 200
    [field] = decision["fields"]
    assert (field["field"], field["answer"], field["expert"]) == ("repaid", True, "credit_model")
    assert '"credit_utilisation":0.05' in [one["quote"] for one in field["evidence"]]
    with Workshop(open_deployment(credit.folder), actor="user:tester") as workshop:
        live = live_engine(workshop)
        context = workshop.context_of(live.settings.deployment)
        [here] = decide_documents(workshop, live, [document_of_row(GOOD, name="x")], context=context)
        [mine] = here.issued.decision.fields
        entry = workshop.ledger.entry(decision["ledger_entry"])
        assert workshop.blobs.get(entry.refs[0])
    assert field["confidence"] == pytest.approx(mine.confidence, abs=1e-4)
    assert entry.body["context"]["tenant"] == "acme"
    assert entry.actor == "key:app-acme"
    assert (
        credit.ask(f"/v1/decisions/{decision['id']}/text")[1]["text"] == document_of_row(GOOD, name="x").text
    )


def test_the_same_application_twice_is_one_decision_and_another_tenant_sees_neither(credit):
    row = GOOD | {"application": "N-3"}
    first = credit.decide(row)[1]["decision"]["id"]
    assert credit.decide(row)[1]["decision"]["id"] == first
    assert credit.decide(row, tenant="other")[1]["decision"]["id"] != first
    assert credit.ask(f"/v1/decisions/{first}", tenant="other")[0] == 404


def test_policy_comes_before_the_model_and_says_so(credit):
    [field] = credit.decide(GOOD | {"of_legal_age": False})[1]["decision"]["fields"]
    assert (field["answer"], field["outcome"]) == (False, "automated")
    assert "policy" in field["reason"]


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"annual_income": "lots"}, 400, "The column annual_income holds the text 'lots'"),
        ({"annual_income": [1]}, 400, "Expected `bool | int | float | str | null`, got `array`"),
        ({"bankruptcy_7y": "maybe"}, 400, "where yes or no is expected"),
        ({"annual_income": ...}, 400, "'row.annual_income', which the case does not have"),
    ],
)
def test_an_application_that_cannot_be_read_is_told_column_and_value(credit, change, status, why):
    row = {name: value for name, value in (GOOD | change).items() if value is not ...}
    found, told = credit.decide(row)
    assert (found, why in told["message"], bool(told["fix"])) == (status, True, True)


def test_in_a_batch_a_bad_application_stops_no_other(credit):
    rows = [GOOD | {"application": f"B-{n}"} for n in range(20)]
    rows[7] = rows[7] | {"annual_income": "lots"}
    rows[8] = {}
    status, told = credit.ask("/v1/decisions", {"cases": [{"row": row} for row in rows]})
    assert (status, told["decided"], told["not_decided"]) == (200, 18, 2)
    assert [place for place, one in enumerate(told["decisions"]) if not one["ok"]] == [7, 8]


def test_what_turned_out_is_not_shown_to_the_model(credit):
    row = GOOD | {"application": "N-4"}
    plain, told = (credit.decide(one)[1]["decision"]["id"] for one in (row, row | {"repaid": "no"}))
    assert plain == told


def test_an_application_with_a_key_is_decided_once_by_many_at_once(credit):
    row = GOOD | {"application": "N-5"}
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: credit.decide(row, idempotency_key="a-1"), range(8)))
    assert {status for status, _ in said} <= {200, 409}
    assert len({told["decision"]["id"] for status, told in said if status == 200}) == 1


def test_transfers_that_come_one_by_one_close_a_cycle(fraud):
    said = [fraud.decide(row)[1]["decision"]["fields"][0] for row in RING]
    assert "Cycle: the money is back where it started after 3 transfers." in said[2]["reason"]
    assert said[2]["outcome"] == "referred"
    assert "Cycle" not in said[0]["reason"] + said[1]["reason"]
    again = fraud.decide(RING[2])[1]["decision"]
    assert "Cycle" in again["fields"][0]["reason"]


def test_the_accounts_of_one_tenant_say_nothing_to_another(fraud):
    [field] = fraud.decide(RING[2], tenant="other")[1]["decision"]["fields"]
    assert "Cycle" not in field["reason"]


def test_a_batch_of_transfers_is_told_as_if_each_had_come_alone(fraud):
    rows = [
        row | {"transfer_id": f"C{n}", "payer": row["payer"] * 2, "payee": row["payee"] * 2}
        for n, row in enumerate(RING)
    ]
    rows.insert(1, transfer("Q", "XX", "YY", -1.0, 9))
    status, told = fraud.ask("/v1/decisions", {"cases": [{"row": row} for row in rows]})
    assert (status, told["decided"]) == (200, 3)
    assert told["decisions"][1]["message"] == "Row 1, amount: -1.0 is no amount."
    assert "Cycle: the money is back" in told["decisions"][3]["fields"][0]["reason"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"time": "yesterday"}, "'yesterday' is no time"),
        ({"time": "2099-01-01T00:00:00Z"}, "more than a day from now"),
        ({"amount": "ten"}, "not amounts"),
        ({"transfer_id": None}, "has no transfer_id"),
    ],
)
def test_a_transfer_that_is_none_is_told_why(fraud, change, why):
    status, told = fraud.decide(RING[0] | change)
    assert (status, told["code"], why in told["message"]) == (422, "gateway.undecided", True)
