"""An excerpt proves each of its entries, with the hashes of those that stay at home.

By hand: of six entries two are of kind "shown", four are there by their hash; 6 * 32 = 192 bytes of hashes.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flyball.ledger.excerpts import read_excerpt, write_excerpt
from flyball.ledger.notes import SigningKey
from flyball.ledger.opening import open_ledger
from flyball.ledger.verify import verify_export

KEY = SigningKey("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = SigningKey("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))


def written(tmp_path, kinds):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=KEY) as ledger:
        for kind in ("hidden", "shown", "hidden", "hidden", "shown", "hidden"):
            ledger.append(kind=kind, body={"secret": kind == "hidden"}, actor="test")
        folder = tmp_path / "excerpt"
        folder.mkdir()
        write_excerpt(ledger, folder, ledger.checkpoint(), kinds, key=KEY.verifier)
    return folder


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path, {"shown"})


def failed(folder, key=KEY):
    return {one.name: one.detail for one in read_excerpt(folder, key.verifier).checks if not one.passed}


def test_entries_prove_their_place_and_the_others_stay_at_home(folder):
    found = read_excerpt(folder, KEY.verifier)
    assert [entry.index for entry in found.entries] == [1, 4]
    assert (found.withheld, found.checkpoint.size) == (4, 6)
    assert (folder / "leaf_hashes.bin").stat().st_size == 192
    assert b"hidden" not in (folder / "entries.jsonl").read_bytes()
    assert failed(folder) == {}


def test_an_excerpt_with_every_entry_is_an_export(tmp_path):
    folder = written(tmp_path, {"shown", "hidden"})
    assert verify_export(folder, vkey=KEY.verifier).ok
    assert read_excerpt(folder, KEY.verifier).withheld == 0


def test_an_altered_entry_is_named(folder):
    entries = (folder / "entries.jsonl").read_bytes()
    (folder / "entries.jsonl").write_bytes(entries.replace(b'"actor":"test"', b'"actor":"evil"', 1))
    assert failed(folder) == {"entries": "line 1 (entry 1) is not what was signed"}


def test_an_entry_cannot_stand_twice_or_out_of_order(folder):
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "entries.jsonl").write_bytes(b"".join([*lines, lines[0]]))
    assert failed(folder) == {"entries": "line 3 (entry 1) is not what was signed"}


def test_hashes_that_do_not_give_the_root_leave_nothing_proven(folder):
    hashes = bytearray((folder / "leaf_hashes.bin").read_bytes())
    hashes[0] ^= 1
    (folder / "leaf_hashes.bin").write_bytes(hashes)
    assert failed(folder)["tree"] == "6 hashes do not give the signed root"
    assert read_excerpt(folder, KEY.verifier).entries == ()


def test_a_checkpoint_of_another_key_is_refused(folder):
    assert "Not a note signed by example.com/log+" in failed(folder, OTHER)["checkpoint"]


def test_a_torn_file_is_said(folder):
    (folder / "entries.jsonl").write_bytes(b'{"actor":\n')
    assert failed(folder)["entries"].startswith("entries.jsonl cannot be read")
    (folder / "leaf_hashes.bin").unlink()
    assert failed(folder)["tree"] == "0 hashes do not give the signed root"
