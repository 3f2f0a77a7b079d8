"""A person goes out of tables, texts, outputs and caches; what cannot go is told, and a kill loses nothing.

A table of 30 accounts in SQLite, customer number `n % 7` for account `n`: customer 3 has the accounts 3, 10,
17 and 24, so 4 of 30 rows. Their number is kept as a pseudonym. Beside it a folder with one contract of
two that names Ada Lovelace.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.data.datasets import erasing
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import list_snapshots, read_snapshot, tag_snapshot, write_snapshot
from flyball.data.documents.records import Limits
from flyball.ledger.verify import verify_ledger
from flyball.loop import erasure
from flyball.loop.deciding import decide_files
from flyball.loop.deployment import open_deployment
from flyball.loop.erasure import erase, find
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.lineage import lineage_of_decision
from flyball.loop.live import live_engine
from flyball.loop.people import make_person, person_entry
from flyball.loop.sources import find_source
from flyball.loop.splitting import split_snapshot
from flyball.loop.syncing import sync_source
from flyball.loop.workshop import Workshop

REASON = "Request 2026-118"
NAME = "Ada Lovelace"
CONTRACT = """
subject = "customer"

[[column]]
name = "account"
type = "string"

[[column]]
name = "customer"
type = "int64"
labels = ["personal-data"]
treatment = "pseudonymise"
treatment_settings = { alphabet = "digits" }

[[column]]
name = "note"
type = "string"
"""
SOURCE = """
[[source]]
name = "core"
url = "sqlite:///core.db"

[[source.stream]]
name = "accounts"
key = ["account"]
contract = "accounts.toml"

[privacy]
current_key = "k1"

[privacy.keys]
k1 = { env = "KEY_1" }
k2 = { env = "KEY_2" }
"""


def customers(root, notes):
    with sqlite3.connect(root / "core.db") as bank:
        bank.execute("drop table if exists accounts")
        bank.execute("create table accounts (account text primary key, customer integer, note text)")
        rows = [(f"A{n:03}", n % 7, notes.get(n, "opened")) for n in range(30)]
        bank.executemany("insert into accounts values (?, ?, ?)", rows)
    bank.close()


def sync(root, **options):
    with Workshop(open_deployment(root)) as workshop:
        return list(sync_source(workshop, find_source(workshop.deployment, "core"), **options))


@pytest.fixture(autouse=True)
def keys(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path_factory.getbasetemp() / "people"))
    monkeypatch.setenv("KEY_1", bytes(range(32)).hex())
    monkeypatch.setenv("KEY_2", bytes(range(32, 64)).hex())


@pytest.fixture
def root(tmp_path, keys):
    root = tmp_path / "bank"
    init_deployment("contract-review", root)
    (root / "accounts.toml").write_text(CONTRACT)
    with (root / "flyball.toml").open("a") as file:
        file.write(SOURCE)
    listed = [
        (one, f"{person_entry(make_person(one), name=one, role='Officer')}kinds = [{kinds}]\n")
        for one, kinds in (("anna", '"erase"'), ("ben", '"release"'))
    ]
    (root / "people.toml").write_text("".join(text for _, text in listed))
    customers(root, {5: f"opened by  {NAME.upper()}."})
    sync(root)
    return root


@pytest.fixture
def workshop(root):
    with Workshop(open_deployment(root)) as opened:
        yield opened


def accounts(workshop):
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        return read_snapshot(catalogue, "core_accounts").to_pylist()


def bodies(workshop, kind):
    return [json.loads(json.dumps(entry.body, default=str)) for entry in workshop.ledger.entries(kind)]


def test_the_rows_of_a_person_are_found_by_pseudonym_and_go(workshop):
    (found,) = find(workshop, "3").datasets
    assert (found.dataset, found.rows, len(found.snapshots)) == ("core_accounts", 4, 1)
    assert len(accounts(workshop)) == 30
    done = erase(workshop, "3", person="anna", reason=REASON)
    assert done.complete
    assert done.removed.datasets[0].rows == 4
    left = {row["account"] for row in accounts(workshop)}
    assert left == {f"A{n:03}" for n in range(30) if n % 7 != 3}
    assert find(workshop, "3").empty


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Two of the sample contracts, of which one names the person, after a whole turn."""
    root = tmp_path_factory.mktemp("turned") / "deployment"
    init_deployment("contract-review", root)
    contracts = root / "cases" / "contracts"
    text = (contracts / "mutual-nda.txt").read_text()
    (contracts / "mutual-nda.txt").write_text(
        f"{text}\nSigned for the Recipient by Ada\nLovelace, Director.\n"
    )
    (root / "people.toml").write_text("")
    with Workshop(open_deployment(root)) as workshop:
        full_turn(workshop)
        files = [("franchise.pdf", contracts / "franchise.pdf")]
        list(decide_files(workshop, live_engine(workshop), files, context=workshop.context, limits=Limits()))
    return root


@pytest.fixture
def reviewed(turned):
    (turned / "people.toml").write_text(entry_of("anna", '"erase"'))
    with Workshop(open_deployment(turned)) as opened:
        yield opened


def entry_of(person, kinds):
    return f"{person_entry(make_person(person), name=person, role='Officer')}kinds = [{kinds}]\n"


def bytes_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def derived(workshop):
    """A split by account and customer, and features of it that name accounts alone; their parents say so."""
    split = split_snapshot(
        workshop, "core_accounts", key=["account"], entities=["customer"], shares={"train": 1.0}, salt="1"
    )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        known = read_snapshot(catalogue, split)["account"]
        features = pa.table({"account": known, "mean": [0.5] * len(known)})
        write_snapshot(catalogue, "features", features, parents=(split.digest,), card={})
        write_snapshot(catalogue, "by_hand", features, card={})  # says of nothing that it was made from it


def numbers(workshop, dataset):
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        return read_snapshot(catalogue, dataset)["account"].to_pylist()


def test_rows_that_were_made_of_the_persons_rows_go_too_by_their_key(workshop):
    derived(workshop)
    held = {one.dataset: one.rows for one in find(workshop, "3").datasets}
    assert held == {"core_accounts": 4, "core_accounts_split": 4, "features": 4}
    assert erase(workshop, "3", person="anna", reason=REASON).complete
    for dataset in ("core_accounts_split", "features"):
        assert not {"A003", "A010", "A017", "A024"} & set(numbers(workshop, dataset))
        assert len(numbers(workshop, dataset)) == 26
    assert len(numbers(workshop, "by_hand")) == 30


def test_where_a_copy_cannot_be_erased_its_origin_waits_so_that_the_next_run_finds_it(workshop, monkeypatch):
    derived(workshop)
    real = erasure.erase_rows

    def broken(catalogue, dataset, *arguments, **options):
        if dataset == "features":
            raise BadInput("The disk is broken.", fix="Mend it.")
        return real(catalogue, dataset, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase_rows", broken)
        first = erase(workshop, "3", datasets=["core_accounts"], person="anna", reason=REASON)
    assert first.remaining[:3] == (
        "dataset features: The disk is broken.",
        "dataset core_accounts_split: waits for features, which was made from it",
        "dataset core_accounts: waits for core_accounts_split, which was made from it",
    )
    assert len(accounts(workshop)) == 30
    assert erase(workshop, "3", datasets=["core_accounts"], person="anna", reason=REASON).complete
    assert [len(numbers(workshop, one)) for one in ("core_accounts", "core_accounts_split", "features")] == [
        26
    ] * 3


def test_the_same_content_in_two_datasets_goes_out_of_both(root):
    with (root / "flyball.toml").open("a") as file:
        file.write(SOURCE.partition("[privacy]")[0].replace('"core"', '"twin"'))
    with Workshop(open_deployment(root)) as workshop:
        list(sync_source(workshop, find_source(workshop.deployment, "twin")))
        with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
            (one,), (other,) = (list_snapshots(catalogue, f"{name}_accounts") for name in ("core", "twin"))
        assert one.digest == other.digest
        held = {one.dataset: one.rows for one in find(workshop, "3").datasets}
        assert held == {"core_accounts": 4, "twin_accounts": 4}


def test_a_name_goes_out_of_snapshots_texts_outputs_and_caches_of_a_turn(reviewed):
    """One of 23 contracts names the person, its 41 labels go with it; the release was tested on it."""
    state = reviewed.state
    found = find(reviewed, "ada  LOVELACE")
    assert {one.dataset: one.rows for one in found.datasets} == {"cases": 1, "labels": 41, "places": 1}
    assert len(found.documents) == len(found.releases) == 1
    assert found.blobs
    assert {name.partition("/")[0] for name in found.caches} == {"texts", "memo", "reports"}
    assert found.stuck == ()

    done = erase(reviewed, NAME, person="anna", reason=REASON)
    assert done.complete
    assert done.removed.releases == found.releases
    for path, held in bytes_below(state).items():
        assert b"Lovelace" not in held, path
    assert all(reviewed.blobs.status(one) == "erased" for one in done.removed.blobs)
    assert verify_ledger(reviewed.ledger, blobs=reviewed.blobs).ok
    assert find(reviewed, NAME).empty

    # The decision on another contract stays; its release was tested on what is gone, and says so.
    graph = lineage_of_decision(reviewed, "franchise.pdf")
    gone = {node.digest for node in graph.nodes.values() if node.verified == "erased"}
    assert {one.snapshots[0] for one in found.datasets} <= gone
    assert graph.sound

    # The file still lies in the source: a turn does not take it in again, says so, and stops for nobody else.
    again = full_turn(reviewed).turn.outputs["documents:contracts"]
    assert "mutual-nda.txt" not in {row["name"] for row in again["documents"]}
    assert "franchise.pdf" in {row["name"] for row in again["documents"]}
    (told,) = [one for one in again["unreadable"] if one["name"] == "mutual-nda.txt"]
    assert told["code"] == "documents.erased"
    assert find(reviewed, NAME).empty


def test_the_request_comes_first_in_the_ledger_and_the_proof_last_and_neither_names_anybody(workshop):
    done = erase(workshop, NAME, person="anna", reason=REASON)
    (begun,), (proof,) = bodies(workshop, "erasure.begun"), bodies(workshop, "erasure.done")
    assert begun["subject"] == proof["subject"]
    assert begun["subject"].startswith("hmac-sha256:")
    assert begun["approval"]["kind"] == "erase"
    assert proof["complete"] is True
    files = proof["removed"]["datasets"][0]["files"]
    assert all(digest.startswith("sha256:") for digest in files.values())
    assert any(path.endswith(".parquet") for path in files)
    assert workshop.ledger.entry(done.entry).kind == "erasure.done"
    assert "lovelace" not in json.dumps([begun, proof]).lower()
    assert any(line.startswith("source core") for line in done.outside)


def test_a_part_that_is_done_does_not_end_the_whole(workshop, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "_deleted", lambda files, path: False)
        assert not erase(workshop, "3", person="anna", reason=REASON).complete
    part = erase(workshop, "3", datasets=["core_accounts"], person="anna", reason=REASON)
    assert part.complete
    whole = erase(workshop, "3", person="anna", reason=REASON)
    assert whole.removed.datasets[0].rows == 4  # told by the request that had not come to its end


def test_tags_and_snapshots_that_held_the_person_go_and_older_ones_stay(root, workshop):
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        (held,) = list_snapshots(catalogue, "core_accounts")
        tag_snapshot(catalogue, held, "q4")
        customers(root, {})
        sync(root, again=True)  # Ada is gone from the source, not from the tag
        erased = erase(workshop, NAME, person="anna", reason=REASON)
        (removed,) = erased.removed.datasets
        assert (removed.rows, removed.tags) == (0, ("q4",))
        assert held.digest in removed.snapshots
        left = list_snapshots(catalogue, "core_accounts")
        assert held.digest not in {one.digest for one in left}
        assert (left[-1].rows, left[-1].card["erasure"]) == (30, erased.entry - 1)


@pytest.mark.parametrize(("person", "why"), [("ben", 'has no "erase"'), ("eve", "is not listed")])
def test_nobody_else_erases_and_the_try_is_written_down(workshop, person, why):
    with pytest.raises(Refused, match=why):
        erase(workshop, "3", person=person, reason=REASON)
    assert len(accounts(workshop)) == 30
    assert bodies(workshop, "erasure.refused")[0]["person"] == person
    assert bodies(workshop, "erasure.begun") == []


def test_a_request_without_a_reason_without_a_subject_or_with_the_name_in_it_is_refused(workshop):
    for reason in ("", f"Asked by {NAME}"):
        with pytest.raises(BadInput, match="needs a reason"):
            erase(workshop, NAME, person="anna", reason=reason)
    with pytest.raises(BadInput, match="either a subject or a document"):
        find(workshop)
    with pytest.raises(UnknownName, match="No known documents have the digest"):
        find(workshop, document="sha256:000000")
    with pytest.raises(UnknownName, match="There is no dataset 'nothing'"):
        find(workshop, NAME, datasets=["nothing"])


def test_a_short_value_is_looked_for_in_named_columns_only(workshop):
    assert find(workshop, "5").datasets[0].rows == 4  # 5, 12, 19, 26: not the many texts with a 5
    assert find(workshop, "0pened").empty


def test_a_pseudonym_of_an_older_key_is_found(root, workshop):
    toml = (root / "flyball.toml").read_text()
    (root / "flyball.toml").write_text(toml.replace('current_key = "k1"', 'current_key = "k2"'))
    with Workshop(open_deployment(root)) as later:
        assert find(later, "3").datasets[0].rows == 4


def test_a_key_that_cannot_be_had_ends_the_search_instead_of_missing_somebody(workshop, monkeypatch):
    monkeypatch.delenv("KEY_2")
    with pytest.raises(BadInput, match="KEY_2"):
        find(workshop, "3")


def test_a_file_that_cannot_be_deleted_is_in_the_proof_and_the_next_run_takes_it(workshop, monkeypatch):
    """Broken on purpose: no list of files can be deleted, so the rows stay findable with it."""
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "_deleted", lambda files, path: False)
        done = erase(workshop, "3", person="anna", reason=REASON)
    assert not done.complete
    assert done.remaining[0].startswith("dataset core_accounts: ")
    assert bodies(workshop, "erasure.done")[0]["complete"] is False
    assert len(accounts(workshop)) == 26  # no longer read by anybody
    again = erase(workshop, "3", person="anna", reason=REASON)
    assert again.complete
    assert again.removed.datasets[0].rows == 4
    assert find(workshop, "3").empty


KILLED = """
import os, signal, sys
from pathlib import Path
from flyball.data.datasets import erasing
from flyball.loop.deployment import open_deployment
from flyball.loop.erasure import erase
from flyball.loop.workshop import Workshop

where, number = sys.argv[2], int(sys.argv[3])
real, calls = getattr(erasing, where), []

def dies(*args):
    calls.append(1)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)

setattr(erasing, where, dies)
with Workshop(open_deployment(Path(sys.argv[1]))) as workshop:
    erase(workshop, "3", person="anna", reason="Request 2026-118")
"""


@pytest.mark.parametrize(("where", "number"), [("_commit", 1), ("_deleted", 1), ("_deleted", 4)])
def test_killed_at_any_point_the_same_call_goes_on(root, where, number):
    command = [sys.executable, "-c", KILLED, str(root), where, str(number)]
    done = subprocess.run(command, capture_output=True, env=os.environ, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Workshop(open_deployment(root)) as workshop:
        assert not find(workshop, "3").empty
        again = erase(workshop, "3", person="anna", reason=REASON)
        assert again.complete
        assert again.removed.datasets[0].rows == 4
        assert any(path.endswith(".parquet") for path in again.removed.datasets[0].files)
        assert len(accounts(workshop)) == 26
        assert find(workshop, "3").empty
        last = erase(workshop, "3", person="anna", reason=REASON)
        assert (last.complete, last.removed.datasets) == (True, ())
