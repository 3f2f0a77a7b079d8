"""Transfers as cases: told what came before, from the source, from decisions, and from the file itself.

By hand: in the source a pays b 100, then c pays b 50. In the file d pays b 25: before it, b had received two
transfers of two accounts. A later decision about e paying b finds three.
"""

from datetime import UTC, datetime

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.data.documents.records import Unreadable
from flyball.data.documents.rows import document_of_row, row_of
from flyball.loop.deployment import open_deployment
from flyball.loop.neighbours import Remembered, neighbours_of, remember, rows_told
from flyball.loop.rows import read_rows, rows_of_file
from flyball.loop.sources import open_source
from flyball.loop.workshop import Workshop
from flyball.models.experts.graph.log import BadTransfers

SETTINGS = """
[deployment]
name = "transfers"
purpose = "test"
owner = "us"
jurisdictions = ["EU"]
fields = "fields.toml"

[[source]]
name = "transfers"
kind = "tables"
path = "transfers.csv"
cases = true
name_column = "id"
label_columns = { suspicious = "suspicious" }
neighbours = { id = "id", time = "time", payer = "payer", payee = "payee", amount = "amount", label_days = 1 }

[[expert]]
name = "graph"
kind = "graph"
path = "graph"

[promise]
wrong_share_at_most = 0.05
"""
FIELDS = '[[field]]\nkey = "suspicious"\ntitle = "Suspicious"\nquestion = "Is it?"\nkind = "flag"\n'
SOURCE = """id,time,payer,payee,amount,suspicious
1,2026-01-01T10:00:00Z,a,b,100.00,yes
2,2026-01-02T12:00:00Z,c,b,50.00,no
"""
FILE = "id,time,payer,payee,amount,suspicious\n3,2026-01-03T10:00:00Z,d,b,25.00,\n"


@pytest.fixture
def workshop(tmp_path):
    (tmp_path / "flyball.toml").write_text(SETTINGS)
    (tmp_path / "fields.toml").write_text(FIELDS)
    (tmp_path / "transfers.csv").write_text(SOURCE)
    (tmp_path / "new.csv").write_text(FILE)
    with Workshop(open_deployment(tmp_path), clock=lambda: datetime(2026, 1, 4, tzinfo=UTC)) as made:
        yield made


def of_file(workshop, name="new.csv"):
    deployment = workshop.deployment
    source = deployment.settings.source[0]
    memory = remember(workshop, source, open_source(deployment, source))
    return list(rows_of_file(deployment, source, deployment.root / name, deployment.fields, memory=memory))


def test_rows_of_the_source_are_told_what_came_before_and_keep_their_labels(workshop):
    deployment = workshop.deployment
    first, second = read_rows(deployment, deployment.settings.source[0], deployment.fields)
    assert row_of(first.document.text)["payee_received_count_7d"] == 0
    assert row_of(second.document.text)["payee_received_amount_7d"] == 100
    assert row_of(second.document.text)["payee_received_suspicious_share"] == 1  # known after a day
    assert (first.labels, second.labels) == ({"suspicious": "true"}, {"suspicious": "false"})
    assert "suspicious" not in row_of(first.document.text)


def test_a_file_is_told_what_the_source_holds_and_what_was_decided(workshop):
    (told,) = of_file(workshop)
    assert row_of(told.text)["payee_received_accounts_7d"] == 2
    blob = workshop.blobs.put(canonical_json(told))
    workshop.ledger.append(kind="decision", actor="test", body={"of": "a test"}, refs=(blob,))
    (workshop.deployment.root / "next.csv").write_text(FILE.replace("3,", "4,", 1).replace(",d,", ",e,"))
    (later,) = of_file(workshop, "next.csv")
    assert row_of(later.text)["payee_received_accounts_7d"] == 2  # the same moment is not seen
    (workshop.deployment.root / "last.csv").write_text(
        FILE.replace("3,2026-01-03T10", "5,2026-01-03T11").replace(",d,", ",e,")
    )
    (last,) = of_file(workshop, "last.csv")
    assert row_of(last.text)["payee_received_accounts_7d"] == 3


def test_deciding_the_same_file_again_gives_the_same_row(workshop):
    (first,) = of_file(workshop)
    blob = workshop.blobs.put(canonical_json(first))
    workshop.ledger.append(kind="decision", actor="test", body={"of": "a test"}, refs=(blob,))
    assert of_file(workshop) == [first]


def test_an_erased_decision_is_not_remembered(workshop):
    (told,) = of_file(workshop)
    blob = workshop.blobs.put(canonical_json(told))
    workshop.ledger.append(kind="decision", actor="test", body={"of": "a test"}, refs=(blob,))
    workshop.blobs.erase(blob, reason="test")
    source = workshop.deployment.settings.source[0]
    assert remember(workshop, source, open_source(workshop.deployment, source)).log.n == 2


def test_a_bad_row_is_told_and_stops_no_other(workshop):
    (workshop.deployment.root / "bad.csv").write_text(
        "id,time,payer,payee,amount\n7,2026-01-03T10:00:00Z,d,b,-5\n8,2026-01-03T10:00:00Z,d,b,5\n"
    )
    bad, good = of_file(workshop, "bad.csv")
    assert isinstance(bad, Unreadable)
    assert bad.code == "graph.bad_transfers"
    assert "-5.0 is no amount" in bad.message
    assert good.name == "8"


def test_rows_that_come_one_by_one_are_told_the_same(workshop):
    source = workshop.deployment.settings.source[0]
    memory = remember(workshop, source, open_source(workshop.deployment, source))
    row = {"id": "3", "time": "2026-01-03T10:00:00Z", "payer": "d", "payee": "b", "amount": 25.0}
    (told,) = rows_told(memory, [row])
    assert told["payee_received_accounts_7d"] == 2
    with pytest.raises(BadTransfers, match="need the column 'payee'"):
        rows_told(memory, [{name: value for name, value in row.items() if name != "payee"}])


def test_a_row_of_names_that_flyball_works_out_is_refused(workshop):
    source = workshop.deployment.settings.source[0]
    memory = remember(workshop, source, open_source(workshop.deployment, source))
    row = {"id": "3", "time": "2026-01-03T10:00:00Z", "payer": "d", "payee": "b", "amount": 25.0}
    with pytest.raises(BadTransfers, match="have a column 'hour', which Flyball works out itself"):
        rows_told(memory, [{**row, "hour": 1.0}])


def test_an_unknown_setting_is_refused(tmp_path, workshop):
    del workshop
    (tmp_path / "flyball.toml").write_text(SETTINGS.replace("label_days", "lable_days"))
    deployment = open_deployment(tmp_path)
    with pytest.raises(BadInput, match=r"\[source.neighbours\] has lable_days = 1"):
        neighbours_of(deployment, deployment.settings.source[0])


KEYED = """
[privacy.keys]
k1 = { env = "NEIGHBOURS_KEY" }
"""


def test_accounts_are_pseudonyms_wherever_they_are_kept_and_the_graph_is_the_same(
    tmp_path, workshop, monkeypatch
):
    (plain,) = of_file(workshop)
    monkeypatch.setenv("NEIGHBOURS_KEY", bytes(range(32)).hex())
    settings = SETTINGS.replace("label_days = 1", 'label_days = 1, pseudonyms = "bank"') + KEYED
    (tmp_path / "flyball.toml").write_text(settings)
    with Workshop(open_deployment(tmp_path)) as hidden:
        (told,) = of_file(hidden)
        row = row_of(told.text)
        assert row["payer"].startswith("ACCOUNT_k1_")
        assert row["payee_received_accounts_7d"] == 2
        names = {"payer", "payee"}
        assert {k: v for k, v in row.items() if k not in names} == {
            k: v for k, v in row_of(plain.text).items() if k not in names
        }
        blob = hidden.blobs.put(canonical_json(told))  # what was decided holds pseudonyms, once
        hidden.ledger.append(kind="decision", actor="test", body={}, refs=(blob,))
        assert of_file(hidden) == [told]


def test_pseudonyms_without_a_key_are_refused(tmp_path, workshop):
    del workshop
    (tmp_path / "flyball.toml").write_text(SETTINGS.replace("label_days", 'pseudonyms = "bank", label_days'))
    deployment = open_deployment(tmp_path)
    with pytest.raises(BadInput, match=r"asks for pseudonyms, and \[privacy.keys\] names no key"):
        neighbours_of(deployment, deployment.settings.source[0])


def test_a_served_transfer_from_the_future_is_refused(workshop):
    served = Remembered(workshop, workshop.deployment.settings.source[0])
    row = {"id": "9", "time": "2026-01-06T00:00:00Z", "payer": "d", "payee": "b", "amount": 25.0}
    [told] = served.told([row], tenant="default")
    assert isinstance(told, BadTransfers)
    assert told.message == "The transfer claims to be of 2026-01-06T00:00:00Z, more than a day from now."


def test_a_served_deployment_remembers_for_each_tenant_what_was_decided_for_it(workshop):
    served = Remembered(workshop, workshop.deployment.settings.source[0])
    row = {"id": "3", "time": "2026-01-03T10:00:00Z", "payer": "d", "payee": "b", "amount": 25.0}
    told = served.told([row], tenant="default")
    assert served.told([row], tenant="default") == told
    blob = workshop.blobs.put(canonical_json(document_of_row({**row, "id": "x", "payer": "e"}, name="x")))
    body = {"context": {"tenant": "other"}}
    workshop.ledger.append(kind="decision", actor="test", body=body, refs=(blob,))
    later = {**row, "id": "4", "time": "2026-01-03T11:00:00Z", "payer": "f"}
    assert served.told([later], tenant="default")[0]["payee_received_accounts_7d"] == 3  # a, c, d
    assert served.told([later], tenant="other")[0]["payee_received_accounts_7d"] == 3  # a, c, e
    workshop.ledger.append(kind="decision", actor="test", body={}, refs=(blob,))
    last = {**row, "id": "5", "time": "2026-01-03T12:00:00Z", "payer": "g"}
    assert served.told([last], tenant="default")[0]["payee_received_accounts_7d"] == 5  # a, c, d, f, e


def test_served_transfers_are_told_together_what_each_would_be_told_alone(workshop):
    source = workshop.deployment.settings.source[0]
    row = {"id": "n0", "time": "2026-01-03T10:00:00Z", "payer": "d", "payee": "b", "amount": 25.0}
    rows = [
        row | {"id": f"n{n}", "time": f"2026-01-03T{10 + n // 8}:{n % 8:02d}:00Z", "payer": "dabc"[n % 4]}
        for n in range(40)
    ]
    rows[7]["time"] = "2026-01-02T09:00:00Z"  # comes late
    rows[9] = dict(rows[4])  # comes twice
    rows[12]["amount"] = -1.0
    rows[13]["amount"] = "ten"
    rows[20]["amount"] = 30  # a whole number
    rows[21]["note"] = None
    rows[22]["note"] = "x"
    rows[23]["time"] = "2026-02-01T00:00:00Z"  # claims to be of the future
    del rows[30]["payee"]
    together = Remembered(workshop, source).told(rows, tenant="default")
    alone = Remembered(workshop, source)
    each = [alone.told([row], tenant="default")[0] for row in rows]
    wrong = [place for place, one in enumerate(together) if isinstance(one, BadTransfers)]
    assert wrong == [12, 13, 23, 30]
    for one, other in zip(together, each, strict=True):
        assert str(one) == str(other)
