"""Key files: the private key that signs checkpoints, and the public key beside it.

The private key is PEM (PKCS #8), readable by its owner only. The public one, in the `.vkey` file
beside it, is what auditors need and what may be published.
"""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from flyball.ledger.errors import BadKeyFile
from flyball.ledger.files import write_new
from flyball.ledger.notes import SigningKey, VerifierKey

__all__ = ["load_key", "load_or_create_key", "load_verifier", "verifier_path"]

_LARGEST_FILE = 10_000


def load_or_create_key(path: Path | str, *, name: str) -> SigningKey:
    """Load a signing key; create it, for its owner only, where there is none.

    Parameters
    ----------
    path : Path or str
        File of the private key. The public one is written beside it, with the suffix `.vkey`.
    name : str
        Name of the ledger that it signs, like "example.com/contracts": no spaces, no plus sign.

    Returns
    -------
    SigningKey

    Raises
    ------
    BadKeyFile
        Others can read the file, it holds no Ed25519 key, or it was made for another name.
    """
    path = Path(path)
    if not path.exists():
        VerifierKey(name, bytes(32))  # refuses a bad name before anything is written
        path.parent.mkdir(parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(path, pem, mode=0o600)  # another process may have been first: then its key counts
    return load_key(path, name=name)


def load_key(path: Path | str, *, name: str) -> SigningKey:
    """Load a signing key that must be there.

    Raises
    ------
    BadKeyFile
        There is none, others can read it, it holds no Ed25519 key, or it was made for another name.
    """
    path = Path(path)
    try:
        private = load_pem_private_key(_read_private(path), password=None)
    except (ValueError, TypeError) as err:  # the reason is left out: it may quote the file
        raise _bad_key(path, "it is not a private key in PEM form without a password") from err
    if not isinstance(private, Ed25519PrivateKey):
        raise _bad_key(path, "it is not an Ed25519 key")
    key = SigningKey(name, private)
    public = verifier_path(path)
    if not write_new(public, f"{key.verifier}\n".encode(), mode=0o644):
        known = load_verifier(public)
        if known != key.verifier:
            raise BadKeyFile(
                f"{public} holds the key {known.name}+{known.key_id.hex()}, but {path} with the name "
                f"{name!r} gives {name}+{key.verifier.key_id.hex()}.",
                fix="Use the name that the key was made for, or another key file.",
                name=name,
            )
    return key


def load_verifier(path: Path | str) -> VerifierKey:
    """Load a public key from its `.vkey` file.

    Raises
    ------
    BadKeyFile
        There is none, or it is malformed.
    """
    try:
        return VerifierKey.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise BadKeyFile(
            f"The verifier key {path} cannot be read: {err}.",
            fix="Ask the owner of the ledger for its .vkey file.",
            path=path,
        ) from err


def verifier_path(path: Path) -> Path:
    """Return the place of the public key that belongs to a private one."""
    return path.with_name(path.name + ".vkey")


def _read_private(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hold us up
    except OSError as err:
        raise _bad_key(path, f"it cannot be opened ({err.strerror})") from err
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _bad_key(path, "it is not a file")
        if found.st_mode & 0o077:
            raise BadKeyFile(
                f"Others can read or write the signing key {path} (mode {found.st_mode & 0o777:04o}).",
                fix=f"Run: chmod 600 {path}. If others may have read it, make a new key.",
                path=path,
            )
        return os.read(handle, _LARGEST_FILE)
    finally:
        os.close(handle)


def _bad_key(path: Path, why: str) -> BadKeyFile:
    return BadKeyFile(
        f"{path} cannot be used as a signing key: {why}.",
        fix="Give the path of a key made by Flyball, or let it make one where there is none.",
        path=path,
    )
