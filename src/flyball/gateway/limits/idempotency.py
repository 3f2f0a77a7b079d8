"""The same request twice gives the same reply, byte for byte, also after a restart.

A reply may hold words of a case, so it is kept sealed: the key to it is made from the bytes of the
request, which are not kept. Only who can send the same request again can read its reply.

Source: draft-ietf-httpapi-idempotency-key-header-07, section 2.
"""

import hashlib
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.core.errors import FlyballError
from flyball.gateway.limits.errors import BadIdempotencyKey, RequestReused, RequestUnderWay
from flyball.gateway.limits.owners import Owner, is_alive

__all__ = ["Replies", "RepliesUnavailable", "Reply", "check_idempotency_key"]

_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
_BUSY_SECONDS = 10.0
_PURGE_EVERY = 256
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    caller TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, owner TEXT NOT NULL,
    until REAL NOT NULL, salt BLOB, sealed BLOB,
    PRIMARY KEY (caller, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replies_until ON replies (until);
"""


class RepliesUnavailable(FlyballError):
    """The file of kept replies cannot be used, so nobody knows whether a request was answered before."""

    code = "limits.replies_unavailable"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it left.

    Parameters
    ----------
    status : int
    media_type : str
    body : bytes
    """

    status: int
    media_type: str
    body: bytes


def check_idempotency_key(key: str) -> str:
    """Return the key that a caller sent, or refuse it.

    Raises
    ------
    BadIdempotencyKey
    """
    if not _KEY.match(key):
        raise BadIdempotencyKey(
            f"The idempotency key {key[:200]!r} cannot be used.",
            fix="Use 1 to 200 printable ASCII characters without spaces, such as a UUID.",
        )
    return key


class Replies:
    """What was answered to whom.

    Parameters
    ----------
    folder : Path
        For the file and the locks of processes; made for its owner only.
    hours : int
        How long a reply is kept.
    clock : callable
        Seconds since 1970.
    """

    def __init__(self, folder: Path, *, hours: int = 24, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._seconds = hours * 3600
        self._clock = clock
        self._owner = Owner(folder / "processes")
        self._under_way: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._begun = 0
        self._database: sqlite3.Connection | None = None

    def begin(self, caller: str, key: str, request: bytes) -> Reply | None:
        """Say that a request is being answered, or return what was answered before.

        Parameters
        ----------
        caller : str
            Tenant and name: nobody meets the keys of others.
        key : str
            As the caller chose it.
        request : bytes
            Method, path and body.

        Returns
        -------
        Reply or None
            None: answer it now, then call `keep` or `drop`.

        Raises
        ------
        BadIdempotencyKey
        RequestReused
            The key stands for another request.
        RequestUnderWay
            It is being answered, here or in another process.
        RepliesUnavailable
        """
        check_idempotency_key(key)
        digest = hashlib.sha256(request).digest()
        now = self._clock()
        with self._writing() as database:
            self._purge(database, now)
            row = database.execute(
                "SELECT request, owner, salt, sealed FROM replies WHERE caller = ? AND key = ? AND until > ?",
                (caller, key, now),
            ).fetchone()
            if row is not None:
                same, owner, salt, sealed = row
                if same != digest:
                    raise RequestReused(
                        f"The idempotency key {key!r} stands for another request.",
                        fix="Use a new key for a new request, or send exactly the same request again.",
                        key=key,
                    )
                if sealed is not None:
                    return _opened(request, salt, sealed)
                if self._is_under_way(owner, (caller, key)):
                    raise RequestUnderWay(
                        f"The request with the idempotency key {key!r} is being answered.",
                        fix="Send it again in a moment.",
                        key=key,
                    )
            database.execute(
                "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, NULL, NULL)",
                (caller, key, digest, self._owner.name, now + self._seconds),
            )
            self._under_way.add((caller, key))
        return None

    def keep(self, caller: str, key: str, request: bytes, reply: Reply) -> None:
        """Keep the reply to a request that was begun. What was kept is on disk."""
        salt = secrets.token_bytes(16)
        sealed = _sealed(request, salt, reply)
        with self._writing() as database:
            database.execute(
                "UPDATE replies SET salt = ?, sealed = ? WHERE caller = ? AND key = ?",
                (salt, sealed, caller, key),
            )
            self._under_way.discard((caller, key))

    def drop(self, caller: str, key: str) -> None:
        """Forget a request that was not answered for good, so that it can be tried again.

        Where the file cannot be written, its line is left over; this process knows better, and so do others
        once it has ended.
        """
        self._under_way.discard((caller, key))
        with suppress(RepliesUnavailable), self._writing() as database:
            database.execute(
                "DELETE FROM replies WHERE caller = ? AND key = ? AND sealed IS NULL", (caller, key)
            )

    def close(self) -> None:
        """Release everything."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
        self._owner.close()

    def _is_under_way(self, owner: str, request: tuple[str, str]) -> bool:
        if owner == self._owner.name:
            return request in self._under_way
        return is_alive(self._folder / "processes", owner)

    def _purge(self, database: sqlite3.Connection, now: float) -> None:
        self._begun += 1
        if self._begun % _PURGE_EVERY == 1:
            database.execute("DELETE FROM replies WHERE until <= ?", (now,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._database is None:
                    self._database = self._connect()
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                except BaseException:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
                    raise
            except sqlite3.Error as err:
                raise RepliesUnavailable(
                    f"The kept replies in {self._folder.name} cannot be used: {err}.",
                    fix="Check the disk. A damaged replies.sqlite may be deleted; its replies are then lost.",
                ) from err

    def _connect(self) -> sqlite3.Connection:
        path = self._folder / "replies.sqlite"
        path.touch(mode=0o600)
        database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        for setting in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "trusted_schema = OFF",
        ):
            database.execute(f"PRAGMA {setting}")
        database.executescript(_SCHEMA)
        return database


def _cipher(request: bytes, salt: bytes) -> AESGCM:
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"flyball reply, form 1").derive(
        hashlib.sha512(request).digest()
    )
    return AESGCM(key)


def _sealed(request: bytes, salt: bytes, reply: Reply) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _cipher(request, salt).encrypt(nonce, msgspec.msgpack.encode(reply), None)


def _opened(request: bytes, salt: bytes, sealed: bytes) -> Reply:
    try:
        plain = _cipher(request, salt).decrypt(sealed[:12], sealed[12:], None)
    except InvalidTag:
        raise RepliesUnavailable(
            "The kept reply to this request was altered.",
            fix="Delete replies.sqlite in the state folder; then the request is answered anew.",
        ) from None
    return msgspec.msgpack.decode(plain, type=Reply)
