"""A witness signs one history of a ledger only, in the form of C2SP, and verifiers count distinct witnesses.

By hand: the message of a cosignature is "cosignature/v1" and "time N", each a line, before the text of the
checkpoint; the key id is the start of SHA-256 over name, newline, 0x04 and key; the line holds the id,
eight bytes of time and the signature: 4 + 8 + 64 = 76 bytes.
"""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flyball.ledger.checkpoints import read_checkpoint, sign_checkpoint
from flyball.ledger.cosignatures import WitnessKey, cosign, cosignatures, with_cosignatures
from flyball.ledger.errors import BadCheckpoint, BadKeyFile, NotWitnessed
from flyball.ledger.notes import SigningKey
from flyball.ledger.opening import open_ledger
from flyball.ledger.witnessing import Witness, cosigned, keep_cosignatures, last_cosigned, request_for

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def key_of(seed, name):
    return SigningKey(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


LOG = key_of(1, "example.com/log")


def public(key):
    return WitnessKey(key.name, key.verifier.public)


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=LOG) as ledger:
        ledger.append_many([])
        yield ledger


@pytest.fixture
def witness(tmp_path):
    return Witness(key_of(2, "auditor.example/w1"), (LOG.verifier,), tmp_path / "w1")


def grow(ledger, n):
    for _ in range(n):
        ledger.append(kind="fact", body={}, actor="test")
    return ledger.checkpoint()


def test_the_bytes_of_a_cosignature_are_those_of_the_specification():
    key = key_of(2, "auditor.example/w1")
    note = sign_checkpoint(3, bytes(32), LOG).note
    line = cosign(note, key, AT)
    dash, name, blob = line.removesuffix("\n").split(" ")
    data = base64.b64decode(blob)
    raw = key.private.public_key().public_bytes_raw()
    seconds = int(AT.timestamp())
    assert (dash, name, len(data)) == ("\u2014", "auditor.example/w1", 76)
    assert data[:4] == hashlib.sha256(b"auditor.example/w1\n\x04" + raw).digest()[:4]
    assert data[4:12] == seconds.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {seconds}\nexample.com/log\n3\n{base64.b64encode(bytes(32)).decode()}\n"
    key.private.public_key().verify(data[12:], message.encode())


def test_a_note_with_cosignatures_is_still_the_checkpoint_of_its_ledger():
    key = key_of(2, "auditor.example/w1")
    note = sign_checkpoint(3, bytes(32), LOG).note
    whole = with_cosignatures(note, [cosign(note, key, AT), cosign(note, key, AT)])
    assert read_checkpoint(whole, LOG.verifier).size == 3
    assert whole.count("auditor.example/w1") == 1
    assert cosignatures(whole, [public(key)]) == {"auditor.example/w1": AT}


def test_a_false_cosignature_is_named_and_a_strangers_is_passed_over():
    key, note = key_of(2, "auditor.example/w1"), sign_checkpoint(3, bytes(32), LOG).note
    other = sign_checkpoint(4, bytes(32), LOG).note
    moved = with_cosignatures(other, [cosign(note, key, AT)])
    with pytest.raises(BadCheckpoint, match=r"in the name of auditor\.example/w1 does not fit"):
        cosignatures(moved, [public(key)])
    assert cosignatures(moved, [public(key_of(3, "other.example/w"))]) == {}


def test_one_key_under_two_names_counts_once():
    one, two = key_of(2, "auditor.example/w1"), key_of(2, "auditor.example/w2")
    note = sign_checkpoint(3, bytes(32), LOG).note
    whole = with_cosignatures(note, [cosign(note, one, AT), cosign(note, two, AT)])
    assert list(cosignatures(whole, [public(one), public(two)])) == ["auditor.example/w1"]


def test_the_key_of_a_ledger_is_no_key_of_a_witness():
    with pytest.raises(BadKeyFile, match="is not the key of a witness"):
        WitnessKey.parse(str(LOG.verifier))
    key = public(LOG)
    assert WitnessKey.parse(str(key)) == key


def test_a_witness_follows_a_ledger_that_grows(ledger, witness):
    first = grow(ledger, 3)
    answer = witness.answer(request_for(ledger, first), AT)
    keep_cosignatures(ledger, first.note, [answer], [witness.public], actor="test")
    assert last_cosigned(ledger, witness.public) == 3
    second = grow(ledger, 4)
    request = request_for(ledger, second, seen=3)
    assert request.startswith("old 3\n")
    answer = witness.answer(request, AT)
    assert keep_cosignatures(ledger, second.note, [answer], [witness.public], actor="test") == {
        "auditor.example/w1": AT
    }
    note = cosigned(ledger, [witness.public], needed=1)
    assert read_checkpoint(note, LOG.verifier).size == second.size
    assert cosigned(ledger, [witness.public], needed=2) == ""


def test_cosignatures_of_several_witnesses_come_together(ledger, witness, tmp_path):
    other = Witness(key_of(3, "press.example/w"), (LOG.verifier,), tmp_path / "w2")
    checkpoint = grow(ledger, 3)
    for one in (witness, other):
        line = one.answer(request_for(ledger, checkpoint), AT)
        keep_cosignatures(ledger, checkpoint.note, [line], [one.public], actor="test")
    keys = [witness.public, other.public]
    assert len(cosignatures(cosigned(ledger, keys, needed=2), keys)) == 2


def refused(witness, request):
    with pytest.raises(NotWitnessed) as caught:
        witness.answer(request, AT)
    assert caught.value.exit_code == 1
    return caught.value.values["status"], caught.value.message


def test_two_histories_are_refused_by_who_saw_the_first(ledger, witness, tmp_path):
    witness.answer(request_for(ledger, grow(ledger, 3)), AT)
    with open_ledger(f"sqlite:///{tmp_path}/second.sqlite", key=LOG) as rewritten:
        rewritten.append(kind="other", body={}, actor="test")
        checkpoint = grow(rewritten, 5)
        status, said = refused(witness, request_for(rewritten, checkpoint, seen=3))
        assert status == 422
        assert "does not continue the one of 3" in said
    with open_ledger(f"sqlite:///{tmp_path}/third.sqlite", key=LOG) as rewritten:
        rewritten.append(kind="other", body={}, actor="test")
        assert refused(witness, request_for(rewritten, grow(rewritten, 2), seen=3))[0] == 409


def test_a_request_from_the_wrong_place_is_told_the_right_one(ledger, witness):
    witness.answer(request_for(ledger, grow(ledger, 3)), AT)
    status, said = refused(witness, request_for(ledger, grow(ledger, 2)))
    assert (status, said) == (409, "3 entries were cosigned last, the request continues from 0.")


def test_other_ledgers_and_other_keys_are_refused(witness):
    stranger = sign_checkpoint(0, hashlib.sha256(b"").digest(), key_of(4, "example.com/other"))
    assert refused(witness, f"old 0\n\n{stranger.note}")[0] == 404
    thief = sign_checkpoint(0, hashlib.sha256(b"").digest(), key_of(5, "example.com/log"))
    assert refused(witness, f"old 0\n\n{thief.note}")[0] == 403


@pytest.mark.parametrize(
    "request_text",
    ["", "old\n\n", "old 01\n\nx", "old 0\nnot base64!\n\nx\n1\ny\n\n", "old 0\n\nno checkpoint"],
)
def test_what_is_no_request_is_refused(witness, request_text):
    assert refused(witness, request_text)[0] == 400


def test_an_answer_that_fits_no_checkpoint_of_this_ledger_is_not_kept(ledger, witness):
    grow(ledger, 3)
    other = sign_checkpoint(3, bytes(32), LOG)
    line = cosign(other.note, witness.key, AT)
    with pytest.raises(BadCheckpoint, match="never signed the root that was cosigned for 3 entries"):
        keep_cosignatures(ledger, other.note, [line], [witness.public], actor="test")
    with pytest.raises(BadCheckpoint, match="holds no cosignature of"):
        keep_cosignatures(ledger, ledger.checkpoint().note, ["x"], [witness.public], actor="test")
