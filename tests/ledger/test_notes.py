"""Figures from elsewhere: keys, text and signature of the example in Go's module
golang.org/x/mod/sumdb/note (note.go and note_test.go; its authors own the key, it is public), and the
example of https://c2sp.org/signed-note. Ed25519 is deterministic (RFC 8032), so that we must arrive
at Go's signature bit by bit.
"""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flyball.ledger.errors import BadCheckpoint, BadKeyFile
from flyball.ledger.notes import SigningKey, VerifierKey, open_note, sign_note

GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann "
    + "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_VERIFIER = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"


def go_key():
    seed = base64.b64decode(GO_SIGNER.split("+", 4)[4])[1:]
    return SigningKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))


def test_our_signature_is_the_one_that_go_published():
    assert sign_note(GO_TEXT, go_key()) == GO_NOTE


def test_our_verifier_key_is_written_as_go_writes_it():
    assert str(go_key().verifier) == GO_VERIFIER
    assert VerifierKey.parse(GO_VERIFIER + "\n") == go_key().verifier
    assert str(VerifierKey.parse(ENOCH_VERIFIER)) == ENOCH_VERIFIER


def test_a_note_that_go_signed_opens():
    assert open_note(GO_NOTE, VerifierKey.parse(GO_VERIFIER)) == GO_TEXT


def test_signatures_of_strangers_are_ignored_as_witnesses_sign_too():
    stranger = SigningKey("witness.example", Ed25519PrivateKey.generate())
    both = GO_NOTE + sign_note(GO_TEXT, stranger).rpartition("\n\n")[2]
    assert open_note(both, VerifierKey.parse(GO_VERIFIER)) == GO_TEXT
    assert open_note(both, stranger.verifier) == GO_TEXT


@pytest.mark.parametrize("at", range(len(GO_VERIFIER)))
def test_a_verifier_key_with_one_sign_changed_is_refused(at):
    changed = GO_VERIFIER[:at] + chr(ord(GO_VERIFIER[at]) ^ 1) + GO_VERIFIER[at + 1 :]
    with pytest.raises(BadKeyFile):
        VerifierKey.parse(changed)


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # length; from Go
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # algorithm; from Go
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3+%%%",
    ],
)
def test_malformed_verifier_keys_are_refused(key):
    with pytest.raises(BadKeyFile):
        VerifierKey.parse(key)


@pytest.mark.parametrize("at", range(0, len(GO_NOTE) - 1, 3))
def test_a_note_with_one_sign_changed_is_refused(at):
    changed = GO_NOTE[:at] + chr(ord(GO_NOTE[at]) ^ 2) + GO_NOTE[at + 1 :]
    with pytest.raises(BadCheckpoint):
        open_note(changed, VerifierKey.parse(GO_VERIFIER))


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (GO_TEXT, "it has no text and signature lines"),
        (GO_TEXT + "\n", "it has no text and signature lines"),
        (GO_NOTE[:-1], "it has no text and signature lines"),
        (GO_TEXT + "\n— PeterNeumann\n", "'— PeterNeumann' is not a signature line"),
        (GO_TEXT + "\n— PeterNeumann !!!!\n", "'— PeterNeumann !!!!' is not base64"),
        (GO_TEXT + "\n— PeterNeumann x08g\n", "'— PeterNeumann x08g' is too short"),
        (GO_NOTE.replace("PeterNeumann", "EnochRoot"), "that key has not signed it"),
        (GO_NOTE.replace("then", "then\x07"), "it holds control signs"),
    ],
)
def test_a_refused_note_says_why(note, why):
    with pytest.raises(BadCheckpoint) as caught:
        open_note(note, VerifierKey.parse(GO_VERIFIER))
    assert str(caught.value) == (
        f"[ledger.bad_checkpoint] Not a note signed by PeterNeumann+c74f20a3: {why}. "
        "Check the verifier key, and that the note was copied whole."
    )


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "nul\x00"])
def test_names_that_would_break_the_signature_line_are_refused(name):
    with pytest.raises(BadKeyFile):
        VerifierKey(name, bytes(32))


def test_a_text_without_newline_at_its_end_is_not_signed():
    with pytest.raises(BadCheckpoint):
        sign_note("no newline", go_key())


def test_the_private_key_is_never_shown():
    assert repr(go_key()) == "SigningKey(name='PeterNeumann')"
