"""By hand: 40 entries with checkpoints at 10, 20, 30 and 40. Whoever alters entry 25 in the file of
entries alone is caught at exactly 25, because the recorded leaf hashes still agree with the signed
root. Whoever also rewrites the leaf hashes leaves the checkpoints of 10 and 20 intact and breaks those
of 30 and 40: the altered entry lies in [20, 30). With the file of hashes gone it is the same.
"""

import gzip
import json
import random
import shutil
import sqlite3

import pytest

from flyball.ledger.blobs import Blobs
from flyball.ledger.checkpoints import sign_checkpoint
from flyball.ledger.erasure import erase
from flyball.ledger.errors import ExportExists, LedgerMissing, LedgerRewritten, NoSigningKey
from flyball.ledger.exports import export
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.merkle import RootBuilder, leaf_hash
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft
from flyball.ledger.verify import verify_export, verify_ledger

NAME = "example.com/ledger"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """40 entries, four checkpoints, one export; tests copy what they change."""
    folder = tmp_path_factory.mktemp("house")
    key = load_or_create_key(folder / "key.pem", name=NAME)
    with open_ledger(f"sqlite:///{folder}/ledger.sqlite", key=key, checkpoint_every=0) as ledger:
        for number in range(40):
            body = {"number": number, "text": f"entry number {number}"}
            ledger.append(kind="decision", body=body, actor="system:test", key=f"k{number}")
            if number % 10 == 9:
                ledger.checkpoint()
        export(ledger, folder / "export")
    return folder, key


@pytest.fixture
def key(house):
    return house[1]


@pytest.fixture
def exported(house, tmp_path):
    return shutil.copytree(house[0] / "export", tmp_path / "copy")


@pytest.fixture
def ledger(house, tmp_path):
    shutil.copy(house[0] / "ledger.sqlite", tmp_path / "ledger.sqlite")
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=house[1]) as ledger:
        yield ledger


def change_lines(folder, change, *, hashes_too=False):
    path = folder / "entries.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    if hashes_too:
        (folder / "leaf_hashes.bin").write_bytes(b"".join(leaf_hash(line[:-1]) for line in lines))


def alter(index):
    def change(lines):
        lines[index] = lines[index].replace(b"entry number", b"entry_number")

    return change


def drop(index):
    return lambda lines: lines.pop(index)


def swap(index):
    def change(lines):
        lines[index], lines[index + 1] = lines[index + 1], lines[index]

    return change


def repeat(index):
    return lambda lines: lines.insert(index, lines[index])


def cut(index):
    def change(lines):
        del lines[index:]

    return change


def failed(found):
    return {check.name for check in found.checks if not check.passed}


def behind_its_back(ledger, script):
    connection = sqlite3.connect(ledger.place.removeprefix("sqlite:///"))
    connection.executescript(f"DROP TRIGGER ledger_no_update; DROP TRIGGER ledger_no_delete; {script}")
    connection.close()


def test_an_untouched_export_is_proven_whole(exported, key):
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.entries, found.first_bad, found.bad_before) == (True, 40, None, None)
    assert (found.signed, found.origin, found.reason) == (40, NAME, "40 entries as signed")
    assert failed(found) == set()


def test_without_a_key_of_ones_own_the_result_says_where_the_key_came_from(exported, key):
    found = verify_export(exported)
    assert found.ok
    assert found.checks[0].detail == f"{key.verifier} came with the export: compare it with a copy you trust"


def test_a_compressed_export_is_the_same_ledger(ledger, tmp_path, key):
    export(ledger, tmp_path / "packed", compress=True)
    assert not (tmp_path / "packed" / "entries.jsonl").exists()
    found = verify_export(tmp_path / "packed", vkey=key.verifier)
    assert (found.ok, found.entries) == (True, 40)


@pytest.mark.parametrize(
    ("change", "index", "reason"),
    [
        (alter(0), 0, "entry 0 was altered"),
        (alter(25), 25, "entry 25 was altered"),
        (alter(39), 39, "entry 39 was altered"),
        (drop(25), 25, "where entry 25 should be there is entry 26"),
        (swap(25), 25, "where entry 25 should be there is entry 26"),
        (repeat(25), 26, "where entry 26 should be there is entry 25"),
        (
            cut(25),
            25,
            "entry 25 and what follows are missing: 30 entries were signed, 25 are there",
        ),
        (
            cut(30),
            30,
            "entry 30 and what follows are missing: 40 entries were signed, 30 are there",
        ),
        (cut(0), 0, "entry 0 and what follows are missing: 10 entries were signed, 0 are there"),
        (
            lambda lines: lines.append(lines[39].replace(b'"index":39', b'"index":40')),
            40,
            "entry 40 and what follows are covered by no signed checkpoint",
        ),
        (
            lambda lines: lines.insert(7, b"not json\n"),
            7,
            "where entry 7 should be there is no readable entry",
        ),
        (lambda lines: lines.insert(7, b"\n"), 7, "where entry 7 should be there is no readable entry"),
        (
            lambda lines: lines.append(lines.pop()[:50]),
            39,
            "where entry 39 should be there is no readable entry",
        ),
        (lambda lines: lines.append(lines.pop()[:-1]), 39, "entry 39 was altered"),
    ],
)
def test_the_first_bad_entry_is_named(exported, key, change, index, reason):
    change_lines(exported, change)
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.first_bad, found.bad_before, found.reason) == (False, index, index + 1, reason)
    assert found.signed == index
    assert failed(found) == {"entries"}


def test_one_changed_bit_anywhere_in_the_entries_is_found_in_its_entry(exported, key):
    path = exported / "entries.jsonl"
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == 10]
    chance = random.Random(20261121)  # noqa: S311
    for _ in range(60):
        at = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        index = sum(end < at for end in ends)
        found = verify_export(exported, vkey=key.verifier)
        assert (found.ok, found.first_bad, found.bad_before) == (False, index, index + 1), at


@pytest.mark.parametrize(
    ("change", "first", "before"),
    [
        (alter(25), 20, 30),
        (alter(5), 0, 10),
        (alter(39), 30, 40),
        (drop(25), 20, 30),
        (swap(25), 20, 30),
        (repeat(25), 20, 30),
        (cut(25), 20, 26),
        (cut(30), 30, 31),
    ],
)
def test_rewritten_leaf_hashes_hide_the_place_but_not_the_range_between_checkpoints(
    exported, key, change, first, before
):
    change_lines(exported, change, hashes_too=True)
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.first_bad, found.bad_before) == (False, first, before)


def test_without_the_file_of_hashes_the_range_is_still_found(exported, key):
    change_lines(exported, alter(25))
    (exported / "leaf_hashes.bin").unlink()
    found = verify_export(exported, vkey=key.verifier)
    assert (found.first_bad, found.bad_before) == (20, 30)
    assert found.reason == (
        "entries 20 to 29 do not give the root that was signed for 30 entries; the recorded leaf hashes "
        "do not either, so it cannot be said which one it is"
    )


@pytest.mark.parametrize("data", [b"", b"x", bytes(32 * 40), bytes(32 * 50)])
def test_altered_leaf_hashes_alone_are_told_apart_from_altered_entries(exported, key, data):
    (exported / "leaf_hashes.bin").write_bytes(data)
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.first_bad) == (False, None)
    assert failed(found) == {"leaf hashes"}
    assert found.reason == "the recorded leaf hashes were altered, the entries were not"


def test_spare_leaf_hashes_are_seen(exported, key):
    with (exported / "leaf_hashes.bin").open("ab") as file:
        file.write(bytes(32))
    assert failed(verify_export(exported, vkey=key.verifier)) == {"leaf hashes"}


def forge(folder, key, lines, sizes):
    """Write a whole export anew, with all hashes and checkpoints, signed by `key`."""
    change_lines(folder, lambda old: old.__setitem__(slice(None), lines), hashes_too=True)
    builder, notes = RootBuilder(), []
    for number, line in enumerate(lines, 1):
        builder.extend([leaf_hash(line[:-1])])
        if number in sizes:
            note = sign_checkpoint(number, builder.root(), key).note
            notes.append(json.dumps({"note": note, "size": number}) + "\n")
    (folder / "checkpoints.jsonl").write_text("".join(notes))


def lines_of(folder):
    return (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)


def test_an_export_signed_by_another_key_of_the_same_name_is_refused(exported, key, tmp_path):
    stranger = load_or_create_key(tmp_path / "stranger.pem", name=NAME)
    lines = lines_of(exported)
    alter(25)(lines)
    forge(exported, stranger, lines, {10, 40})
    (exported / "verifier.vkey").write_text(str(stranger.verifier))
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.signed) == (False, 0)
    assert failed(found) == {"signatures"}
    assert verify_export(exported).ok  # proven whole, but not whose: the first check says so


def test_a_ledger_cut_short_with_its_checkpoints_is_found_by_whoever_kept_a_later_one(exported, key):
    later = (exported / "checkpoint").read_text()
    lines = lines_of(exported)[:20]
    forge(exported, key, lines, {10, 20})
    assert verify_export(exported, vkey=key.verifier).ok  # nothing inside the export can tell
    found = verify_export(exported, vkey=key.verifier, known_checkpoints=[later])
    assert (found.ok, found.first_bad, found.bad_before) == (False, 20, 21)
    assert found.reason == ("entry 20 and what follows are missing: 40 entries were signed, 20 are there")


def test_history_signed_anew_by_the_owner_of_the_key_is_found_by_whoever_kept_a_checkpoint(exported, key):
    kept = json.loads((exported / "checkpoints.jsonl").read_text().splitlines()[2])["note"]
    lines = lines_of(exported)
    alter(25)(lines)
    forge(exported, key, lines, {20, 40})
    assert verify_export(exported, vkey=key.verifier).ok
    found = verify_export(exported, vkey=key.verifier, known_checkpoints=[kept])
    assert (found.ok, found.first_bad, found.bad_before) == (False, 20, 30)
    assert "one history" in failed(found)
    assert found.reason == (
        "a valid checkpoint of 40 entries contradicts another valid one: whoever holds the key signed two "
        "histories"
    )


def test_two_roots_signed_for_one_size_are_a_contradiction(exported, key):
    other = sign_checkpoint(40, bytes(32), key).note
    found = verify_export(exported, vkey=key.verifier, known_checkpoints=[other])
    assert not found.ok
    assert found.reason == "two different roots were signed for 40 entries"


@pytest.mark.parametrize("text", ["", "half a line", '{"note":"nonsense","size":3}\n', "null\n", "\xff"])
def test_broken_checkpoints_prove_nothing(exported, key, text):
    (exported / "checkpoints.jsonl").write_bytes(text.encode("latin-1"))
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.signed) == (False, 0)
    assert "signatures" in failed(found)


def test_no_checkpoints_at_all_prove_nothing(exported, key):
    (exported / "checkpoints.jsonl").unlink()
    found = verify_export(exported, vkey=key.verifier)
    assert (found.ok, found.reason) == (False, "there is no signed checkpoint, so nothing is proven")


def test_no_key_at_all_proves_nothing(exported):
    (exported / "verifier.vkey").unlink()
    found = verify_export(exported)
    assert not found.ok
    assert {"key", "signatures"} <= failed(found)


def test_a_broken_archive_is_bad_from_where_it_breaks(ledger, tmp_path, key):
    export(ledger, tmp_path / "packed", compress=True)
    path = tmp_path / "packed" / "entries.jsonl.gz"
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], whole[:-4], whole + b"garbage", b"", b"no archive"):
        path.write_bytes(data)
        found = verify_export(tmp_path / "packed", vkey=key.verifier)
        assert not found.ok, data[:20]
    path.write_bytes(gzip.compress(b""))
    assert verify_export(tmp_path / "packed", vkey=key.verifier).first_bad == 0


def test_a_folder_without_an_export_is_an_error(tmp_path):
    with pytest.raises(LedgerMissing) as caught:
        verify_export(tmp_path)
    assert caught.value.message == f"{tmp_path} is not an exported ledger: it holds no entries.jsonl."


def test_two_files_of_entries_are_an_error(exported):
    (exported / "entries.jsonl.gz").write_bytes(b"")
    with pytest.raises(LedgerMissing):
        verify_export(exported)


def test_whatever_is_done_to_the_entries_the_first_bad_one_lies_in_the_range_that_is_named(exported, key):
    chance = random.Random(7)  # noqa: S311
    lines = lines_of(exported)
    for _ in range(150):
        changed, first = lines.copy(), 40
        for _ in range(chance.randint(1, 3)):
            index = chance.randrange(len(changed) - 1)
            kind = chance.choice([alter, drop, swap, repeat, cut])
            kind(index)(changed)
            first = min(first, index + (kind is repeat))
            if len(changed) < 3:
                break
        if changed == lines:
            continue
        with_hashes = chance.random() < 0.5
        change_lines(
            exported, lambda old, new=changed: old.__setitem__(slice(None), new), hashes_too=with_hashes
        )
        true = next(
            (at for at, (a, b) in enumerate(zip(changed, lines, strict=False)) if a != b), len(changed)
        )
        true = min(true, 40)
        found = verify_export(exported, vkey=key.verifier)
        assert not found.ok
        assert found.first_bad <= true < found.bad_before, found
        if not with_hashes:
            assert found.bad_before - found.first_bad == 1
            shutil.copy(exported.parent / "hashes", exported / "leaf_hashes.bin")
        else:
            (exported / "leaf_hashes.bin").write_bytes(b"".join(leaf_hash(line[:-1]) for line in lines))
        (exported / "entries.jsonl").write_bytes(b"".join(lines))


@pytest.fixture(autouse=True)
def _keep_hashes(request):
    if "exported" in request.fixturenames:
        folder = request.getfixturevalue("exported")
        shutil.copy(folder / "leaf_hashes.bin", folder.parent / "hashes")


# Live


def test_an_untouched_ledger_is_proven_and_its_unsigned_end_told(ledger):
    ledger.append(kind="decision", body={}, actor="a")
    found = verify_ledger(ledger)
    assert (found.ok, found.entries, found.signed) == (True, 41, 40)
    assert found.reason == "40 entries as signed; 1 entry after the last checkpoint not signed yet"


@pytest.mark.parametrize(
    ("script", "first", "before", "names"),
    [
        (
            "UPDATE ledger_entries SET leaf = replace(leaf, 'entry n', 'entry_n') WHERE idx = 25",
            25,
            26,
            {"entries", "columns"},
        ),
        ("DELETE FROM ledger_entries WHERE idx = 25", 25, 26, {"entries"}),
        ("DELETE FROM ledger_entries WHERE idx >= 33", 33, 34, {"entries"}),
        ("UPDATE ledger_entries SET kind = 'release' WHERE idx = 25", None, None, {"columns"}),
        ("UPDATE ledger_entries SET key = 'other' WHERE idx = 25", None, None, {"columns"}),
        (
            "UPDATE ledger_entries SET leaf_hash = zeroblob(32) WHERE idx = 25",
            None,
            None,
            {"columns"},
        ),
        ("UPDATE ledger_checkpoints SET note = 'x' WHERE size = 20", None, None, {"signatures"}),
    ],
)
def test_changes_in_the_database_are_named(ledger, script, first, before, names):
    behind_its_back(
        ledger,
        script.replace("replace(leaf,", "CAST(replace(CAST(leaf AS TEXT),").replace("_n')", "_n') AS BLOB)"),
    )
    found = verify_ledger(ledger)
    assert (found.ok, found.first_bad, found.bad_before) == (False, first, before), found
    assert failed(found) == names


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("DELETE FROM ledger_entries WHERE idx = 25", 25),
        ("DELETE FROM ledger_entries WHERE idx >= 255", 255),
        ("DELETE FROM ledger_entries WHERE idx = 290", 290),
        ("UPDATE ledger_entries SET leaf = x'7b7d', leaf_hash = zeroblob(32) WHERE idx = 25", 25),
    ],
)
def test_tiles_remember_the_hashes_of_rows_that_were_deleted_or_rewritten(ledger, script, first):
    ledger.append_many([Draft("decision", {"number": number}, "a") for number in range(260)])
    ledger.checkpoint()
    behind_its_back(ledger, script)
    found = verify_ledger(ledger)
    assert (found.ok, found.first_bad) == (False, first), found
    assert found.bad_before == first + 1


def test_entries_and_checkpoints_cut_off_together_are_found_with_a_kept_checkpoint(ledger):
    kept = ledger.checkpoints()[-1].note
    behind_its_back(
        ledger, "DELETE FROM ledger_entries WHERE idx >= 20; DELETE FROM ledger_checkpoints WHERE size > 20"
    )
    assert verify_ledger(ledger).ok
    found = verify_ledger(ledger, known_checkpoints=[kept])
    assert (found.ok, found.first_bad) == (False, 20)


def test_wrong_tiles_are_found_though_the_entries_are_right(ledger):
    ledger.append_many([Draft("decision", {"number": number}, "a") for number in range(300)])
    ledger.checkpoint()
    assert verify_ledger(ledger).ok
    behind_its_back(ledger, "UPDATE ledger_tiles SET root = zeroblob(32)")
    found = verify_ledger(ledger)
    assert failed(found) == {"tiles"}
    assert found.reason == "stored tiles of the tree that differ from the entries: 0/0"


def test_without_a_key_a_live_ledger_proves_nothing(ledger, tmp_path):
    with open_ledger(ledger.place) as other:
        found = verify_ledger(other)
    assert not found.ok
    assert {"key", "signatures"} <= failed(found)


# Exporting


def test_an_altered_database_is_exported_as_it_is_and_found_out_by_the_auditor(ledger, tmp_path, key):
    script = "UPDATE ledger_entries SET leaf = CAST('{}' AS BLOB) WHERE idx = 25"
    behind_its_back(ledger, script)
    export(ledger, tmp_path / "export")
    assert verify_export(tmp_path / "export", vkey=key.verifier).first_bad == 25


@pytest.mark.parametrize(
    "script",
    [
        "DELETE FROM ledger_entries WHERE idx = 25",
        "DELETE FROM ledger_entries WHERE idx >= 25",
        "UPDATE ledger_entries SET leaf = x'7b7d', leaf_hash = zeroblob(32) WHERE idx = 25",
    ],
)
def test_a_robbed_database_is_never_signed_but_still_exported_for_the_auditor(ledger, tmp_path, key, script):
    behind_its_back(ledger, script)
    with pytest.raises(LedgerRewritten):
        export(ledger, tmp_path / "signed")
    assert not (tmp_path / "signed").exists()
    with open_ledger(ledger.place) as unsigned:
        export(unsigned, tmp_path / "export", vkey=key.verifier)
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert (found.ok, found.first_bad, found.bad_before) == (False, 25, 26)


def test_an_export_without_the_private_key_ends_at_the_last_checkpoint(ledger, tmp_path, key):
    ledger.append(kind="decision", body={}, actor="a")
    with open_ledger(ledger.place) as other:
        with pytest.raises(NoSigningKey):
            export(other, tmp_path / "export")
        done = export(other, tmp_path / "export", vkey=key.verifier)
    assert (done.left_out, done.checkpoint.size) == (1, 40)
    assert verify_export(tmp_path / "export", vkey=key.verifier).ok


def test_an_export_is_never_mixed_with_other_files(ledger, tmp_path):
    (tmp_path / "export").mkdir()
    export(ledger, tmp_path / "export")
    with pytest.raises(ExportExists):
        export(ledger, tmp_path / "export")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_an_empty_ledger_can_be_exported_and_verified(tmp_path, key):
    with open_ledger(f"sqlite:///{tmp_path}/empty.sqlite", key=key) as ledger:
        export(ledger, tmp_path / "export")
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert (found.ok, found.entries, found.reason) == (True, 0, "0 entries as signed")


# Blobs


@pytest.fixture
def with_blobs(ledger, tmp_path):
    blobs = Blobs(tmp_path / "blobs")
    digests = [blobs.put(b"contract %d" % number) for number in range(3)]
    ledger.append(kind="decision", body={}, actor="a", refs=digests)
    return blobs, digests


def test_blobs_travel_with_the_export_and_are_checked(ledger, with_blobs, tmp_path, key):
    blobs, digests = with_blobs
    assert export(ledger, tmp_path / "export", blobs=blobs).blobs == 3
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert found.ok
    assert "3 blobs unchanged, 0 erased on record" in [check.detail for check in found.checks]
    Blobs(tmp_path / "export" / "blobs").path(digests[1]).write_bytes(b"other")
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert (found.ok, found.first_bad, found.reason) == (False, None, f"{digests[1]} is altered")


def test_an_erased_blob_breaks_nothing_and_is_called_erased(ledger, with_blobs, tmp_path, key):
    blobs, digests = with_blobs
    erase(ledger, blobs, digests[0], actor="person:jane", reason="erasure request 12")
    assert verify_ledger(ledger, blobs=blobs).ok
    export(ledger, tmp_path / "export", blobs=blobs)
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert found.ok
    assert "2 blobs unchanged, 1 erased on record" in [check.detail for check in found.checks]


def test_a_tombstone_without_an_entry_is_no_excuse(ledger, with_blobs):
    blobs, digests = with_blobs
    blobs.erase(digests[0], reason="covering up")
    found = verify_ledger(ledger, blobs=blobs)
    assert (found.ok, found.reason) == (False, f"{digests[0]} was erased without an entry that says so")


def test_a_reference_that_names_no_digest_is_a_finding_and_no_crash(ledger, with_blobs, tmp_path, key):
    blobs, digests = with_blobs
    export(ledger, tmp_path / "export", blobs=blobs)
    path = tmp_path / "export" / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(digests[0].encode(), b"../../etc/passwd"))
    found = verify_export(tmp_path / "export", vkey=key.verifier)
    assert (found.ok, found.first_bad) == (False, 40)
    assert failed(found) == {"entries", "blobs"}


def test_a_missing_blob_is_missed(ledger, with_blobs):
    blobs, digests = with_blobs
    blobs.path(digests[2]).unlink()
    assert verify_ledger(ledger, blobs=blobs).reason == f"{digests[2]} is missing"
