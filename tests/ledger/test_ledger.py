"""By hand: an entry is the canonical JSON of seven fields in alphabetical order; its hash is SHA-256 of
0x00 and those bytes. Two entries have the root SHA-256(0x01, hash 0, hash 1).
"""

import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.ledger.checkpoints import read_checkpoint, sign_checkpoint
from flyball.ledger.errors import (
    AnchorFailed,
    BadDraft,
    BadLedgerUrl,
    KeyReused,
    LedgerClosed,
    LedgerMissing,
    LedgerRewritten,
    NoSigningKey,
    NoSuchEntry,
    NotWritten,
    OriginMismatch,
)
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft, Entry

NAME = "example.com/ledger"
NOON = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def key(tmp_path):
    return load_or_create_key(tmp_path / "key.pem", name=NAME)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_url(request, url):
    return url if request.param == "sqlite" else request.getfixturevalue("postgresql").new_database()


@pytest.fixture
def any_ledger(any_url, key):
    with open_ledger(any_url, key=key, clock=lambda: NOON) as ledger:
        yield ledger


@pytest.fixture
def ledger(url, key):
    with open_ledger(url, key=key, clock=lambda: NOON) as ledger:
        yield ledger


def add(ledger, count, *, start=0):
    drafts = [Draft("decision", {"n": start + number}, "system:test") for number in range(count)]
    return ledger.append_many(drafts)


def sqlite_shell(url, script):
    """Change the database behind the ledger's back, as somebody with its password can."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.executescript(
        f"DROP TRIGGER IF EXISTS ledger_no_update; DROP TRIGGER IF EXISTS ledger_no_delete; {script}"
    )
    connection.close()


def test_the_leaf_is_the_canonical_json_of_the_entry(any_ledger):
    ledger = any_ledger
    digest = "sha256:" + "a" * 64
    receipt = ledger.append(
        kind="release", body={"b": 1, "a": "ä"}, actor="person:jane", refs=[digest], key="k"
    )
    leaf = (
        '{"actor":"person:jane","at":"2026-11-21T12:00:00.250000Z","body":{"a":"ä","b":1},"index":0,'
        f'"key":"k","kind":"release","refs":["{digest}"]}}'
    ).encode()
    assert ledger.leaf(0) == leaf
    assert receipt.leaf_hash == hashlib.sha256(b"\x00" + leaf).hexdigest()
    entry = Entry("person:jane", NOON, {"a": "ä", "b": 1}, 0, "k", "release", (digest,))
    assert ledger.entry(0) == entry
    assert canonical_json(entry) == leaf


def test_the_root_of_two_entries_joins_their_hashes(ledger):
    first, second = add(ledger, 2)
    joined = b"\x01" + bytes.fromhex(first.leaf_hash) + bytes.fromhex(second.leaf_hash)
    assert ledger.root() == hashlib.sha256(joined).digest()


def test_indexes_count_from_zero_without_gaps(ledger):
    assert [receipt.index for receipt in add(ledger, 3) + add(ledger, 2)] == [0, 1, 2, 3, 4]
    assert ledger.size() == 5


def test_entries_are_read_by_kind_and_from_a_place(any_ledger):
    ledger = any_ledger
    add(ledger, 3)
    ledger.append(kind="release", body={}, actor="a")
    add(ledger, 1)
    assert [entry.index for entry in ledger.entries()] == [0, 1, 2, 3, 4]
    assert [entry.index for entry in ledger.entries("decision", start=1)] == [1, 2, 4]
    assert [entry.index for entry in ledger.entries(start=1, stop=3)] == [1, 2]


def test_an_index_outside_the_ledger_is_an_error_with_its_size(ledger):
    add(ledger, 2)
    with pytest.raises(NoSuchEntry) as caught:
        ledger.entry(2)
    assert str(caught.value) == (
        "[ledger.no_such_entry] 2 is outside this ledger of 2 entries. "
        "Use an index from 0 to one less than the size."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Not OK"}, "'Not OK' cannot be the kind of an entry."),
        ({"kind": ""}, "'' cannot be the kind of an entry."),
        ({"actor": ""}, "'' cannot be the actor of an entry."),
        ({"key": "two words"}, "'two words' cannot be the key of an entry."),
        ({"key": ""}, "'' cannot be the key of an entry."),
        ({"refs": ["abc"]}, "'abc' is not a digest."),
        ({"body": [1]}, "The body of an entry must be a JSON object, got list."),
        (
            {"body": {"a": "x" * 8_400_000}},
            "The body of this 'decision' entry has 8400008 bytes; 8323072 are the most.",
        ),
    ],
)
def test_malformed_drafts_are_refused_before_anything_is_written(ledger, change, message):
    with pytest.raises(BadDraft) as caught:
        ledger.append(**{"kind": "decision", "body": {}, "actor": "a", **change})
    assert caught.value.message == message
    assert ledger.size() == 0


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": object()}, {"a": "\ud800"}])
def test_a_body_without_json_form_is_refused(ledger, body):
    with pytest.raises(BadInput):
        ledger.append(kind="decision", body=body, actor="a")


def test_the_same_key_and_content_is_written_once(any_ledger):
    ledger = any_ledger
    first = ledger.append(kind="decision", body={"n": 1}, actor="a", key="k")
    again = ledger.append(kind="decision", body={"n": 1}, actor="a", key="k")
    assert (again.index, again.leaf_hash, again.repeated) == (0, first.leaf_hash, True)
    assert not first.repeated
    assert ledger.size() == 1
    assert ledger.entry_by_key("k") == ledger.entry(0)
    assert ledger.entry_by_key("other") is None


@pytest.mark.parametrize("change", [{"body": {"n": 2}}, {"kind": "release"}, {"actor": "b"}])
def test_the_same_key_with_another_content_is_refused(ledger, change):
    ledger.append(kind="decision", body={"n": 1}, actor="a", key="k")
    with pytest.raises(KeyReused) as caught:
        ledger.append(**{"kind": "decision", "body": {"n": 1}, "actor": "a", "key": "k", **change})
    assert str(caught.value) == (
        "[ledger.key_reused] The key 'k' stands for another content since entry 0. "
        "Use a new key for new content, or repeat exactly what was written."
    )
    assert ledger.size() == 1


def test_several_entries_are_written_all_or_none(any_ledger):
    ledger = any_ledger
    ledger.append(kind="decision", body={"n": 1}, actor="a", key="k")
    with pytest.raises(KeyReused):
        ledger.append_many([Draft("decision", {}, "a", key="new"), Draft("decision", {"n": 2}, "a", key="k")])
    assert ledger.size() == 1
    assert ledger.entry_by_key("new") is None
    add(ledger, 1)
    assert ledger.root() == ledger.checkpoint().root


def test_a_key_repeated_within_one_call_is_written_once(ledger):
    receipts = ledger.append_many([Draft("decision", {"n": 1}, "a", key="k")] * 2)
    assert [(receipt.index, receipt.repeated) for receipt in receipts] == [(0, False), (0, True)]
    assert ledger.append_many([]) == []


def test_many_threads_get_different_places_and_their_own_entry(any_ledger):
    ledger = any_ledger
    seen = []

    def write(thread):
        for number in range(20):
            body = {"thread": thread, "number": number}
            receipt = ledger.append(kind="decision", body=body, actor="a")
            seen.append((receipt.index, body))

    threads = [threading.Thread(target=write, args=[thread]) for thread in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(index for index, _ in seen) == list(range(320))
    assert all(ledger.entry(index).body == body for index, body in seen[::7])


def test_two_ledgers_on_one_place_write_one_tree(any_url, key, any_ledger):
    ledger = any_ledger
    with open_ledger(any_url, key=key) as other:
        for number in range(300):
            (ledger if number % 3 else other).append(kind="decision", body={"n": number}, actor="a")
        checkpoint = other.checkpoint()
        assert checkpoint.size == 300
        assert ledger.checkpoint() == checkpoint
    assert [entry.index for entry in ledger.entries()] == list(range(300))
    assert ledger.root() == checkpoint.root


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_the_tree_is_the_same_after_reopening(any_url, key, size):
    with open_ledger(any_url, key=key) as ledger:
        add(ledger, size)
    with open_ledger(any_url, key=key) as ledger:
        add(ledger, 3)
        hashes = [leaf_hash(ledger.leaf(index)) for index in range(size + 3)]
        checkpoint = ledger.checkpoint()
        for index in {0, size // 2, size - 1, size, size + 2}:
            path = ledger.inclusion_proof(index)
            assert verify_inclusion(hashes[index], index, size + 3, path, checkpoint.root)
        for first in {0, 1, size, size + 3}:
            path = ledger.consistency_proof(first)
            assert verify_consistency(first, size + 3, path, ledger.root(first), checkpoint.root)


@pytest.mark.slow
def test_the_tree_is_right_beyond_two_levels_of_tiles(url, key):
    with open_ledger(url, key=key) as ledger:
        for start in range(0, 132_000, 4000):
            add(ledger, 4000, start=start)
        root = ledger.checkpoint().root
        for index in (0, 65_535, 65_536, 131_071, 131_999):
            path = ledger.inclusion_proof(index)
            assert verify_inclusion(leaf_hash(ledger.leaf(index)), index, 132_000, path, root)
        path = ledger.consistency_proof(65_537)
        assert verify_consistency(65_537, 132_000, path, ledger.root(65_537), root)


def test_a_checkpoint_is_signed_and_kept(any_ledger, key):
    ledger = any_ledger
    add(ledger, 3)
    checkpoint = ledger.checkpoint()
    assert read_checkpoint(checkpoint.note, key.verifier) == checkpoint
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (NAME, 3, ledger.root())
    assert ledger.checkpoints() == [checkpoint]


def test_nothing_new_means_no_new_checkpoint(ledger):
    add(ledger, 3)
    assert ledger.checkpoint() == ledger.checkpoint()
    assert len(ledger.checkpoints()) == 1


def test_the_ledger_signs_by_itself_as_it_grows(url, key):
    with open_ledger(url, key=key, checkpoint_every=10) as ledger:
        for number in range(35):
            ledger.append(kind="decision", body={"n": number}, actor="a")
        assert [checkpoint.size for checkpoint in ledger.checkpoints()] == [10, 20, 30]
    with open_ledger(url, key=key, checkpoint_every=0) as ledger:
        add(ledger, 50)
        assert len(ledger.checkpoints()) == 3


def test_without_a_key_nothing_is_signed(url):
    with open_ledger(url, origin=NAME) as ledger:
        add(ledger, 1)
        with pytest.raises(NoSigningKey):
            ledger.checkpoint()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("DELETE FROM ledger_entries WHERE idx >= 5", "only 5 entries are left"),
        ("UPDATE ledger_entries SET leaf_hash = zeroblob(32) WHERE idx = 2", "another root comes out"),
        ("DELETE FROM ledger_checkpoints", "it was removed from the database"),
    ],
)
def test_a_ledger_rewritten_behind_its_back_is_never_signed_again(url, key, script, why):
    with open_ledger(url, key=key) as ledger:
        add(ledger, 10)
        ledger.checkpoint()
        if "checkpoints" not in script:
            ledger._signed = None  # as after a restart
        sqlite_shell(url, script)
        with pytest.raises(LedgerRewritten) as caught:
            ledger.checkpoint()
    assert caught.value.message == (
        f"The ledger '{NAME}' does not contain the 10 entries of an earlier checkpoint: {why}."
    )


def test_a_forged_checkpoint_in_the_database_is_not_believed(url, key, ledger, tmp_path):
    add(ledger, 10)
    ledger.checkpoint()
    forged = load_or_create_key(tmp_path / "other.pem", name=NAME)
    note = sign_checkpoint(10, bytes(32), forged).note
    sqlite_shell(url, f"UPDATE ledger_checkpoints SET note = '{note}'")  # noqa: S608
    with open_ledger(url, key=key) as again, pytest.raises(LedgerRewritten):
        again.checkpoint()


@pytest.mark.parametrize("script", ["DELETE FROM ledger_entries", "DELETE FROM ledger_entries WHERE idx > 6"])
def test_the_anchor_tells_when_entries_and_checkpoints_were_cut_off_together(url, key, tmp_path, script):
    anchor = tmp_path / "elsewhere" / "anchor"
    with open_ledger(url, key=key, anchor=anchor) as ledger:
        add(ledger, 10)
        checkpoint = ledger.checkpoint()
    assert anchor.read_text() == checkpoint.note
    sqlite_shell(url, "DELETE FROM ledger_checkpoints")
    sqlite_shell(url, script)
    with pytest.raises(LedgerRewritten):
        open_ledger(url, key=key, anchor=anchor)
    open_ledger(url, key=key).close()  # without an anchor this cannot be seen: see docs/ledger.md


def test_the_database_itself_refuses_changes_and_deletions(url, ledger):
    add(ledger, 1)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    for statement in ("UPDATE ledger_entries SET kind = 'x'", "DELETE FROM ledger_entries"):
        with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
            connection.execute(statement)
    connection.close()


def test_an_error_of_the_disk_reaches_everyone_who_waits_and_the_next_write_works(ledger, monkeypatch):
    add(ledger, 3)
    good = ledger.store.writing
    monkeypatch.setattr(ledger.store, "writing", lambda: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(NotWritten) as caught:
        add(ledger, 1)
    assert "could not be written: OSError('no space')" in caught.value.message
    assert caught.value.retry
    monkeypatch.setattr(ledger.store, "writing", good)
    assert add(ledger, 1)[0].index == 3
    assert ledger.checkpoint().root == ledger.root()


def test_a_closed_ledger_refuses_to_write(url, key):
    ledger = open_ledger(url, key=key)
    add(ledger, 1)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerClosed):
        add(ledger, 1)


def test_a_ledger_is_not_used_across_a_fork(ledger):
    add(ledger, 1)
    ledger._process = os.getppid()
    with pytest.raises(LedgerClosed):
        add(ledger, 1)
    ledger._process = os.getpid()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///folder/", "mysql://user:secret@host/db", "nonsense", ""]
)
def test_urls_that_name_no_ledger_are_refused_without_telling_secrets(url):
    with pytest.raises(BadLedgerUrl) as caught:
        open_ledger(url, origin=NAME)
    assert "secret" not in str(caught.value)


def test_a_missing_ledger_is_not_created_when_it_must_exist(url, tmp_path):
    with pytest.raises(LedgerMissing):
        open_ledger(url, must_exist=True)
    assert list(tmp_path.iterdir()) == []


def test_an_anchor_without_a_key_is_refused_since_nothing_could_check_it(url, tmp_path):
    with pytest.raises(NoSigningKey):
        open_ledger(url, origin=NAME, anchor=tmp_path / "anchor")


def test_a_checkpoint_that_cannot_be_copied_to_the_anchor_is_an_error_but_the_entries_stay(
    url, key, tmp_path
):
    anchor = tmp_path / "folder" / "anchor"
    with open_ledger(url, key=key, anchor=anchor) as ledger:
        add(ledger, 1)
        (tmp_path / "folder").write_text("in the way")
        with pytest.raises(AnchorFailed):
            ledger.checkpoint()
        assert ledger.size() == 1
        (tmp_path / "folder").unlink()
        add(ledger, 1)
        assert anchor.exists() is False
        ledger.checkpoint()
        assert anchor.exists()


def test_a_new_ledger_needs_a_name(url):
    with pytest.raises(OriginMismatch):
        open_ledger(url)


def test_another_name_is_refused(url, ledger):
    with pytest.raises(OriginMismatch) as caught:
        open_ledger(url, origin="example.com/other")
    assert f"is called '{NAME}', not 'example.com/other'" in caught.value.message


def test_the_database_file_is_for_its_owner_only(url, ledger, tmp_path):
    assert stat.S_IMODE((tmp_path / "ledger.sqlite").stat().st_mode) == 0o600


def test_importing_the_room_starts_no_thread_and_needs_no_driver():
    script = (
        "import sys, threading, flyball.ledger; assert threading.active_count() == 1;"
        "assert 'psycopg' not in sys.modules and 'sqlite3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
