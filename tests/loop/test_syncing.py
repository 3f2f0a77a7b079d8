"""What is new in a source becomes a snapshot, or the one before stays.

A table of 30 accounts in SQLite; each test adds, changes or breaks something and counts by hand.
"""

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pytest

from flyball.core.errors import Refused
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.errors import Overtaken
from flyball.data.datasets.loading import Load, open_load
from flyball.data.datasets.snapshots import list_snapshots, read_snapshot, write_snapshot
from flyball.data.labels.columns import labels_of_card
from flyball.data.privacy.treatment.errors import BadTreatment, Untreatable, Untreated
from flyball.data.quality.errors import ContractBroken
from flyball.data.sources.errors import BadSource, SchemaDrifted, SourceGone, UnknownStream
from flyball.data.sources.source import Batch, Stream
from flyball.ledger.ledger import Ledger
from flyball.loop import syncing
from flyball.loop.deployment import open_deployment
from flyball.loop.erased import BEGUN, subject_digest
from flyball.loop.init import init_deployment
from flyball.loop.lineage import lineage_of_row
from flyball.loop.revealing import keys_of
from flyball.loop.sources import find_source
from flyball.loop.syncing import ROW_NUMBER, dataset_of, schema_changes, sync_source
from flyball.loop.workshop import Workshop

SOURCE = """
[[source]]
name = "core"
url = "sqlite:///core.db"
data_labels = ["residency:EU"]
settings = { batch_rows = 4 }

[[source.stream]]
name = "accounts"
key = ["account"]
cursor = "changed"
contract = "accounts.toml"

[privacy.keys]
k1 = { env = "KEY_1" }
"""
CONTRACT = """
owner = "Core banking"
subject = "customer"

[[column]]
name = "account"
type = "string"
required = true
unique = true
pattern = "A[0-9]{3}"

[[column]]
name = "customer"
type = "int64"
labels = ["personal-data"]
treatment = "pseudonymise"
treatment_settings = { alphabet = "digits" }

[[column]]
name = "balance"
type = "decimal(12, 2)"
at_least = 0

[[column]]
name = "changed"
type = "int64"
"""


class Bank:
    def __init__(self, root):
        self.root = root
        self.sql(
            "create table accounts (account text primary key, customer integer, balance decimal(12, 2), "
            "changed integer)"
        )
        for number in range(30):
            self.put(f"A{number:03}", number % 7, number * 1.5, number)

    def sql(self, statement, *values):
        with sqlite3.connect(self.root / "core.db") as connection:
            connection.execute(statement, values)
        connection.close()

    def put(self, *row):
        self.sql(
            "insert or replace into accounts (account, customer, balance, changed) values (?, ?, ?, ?)", *row
        )

    def sync(self, **options):
        with Workshop(open_deployment(self.root)) as workshop:
            (done,) = sync_source(workshop, find_source(workshop.deployment, "core"), **options)
            return done

    def held(self, dataset="core_accounts"):
        with (
            Workshop(open_deployment(self.root)) as workshop,
            open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue,
        ):
            found = list_snapshots(catalogue, dataset)
            return found, read_snapshot(catalogue, dataset) if found else None

    def entries(self, kind):
        with Workshop(open_deployment(self.root)) as workshop:
            return [entry.body for entry in workshop.ledger.entries(kind)]


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.setenv("KEY_1", bytes(range(32)).hex())
    root = tmp_path / "bank"
    init_deployment("contract-review", root)
    (root / "accounts.toml").write_text(CONTRACT)
    with (root / "flyball.toml").open("a") as file:
        file.write(SOURCE)
    return Bank(root)


def test_a_first_load_is_whole_and_the_next_ones_bring_what_changed(bank):
    first = bank.sync()
    assert (first.outcome, first.read, first.rows, first.dataset) == ("loaded", 30, 30, "core_accounts")
    bank.put("A003", 3, 999, 100)
    bank.put("A500", 5, 1, 101)
    second = bank.sync()
    assert second.rows == 31
    assert second.read < 10
    table = bank.held()[1]
    balances = dict(zip(table["account"].to_pylist(), map(float, table["balance"].to_pylist()), strict=True))
    assert (balances["A003"], balances["A500"], balances["A004"]) == (999, 1, 6)
    assert [entry["read"] for entry in bank.entries("source.synced")] == [30, second.read]


def test_personal_data_is_treated_before_anything_is_kept(bank):
    bank.sync()
    _, table = bank.held()
    customers = table["customer"].to_pylist()
    assert len(set(customers)) == 7
    assert not set(customers) & set(range(7))
    warehouse = bank.root / ".flyball" / "warehouse"
    assert list(warehouse.rglob("*.parquet"))
    (snapshot,) = bank.held()[0]
    assert snapshot.card["treatments"] == ["customer: pseudonymise"]
    assert snapshot.card["subject"] == "customer"


def test_labels_of_deployment_source_and_column_travel_with_the_snapshot(bank):
    bank.sync()
    (snapshot,) = bank.held()[0]
    labels = labels_of_card(snapshot.card, ["customer", "balance"])
    assert labels["balance"] == ("personal-data", "residency:EU", "residency:local")
    assert "personal-data" in labels["customer"]


def test_rows_that_break_the_contract_leave_the_snapshot_as_it_was(bank):
    bank.sync()
    bank.put("A600", 1, -5, 200)
    bank.put("B601", 1, 5, 201)
    with pytest.raises(ContractBroken) as broken:
        bank.sync()
    assert broken.value.message == (
        "core/accounts does not keep its contract: account: 1 row not of the form A[0-9]{3}; "
        "balance: 1 row below 0. 2 of 3 rows broken. The snapshot before stays. "
        "For instance row 3 with account x999; row 2 with account x999, balance -9.99."
    )
    assert bank.held()[1].num_rows == 30
    (told,) = bank.entries("source.contract_broken")
    assert told["report"]["left_out"] == 2
    bank.put("A600", 1, 5, 202)
    bank.sql("delete from accounts where account = 'B601'")
    assert bank.sync().rows == 31  # what came with the broken rows is not lost


def test_what_breaks_the_whole_counts_no_row_and_promises_no_snapshot(bank):
    contract(bank, 'owner = "Core banking"', "rows_at_least = 31")
    with pytest.raises(ContractBroken) as broken:
        bank.sync()
    assert broken.value.message == (
        "core/accounts does not keep its contract: 30 rows, at least 31 expected. No snapshot was made."
    )


def test_a_treatment_that_fails_keeps_nothing(bank):
    bank.sync()
    bank.put("A700", -3, 5, 300)  # negative: has no pseudonym
    with pytest.raises(Untreatable, match="customer could not be treated"):
        bank.sync()
    assert bank.held()[1].num_rows == 30


def test_a_source_whose_columns_changed_is_reported_until_somebody_accepts(bank):
    bank.sync()
    bank.sql("alter table accounts add column iban text")
    with pytest.raises(SchemaDrifted, match=r"new column iban \(string\)"):
        bank.sync()
    assert bank.held()[1].num_rows == 30
    (bank.root / "accounts.toml").write_text('extra_columns = "allow"\n' + CONTRACT)
    done = bank.sync(accept_changes=True)
    assert done.changes == ("new column iban (string)",)
    assert "iban" in bank.held()[1].column_names
    assert [entry["accepted"] for entry in bank.entries("source.schema_changed")] == [False, True]
    again = bank.sync()
    assert (again.outcome, again.changes) == ("unchanged", ())
    assert len(bank.held()[0]) == 2


def test_a_contract_that_does_not_fit_the_columns_stops_before_a_row_is_read(bank):
    (bank.root / "accounts.toml").write_text(CONTRACT.replace('"decimal(12, 2)"', '"string"'))
    with pytest.raises(ContractBroken, match=r"balance: the column is decimal128\(12, 2\), string expected"):
        bank.sync()
    assert bank.held() == ([], None)


def test_killed_in_the_middle_the_same_call_goes_on(bank):
    """A thousand rows in batches of four; the process is killed while it reads, then the rest is loaded."""
    with sqlite3.connect(bank.root / "core.db") as connection:
        connection.executemany(
            "insert into accounts values (?, ?, ?, ?)", [(f"A{n:03}", n, 1, n) for n in range(100, 1000)]
        )
    connection.close()
    program = f"""
import time
from pathlib import Path
import flyball.loop.syncing as syncing
from flyball.data.datasets.loading import Load, open_load
from flyball.loop.deployment import open_deployment
from flyball.loop.sources import find_source
from flyball.loop.workshop import Workshop

def slowly(load, *rest, add=Load.add):
    add(load, *rest)
    print("added", flush=True)
    time.sleep(0.02)

Load.add = slowly
syncing.open_load = lambda *given, **named: open_load(*given, **named, commit_rows=40)
with Workshop(open_deployment(Path({str(bank.root)!r}))) as workshop:
    list(syncing.sync_source(workshop, find_source(workshop.deployment, "core")))
"""
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    for _ in range(60):
        assert running.stdout.readline() == "added\n"
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert bank.held()[1] is None or bank.held()[1].num_rows == 0
    done = bank.sync()
    assert done.rows == 930
    assert 0 < done.read < 930 - 100  # what was committed before the kill is not read again
    assert len(set(bank.held()[1].column("account").to_pylist())) == 930


def test_a_stream_without_a_key_gets_row_numbers_and_is_loaded_whole(bank):
    bank.sql("create table notes (text text)")
    for number in range(5):
        bank.sql("insert into notes values (?)", f"note {number}")
    text = (bank.root / "flyball.toml").read_text()
    (bank.root / "flyball.toml").write_text(
        text.replace(
            'name = "accounts"\nkey = ["account"]\ncursor = "changed"\ncontract = "accounts.toml"',
            'name = "notes"\ndataset = "remarks"',
        )
    )
    done = bank.sync()
    assert (done.dataset, done.rows) == ("remarks", 5)
    assert bank.held("remarks")[1][ROW_NUMBER].to_pylist() == [0, 1, 2, 3, 4]
    bank.sql("insert into notes values ('note 5')")
    assert bank.sync().rows == 6


def test_lineage_finds_the_snapshots_of_a_row(bank):
    bank.sync()
    with Workshop(open_deployment(bank.root)) as workshop:
        graph = lineage_of_row(workshop, "core", "A003")
    assert [node.kind for node in graph.nodes.values()] == ["row", "snapshot"]


def test_data_without_a_licence_is_refused_by_the_gate(bank):
    path = bank.root / "flyball.toml"
    path.write_text(path.read_text().replace('licence = "Apache-2.0"', 'licence = "unknown"'))
    with pytest.raises(Refused, match="states no licence"):
        bank.sync()
    assert bank.held()[1] is None or bank.held()[1].num_rows == 0


class Scripted:
    """A source whose batches are written down: what a service may do, without the service."""

    name = "core"

    def __init__(self, schema, batches, cursor="delta link", key=("id",)):
        self.stream = Stream("things", schema, key, cursor)
        self.script = batches

    def check(self):
        return {"server": "none"}

    def streams(self):
        return (self.stream,)

    def batches(self, stream, state=""):
        for rows, at, gone, anew in self.script(state):
            removed = gone and pa.RecordBatch.from_pylist(
                gone, schema=pa.schema([self.stream.schema.field("id")])
            )
            yield Batch(
                pa.RecordBatch.from_pylist(rows, schema=self.stream.schema), at, removed or None, anew
            )


@pytest.fixture
def scripted(bank, monkeypatch):
    """Run a script in the place of the database."""
    text = (bank.root / "flyball.toml").read_text()
    (bank.root / "flyball.toml").write_text(text[: text.index("[[source.stream]]")])

    def run(source, **options):
        monkeypatch.setattr(syncing, "open_source", lambda deployment, settings: source)
        done = bank.sync(**options)
        return done, bank.held("core_things")[1]

    return run


THINGS = pa.schema([("id", pa.int64()), ("name", pa.string())])


def test_rows_that_the_source_says_are_gone_go(scripted):
    def script(state):
        if not state:
            return [([{"id": n, "name": "x"} for n in range(5)], "delta-1", None, False)]
        return [([{"id": 4, "name": "y"}, {"id": 9, "name": "z"}], "delta-2", [{"id": 0}, {"id": 1}], False)]

    scripted(Scripted(THINGS, script))
    done, table = scripted(Scripted(THINGS, script))
    assert (done.read, done.removed, done.rows) == (2, 2, 4)
    assert sorted((row["id"], row["name"]) for row in table.to_pylist()) == [
        (2, "x"), (3, "x"), (4, "y"), (9, "z")
    ]  # fmt: skip


def test_a_source_that_lost_track_is_loaded_whole_so_that_nothing_gone_stays(scripted):
    def script(state):
        if state == "delta-1":
            return [([], "", None, True), ([{"id": 7, "name": "new"}], "half", None, False)]
        rows = [{"id": n, "name": "x"} for n in (range(5) if first else (3, 7))]
        return [(rows, "delta-1", None, False)]

    first = True
    scripted(Scripted(THINGS, script))
    first = False
    done, table = scripted(Scripted(THINGS, script))
    assert sorted(table["id"].to_pylist()) == [3, 7]
    assert done.rows == 2


def test_a_source_that_cannot_go_on_in_the_middle_begins_again_and_doubles_nothing(scripted):
    def broken(state):
        assert state == ""
        yield [{"id": 1, "name": "a"}], "", None, False
        yield [{"id": 2, "name": "b"}], "", None, False
        raise SourceGone("It went away.", fix="Try again.")

    def sound(state):
        assert state == ""
        yield [{"id": 1, "name": "a"}], "", None, False
        yield [{"id": 2, "name": "b"}], "done", None, False

    with pytest.raises(SourceGone):
        scripted(Scripted(THINGS, broken, cursor="", key=()))
    done, table = scripted(Scripted(THINGS, sound, cursor="", key=()))
    assert done.rows == 2
    assert table[ROW_NUMBER].to_pylist() == [0, 1]


def test_numbers_that_iceberg_cannot_hold_keep_every_digit(scripted):
    schema = pa.schema([("id", pa.int64()), ("big", pa.decimal256(50, 2)), ("took", pa.duration("us"))])
    row = {
        "id": 1,
        "big": Decimal("123456789012345678901234567890123456789012.25"),
        "took": dt.timedelta(seconds=2),
    }
    _, table = scripted(Scripted(schema, lambda state: [([row], "done", None, False)]))
    assert table.to_pylist() == [{"id": 1, "big": str(row["big"]), "took": 2_000_000}]


def test_a_source_nothing_may_be_learned_from_says_so_on_every_column(scripted, bank):
    schema = THINGS.with_metadata({"flyball.use": "no-training"})
    scripted(Scripted(schema, lambda state: [([{"id": 1, "name": "x"}], "done", None, False)]))
    (snapshot,) = bank.held("core_things")[0]
    assert all("no-training" in one for one in labels_of_card(snapshot.card, ["id", "name"]).values())


def test_personal_data_without_a_treatment_is_reported_or_refused(bank):
    bank.sql("create table people (id integer primary key, mail text)")
    for number in range(20):
        bank.sql("insert into people values (?, ?)", number, f"ada{number}@example.com")
    text = (bank.root / "flyball.toml").read_text()
    written = text.replace('name = "accounts"\nkey = ["account"]\ncursor = "changed"', 'name = "people"')
    (bank.root / "flyball.toml").write_text(written)
    contract = '[[column]]\nname = "id"\n[[column]]\nname = "mail"\n'
    (bank.root / "accounts.toml").write_text(contract)
    assert bank.sync().untreated == ("mail: EMAIL_ADDRESS",)
    assert bank.entries("source.synced")[0]["untreated"] == ["mail: EMAIL_ADDRESS"]
    bank.sql("insert into people values (99, 'bob@example.com')")
    (bank.root / "accounts.toml").write_text('untreated = "refuse"\n' + contract)
    with pytest.raises(Untreated, match="mail: EMAIL_ADDRESS"):
        bank.sync()
    (bank.root / "accounts.toml").write_text('untreated = "refuse"\n' + contract + 'treatment = "keep"\n')
    done = bank.sync()
    assert (done.rows, done.untreated) == (21, ())


def test_a_load_does_not_bring_back_who_was_erased(bank):
    """Of 30 accounts, customer 3 has those with the numbers 3, 10, 17 and 24."""
    with Workshop(open_deployment(bank.root)) as workshop:
        body = {"subject": subject_digest(workshop, "3"), "datasets": []}
        workshop.ledger.append(kind=BEGUN, actor="person:anna", body=body)
        elsewhere = {"subject": subject_digest(workshop, "4"), "datasets": ["another"]}
        workshop.ledger.append(kind=BEGUN, actor="person:anna", body=elsewhere)
    done = bank.sync()
    assert (done.read, done.rows) == (30, 26)
    assert set(bank.held()[1]["account"].to_pylist()).isdisjoint({"A003", "A010", "A017", "A024"})
    assert bank.entries("source.synced")[0]["erased_kept_out"] == 4
    assert bank.sync(again=True).rows == 26


def test_an_unknown_stream_lists_what_there_is(bank):
    with pytest.raises(UnknownStream, match="It offers: accounts"):
        bank.sync(streams=["nothing"])


def test_a_literal_password_or_one_in_the_url_is_refused_and_not_repeated(bank):
    path = bank.root / "flyball.toml"
    written = path.read_text()
    path.write_text(written.replace("sqlite:///core.db", "postgresql://me:hunter2@db/core"))
    with pytest.raises(BadSource, match="holds a password") as refused:
        bank.sync()
    assert "hunter2" not in str(refused.value)
    path.write_text(written.replace("batch_rows = 4", 'password = "hunter2"'))
    with pytest.raises(Exception, match="A secret is a reference") as refused:
        bank.sync()
    assert "hunter2" not in str(refused.value)


def test_names_of_datasets_come_from_both_names(bank):
    with Workshop(open_deployment(bank.root)) as workshop:
        source = find_source(workshop.deployment, "core")
        assert dataset_of(source, "public.Accounts") == "core_public_accounts"
        assert keys_of(workshop).current == "k1"


def test_changes_of_columns_are_said_in_words():
    before, after = [("a", "string"), ("b", "int64")], [("b", "double"), ("c", "date32")]
    assert schema_changes(before, after) == (
        "new column c (date32)",
        "column a is gone",
        "b: double, was int64",
    )
    assert schema_changes(after, after) == ()


def contract(bank, old, new):
    path = bank.root / "accounts.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def fail_at(monkeypatch, owner, method, *, when=lambda **named: True, after=False):
    """End the process, so to speak, once: in front of a call, or directly behind it."""
    real = getattr(owner, method)
    left = [1]

    def failing(self, *given, **named):
        if not (left and when(**named)):
            return real(self, *given, **named)
        left.clear()
        if after:
            real(self, *given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, method, failing)


@pytest.mark.parametrize(
    ("owner", "method", "after"),
    [(Load, "add", False), (Load, "add", True), (Load, "publish", False), (Load, "publish", True)],
)
def test_a_load_that_ends_at_any_point_loses_and_doubles_no_row_and_is_told(
    bank, monkeypatch, owner, method, after
):
    bank.sync()
    bank.put("A003", 3, 999, 100)
    bank.put("A500", 5, 1, 101)
    fail_at(monkeypatch, owner, method, after=after)
    with pytest.raises(KeyboardInterrupt):
        bank.sync()
    assert len(bank.entries("source.synced")) == 1
    assert bank.sync().rows == 31
    snapshots, table = bank.held()
    assert len(set(table["account"].to_pylist())) == table.num_rows == 31
    told = bank.entries("source.synced")
    assert [entry["snapshot"] for entry in told] == [one.digest for one in snapshots]
    assert len(snapshots) == 2


def test_a_load_that_the_ledger_was_not_told_of_is_told_by_the_next_one(bank, monkeypatch):
    fail_at(monkeypatch, Ledger, "append", when=lambda kind, **rest: kind == "source.synced")
    with pytest.raises(KeyboardInterrupt):
        bank.sync()
    (made,) = bank.held()[0]
    assert bank.entries("source.synced") == []
    bank.sync()
    (told,) = bank.entries("source.synced")
    assert (told["snapshot"], told["rows"], told["recovered"]) == (made.digest, 30, True)
    assert (told["key"], told["treatments"]) == (["account"], {"customer": "pseudonymise"})
    assert "read" not in told  # nobody knows any more
    bank.sync()
    assert len(bank.entries("source.synced")) == 1


def test_a_table_that_did_not_change_makes_no_second_snapshot(bank):
    bank.sync()
    again = bank.sync()
    assert (again.outcome, again.rows) == ("unchanged", 30)
    assert again.read == 1  # the last moment is read again
    assert len(bank.held()[0]) == len(bank.entries("source.synced")) == 1
    bank.put("A029", 1, 3, 29)  # the same moment, another balance
    assert bank.sync().outcome == "loaded"
    assert len(bank.held()[0]) == 2


def test_a_table_without_a_cursor_that_was_emptied_is_empty(bank):
    text = (bank.root / "flyball.toml").read_text()
    (bank.root / "flyball.toml").write_text(text.replace('cursor = "changed"\n', ""))
    bank.sync()
    assert bank.sync().outcome == "unchanged"
    bank.sql("delete from accounts")
    assert bank.sync().rows == 0
    assert bank.held()[1].num_rows == 0


def test_a_stricter_treatment_reaches_the_rows_that_are_there_already(bank):
    contract(
        bank, '"int64"\nlabels = ["personal-data"]\ntreatment = "pseudonymise"', '"int64"\ntreatment = "keep"'
    )
    contract(bank, 'treatment_settings = { alphabet = "digits" }\n', "")
    bank.sync()
    assert set(bank.held()[1]["customer"].to_pylist()) == set(range(7))
    (bank.root / "accounts.toml").write_text(CONTRACT)
    done = bank.sync()
    assert (done.read, done.changes) == (30, (syncing.RULES_CHANGED,))
    assert not set(bank.held()[1]["customer"].to_pylist()) & set(range(7))


def test_rows_that_were_staged_under_a_weaker_treatment_are_not_published(bank, monkeypatch):
    contract(bank, '"pseudonymise"\ntreatment_settings = { alphabet = "digits" }', '"keep"')
    fail_at(monkeypatch, Load, "publish")
    monkeypatch.setattr(
        syncing, "open_load", lambda *given, **named: open_load(*given, commit_rows=4, **named)
    )
    with pytest.raises(KeyboardInterrupt):
        bank.sync()
    (bank.root / "accounts.toml").write_text(CONTRACT)
    assert bank.sync().rows == 30
    assert not set(bank.held()[1]["customer"].to_pylist()) & set(range(7))


def test_a_new_key_of_pseudonyms_doubles_nobody(bank, monkeypatch):
    """The key of a row is a pseudonym: under another key every row would come a second time."""
    contract(bank, 'pattern = "A[0-9]{3}"', 'pattern = "A[0-9]{3}"\ntreatment = "pseudonymise"')
    bank.sync()
    monkeypatch.setenv("KEY_1", bytes(range(1, 33)).hex())
    bank.put("A003", 3, 999, 100)
    assert bank.sync(again=True).rows == 30


def test_words_for_people_in_a_contract_load_nothing_again(bank):
    bank.sync()
    contract(bank, 'owner = "Core banking"', 'owner = "Payments"\ndescription = "Accounts."')
    done = bank.sync()
    assert (done.read, done.changes) == (1, ())
    assert bank.held()[0][-1].card["owner"] == "Payments"


def test_a_label_reaches_the_dataset_though_no_row_came(scripted, bank):
    def script(state):
        return [] if state else [([{"id": 1, "name": "x"}], "done", None, False)]

    scripted(Scripted(THINGS, script))
    path = bank.root / "flyball.toml"
    path.write_text(path.read_text().replace('["residency:EU"]', '["residency:EU", "purpose:fraud"]'))
    path.write_text(path.read_text().replace("tags = [", 'tags = ["fraud", '))
    done, table = scripted(Scripted(THINGS, script))
    assert (done.outcome, table.num_rows) == ("unchanged", 1)
    labels = labels_of_card(bank.held("core_things")[0][-1].card, ["id", "name"])
    assert all("purpose:fraud" in one for one in labels.values())
    scripted(Scripted(THINGS, script))
    assert len(bank.held("core_things")[0]) == 2


@pytest.mark.parametrize("how", ["redact", "mask"])
def test_a_treatment_that_merges_keys_is_refused_before_rows_are_lost(bank, how):
    contract(bank, 'pattern = "A[0-9]{3}"', f'pattern = "A[0-9]{{3}}"\ntreatment = "{how}"')
    with pytest.raises(BadTreatment, match=f"{how} would make different values of the key column account"):
        bank.sync()


def test_a_rule_about_a_column_that_is_dropped_is_refused(bank):
    contract(
        bank, 'treatment = "pseudonymise"\ntreatment_settings = { alphabet = "digits" }', 'treatment = "drop"'
    )
    contract(bank, 'subject = "customer"', 'unique = [["customer", "changed"]]')
    with pytest.raises(BadTreatment, match="whether customer is unique or known elsewhere, and drops it"):
        bank.sync()


def test_the_state_of_a_source_holds_no_value_of_a_treated_key(bank, monkeypatch):
    contract(bank, 'pattern = "A[0-9]{3}"', 'pattern = "A[0-9]{3}"\ntreatment = "pseudonymise"')
    monkeypatch.setattr(
        syncing, "open_load", lambda *given, **named: open_load(*given, commit_rows=4, **named)
    )
    fail_at(monkeypatch, Load, "publish")
    with pytest.raises(KeyboardInterrupt):
        bank.sync()
    assert bank.sync().rows == 30
    for file in (bank.root / ".flyball" / "warehouse").rglob("*"):
        assert not file.is_file() or b"A019" not in file.read_bytes(), file.name


def test_a_stream_does_not_write_over_rows_of_another(bank):
    bank.sync()
    bank.sql("create table notes (text text primary key)")
    path = bank.root / "flyball.toml"
    path.write_text(
        path.read_text().replace(
            "[privacy.keys]",
            '[[source.stream]]\nname = "notes"\ndataset = "core_accounts"\n[privacy.keys]',
        )
    )
    with pytest.raises(
        BadSource, match="core/notes would be loaded into core_accounts, whose rows come from core/a"
    ):
        bank.sync(streams=["notes"])
    assert bank.held()[1].num_rows == 30


def test_two_loads_of_the_same_new_rows_at_once_do_not_double_them(scripted, bank, monkeypatch):
    """Appended rows have no key: the second process must see that the first one brought them."""

    def script(state):
        return (
            [([{"id": 1, "name": "x"}], "1", None, False)]
            if not state
            else [([{"id": 2, "name": "y"}], "2", None, False)]
        )

    scripted(Scripted(THINGS, script, key=()))

    class Overlapping(Scripted):
        def batches(self, stream, state=""):
            yield from super().batches(stream, state)
            scripted(Scripted(THINGS, script, key=()))  # another process, from beginning to end

    with pytest.raises(Overtaken, match="was changed while core/things was being loaded"):
        scripted(Overlapping(THINGS, script, key=()))
    assert sorted(bank.held("core_things")[1]["id"].to_pylist()) == [1, 2]


def test_a_load_that_ended_before_this_one_opened_its_own_does_not_double_rows(scripted, bank, monkeypatch):
    """The state was read, then another process loaded row 2: what lies behind that state is there already."""

    def script(state):
        return [([{"id": int(state or 0) + 1, "name": "x"}], str(int(state or 0) + 1), None, False)]

    scripted(Scripted(THINGS, script, key=()))
    opened = syncing.open_load

    def late(*given, **named):
        monkeypatch.setattr(syncing, "open_load", opened)
        scripted(Scripted(THINGS, script, key=()))  # another process, from beginning to end
        return opened(*given, **named)

    monkeypatch.setattr(syncing, "open_load", late)
    with pytest.raises(Overtaken, match="Another process has just loaded core/things"):
        scripted(Scripted(THINGS, script, key=()))
    assert sorted(bank.held("core_things")[1]["id"].to_pylist()) == [1, 2]


def test_a_feed_that_has_gone_silent_is_stale_though_nothing_new_came(bank, monkeypatch):
    """The last row is of 10:00; at 11:00 nothing came and all is well, at 13:00 it is 3 hours old."""
    bank.sql("create table events (id integer primary key, at timestamp)")
    bank.sql("insert into events values (1, '2026-05-04 10:00:00')")
    path = bank.root / "flyball.toml"
    path.write_text(
        path.read_text().replace(
            'name = "accounts"\nkey = ["account"]\ncursor = "changed"', 'name = "events"\ncursor = "at"'
        )
    )
    (bank.root / "accounts.toml").write_text(
        'freshness = [{ column = "at", at_most_hours = 2 }]\n'
        '[[column]]\nname = "id"\n[[column]]\nname = "at"\ntype = "timestamp"\n'
    )

    def sync_at(hour):
        now = dt.datetime(2026, 5, 4, hour, tzinfo=dt.UTC)
        with Workshop(open_deployment(bank.root), clock=lambda: now) as workshop:
            (done,) = sync_source(workshop, find_source(workshop.deployment, "core"))
            return done.outcome

    assert [sync_at(10), sync_at(11)] == ["loaded", "unchanged"]
    with pytest.raises(ContractBroken, match=r"the youngest row is 3\.0 hours old, at most 2 allowed"):
        sync_at(13)


def test_a_delta_feed_that_says_nothing_is_stale_after_its_time(scripted, bank, monkeypatch):
    """No batch comes at all: the youngest row is remembered from the load before."""
    path = bank.root / "flyball.toml"
    path.write_text(path.read_text() + '\n[[source.stream]]\nname = "things"\ncontract = "accounts.toml"\n')
    (bank.root / "accounts.toml").write_text(
        'freshness = [{ column = "at", at_most_hours = 2 }]\n'
        '[[column]]\nname = "id"\n[[column]]\nname = "at"\n'
    )
    schema = pa.schema([("id", pa.int64()), ("at", pa.timestamp("us", "UTC"))])
    row = {"id": 1, "at": dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC)}
    source = Scripted(schema, lambda state: [] if state else [([row], "delta-1", None, False)])
    monkeypatch.setattr(syncing, "open_source", lambda deployment, settings: source)

    def sync_at(hour):
        now = dt.datetime(2026, 5, 4, hour, tzinfo=dt.UTC)
        with Workshop(open_deployment(bank.root), clock=lambda: now) as workshop:
            (done,) = sync_source(workshop, find_source(workshop.deployment, "core"))
            return done.outcome

    assert [sync_at(10), sync_at(11)] == ["loaded", "unchanged"]
    with pytest.raises(ContractBroken, match=r"the youngest row is 3\.0 hours old, at most 2 allowed"):
        sync_at(13)


def test_a_dataset_that_was_mended_by_hand_is_loaded_again_and_one_of_another_kind_is_not(bank):
    """What is written whole forgets where its sources were, and its card says whose it is."""
    bank.sync()

    def write(dataset, table, card):
        with (
            Workshop(open_deployment(bank.root)) as workshop,
            open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue,
        ):
            write_snapshot(catalogue, dataset, table, card=card)

    (held,), table = bank.held()
    write("core_accounts", table.slice(0, 3), held.card)
    assert bank.sync().rows == 30
    write("cases", table, {**held.card, "from_where": "contracts/"})
    path = bank.root / "flyball.toml"
    path.write_text(path.read_text().replace('cursor = "changed"', 'cursor = "changed"\ndataset = "cases"'))
    for again in (False, True):
        with pytest.raises(BadSource, match="would be loaded into cases, whose rows come from elsewhere"):
            bank.sync(again=again)
