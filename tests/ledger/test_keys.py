"""The key file is for its owner only, and its secret is shown nowhere."""

import os
import stat
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flyball.ledger.errors import BadKeyFile
from flyball.ledger.keys import load_key, load_or_create_key, load_verifier, verifier_path

NAME = "example.com/ledger"


def test_a_key_is_created_once_and_then_loaded(tmp_path):
    path = tmp_path / "secrets" / "ledger.key"
    first = load_or_create_key(path, name=NAME)
    assert load_or_create_key(path, name=NAME).verifier == first.verifier
    assert load_key(path, name=NAME).verifier == first.verifier


def test_the_private_key_is_for_its_owner_and_the_public_one_for_all(tmp_path):
    path = tmp_path / "ledger.key"
    key = load_or_create_key(path, name=NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert verifier_path(path) == tmp_path / "ledger.key.vkey"
    assert verifier_path(path).read_text() == f"{key.verifier}\n"
    assert load_verifier(verifier_path(path)) == key.verifier


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644])
def test_a_key_that_others_can_read_or_write_is_refused(tmp_path, mode):
    path = tmp_path / "ledger.key"
    load_or_create_key(path, name=NAME)
    path.chmod(mode)
    with pytest.raises(BadKeyFile) as caught:
        load_key(path, name=NAME)
    assert str(caught.value) == (
        f"[ledger.bad_key_file] Others can read or write the signing key {path} (mode {mode:04o}). "
        f"Run: chmod 600 {path}. If others may have read it, make a new key."
    )


def test_the_public_key_is_written_again_when_it_is_lost(tmp_path):
    path = tmp_path / "ledger.key"
    key = load_or_create_key(path, name=NAME)
    verifier_path(path).unlink()
    load_key(path, name=NAME)
    assert load_verifier(verifier_path(path)) == key.verifier


def test_a_key_made_for_another_name_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    load_or_create_key(path, name=NAME)
    with pytest.raises(BadKeyFile, match="Use the name that the key was made for"):
        load_key(path, name="example.com/other")


@pytest.mark.parametrize(
    "data", [b"", b"secret", b"-----BEGIN PRIVATE KEY-----\nMTIz\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_without_quoting_it(tmp_path, data):
    path = tmp_path / "ledger.key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(BadKeyFile) as caught:
        load_key(path, name=NAME)
    assert "secret" not in str(caught.value)
    assert "MTIz" not in str(caught.value)


def test_another_kind_of_key_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem)
    path.chmod(0o600)
    with pytest.raises(BadKeyFile, match="it is not an Ed25519 key"):
        load_key(path, name=NAME)


def test_a_missing_key_a_folder_and_a_pipe_are_refused(tmp_path):
    with pytest.raises(BadKeyFile, match="it cannot be opened"):
        load_key(tmp_path / "none", name=NAME)
    with pytest.raises(BadKeyFile, match="it is not a file"):
        load_key(tmp_path, name=NAME)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadKeyFile, match="it is not a file"):
        load_key(tmp_path / "pipe", name=NAME)
    with pytest.raises(BadKeyFile, match="cannot be read"):
        load_verifier(tmp_path / "none.vkey")


def test_a_bad_name_creates_no_file(tmp_path):
    with pytest.raises(BadKeyFile):
        load_or_create_key(tmp_path / "ledger.key", name="two words")
    assert list(tmp_path.iterdir()) == []


def test_many_who_create_the_same_key_at_once_all_get_the_same_one(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load_or_create_key(tmp_path / "k", name=NAME).verifier))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert sorted(os.listdir(tmp_path)) == ["k", "k.vkey"]
