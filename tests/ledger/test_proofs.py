"""By hand: 3 entries have the root H(1, H(1, a, b), c). The proof of entry 2 is the one hash H(1, a, b);
that of entry 0 is b, then c.
"""

import base64

import pytest

from flyball.core.errors import BadInput
from flyball.ledger.errors import BadCheckpoint, BadProof, NoSigningKey, NoSuchEntry
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.merkle import leaf_hash, node_hash
from flyball.ledger.opening import open_ledger
from flyball.ledger.proofs import ProofBundle, prove, verify_proof

NAME = "example.com/ledger"


@pytest.fixture
def key(tmp_path):
    return load_or_create_key(tmp_path / "key.pem", name=NAME)


@pytest.fixture
def ledger(tmp_path, key):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=key) as ledger:
        for number in range(3):
            ledger.append(kind="decision", body={"number": number}, actor="a")
        yield ledger


def test_the_proof_is_a_tlog_proof_with_the_hashes_by_hand(ledger):
    a, b, c = (leaf_hash(ledger.leaf(index)) for index in range(3))
    head = "c2sp.org/tlog-proof@v1\nindex {}\n{}\n"
    encoded = [base64.b64encode(one).decode() for one in (b, c, node_hash(a, b))]
    note = ledger.checkpoint().note
    assert prove(ledger, 0).proof == head.format(0, f"{encoded[0]}\n{encoded[1]}\n") + note
    assert prove(ledger, 2).proof == head.format(2, f"{encoded[2]}\n") + note


def test_a_bundle_survives_the_post_and_proves_its_entry(ledger, key):
    bundle = ProofBundle.from_json(prove(ledger, 1).to_json())
    entry, checkpoint = verify_proof(bundle, key.verifier)
    assert entry == ledger.entry(1)
    assert checkpoint == ledger.checkpoint()


def test_an_entry_not_signed_yet_is_signed_for_its_proof(ledger, key):
    ledger.checkpoint()
    ledger.append(kind="decision", body={}, actor="a")
    assert verify_proof(prove(ledger, 3), key.verifier)[1].size == 4
    assert verify_proof(prove(ledger, 0), key.verifier)[1].size == 4


def test_without_a_key_an_unsigned_entry_cannot_be_proven(ledger):
    with open_ledger(ledger.place) as other, pytest.raises(NoSigningKey):
        prove(other, 0)


def test_what_is_not_there_cannot_be_proven(ledger):
    with pytest.raises(NoSuchEntry):
        prove(ledger, 3)


def test_a_changed_entry_is_refused(ledger, key):
    bundle = prove(ledger, 1)
    changed = ProofBundle(bundle.entry.replace('"number":1', '"number":7'), bundle.proof)
    with pytest.raises(BadProof) as caught:
        verify_proof(changed, key.verifier)
    assert caught.value.message == f"This entry is not entry 1 of the 3 entries of '{NAME}'."


def test_the_proof_of_one_entry_does_not_prove_another(ledger, key):
    with pytest.raises(BadProof):
        verify_proof(ProofBundle(prove(ledger, 0).entry, prove(ledger, 1).proof), key.verifier)


def test_a_proof_signed_by_somebody_else_is_refused(ledger, tmp_path):
    stranger = load_or_create_key(tmp_path / "stranger.pem", name=NAME)
    with pytest.raises(BadCheckpoint):
        verify_proof(prove(ledger, 1), stranger.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 1", "index 01"),
        ("index 1", "index -1"),
        ("index 1", "index one"),
        ("index 1\n", ""),
        ("index 1\n", "index 1\nAAAA\n"),
        ("index 1\n", "index 1\n!\n"),
    ],
)
def test_malformed_proofs_are_refused(ledger, key, old, new):
    bundle = prove(ledger, 1)
    with pytest.raises(BadProof):
        verify_proof(ProofBundle(bundle.entry, bundle.proof.replace(old, new, 1)), key.verifier)


def test_extra_data_is_allowed_and_ignored(ledger, key):
    bundle = prove(ledger, 1)
    proof = bundle.proof.replace("\nindex", "\nextra AAAA\nindex", 1)
    assert verify_proof(ProofBundle(bundle.entry, proof), key.verifier)[0].index == 1


def test_what_is_no_bundle_is_refused():
    with pytest.raises(BadInput):
        ProofBundle.from_json(b"{}")
