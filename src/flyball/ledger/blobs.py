"""Blobs: bytes too large, or too personal, for the ledger, kept as files named by their digest.

The ledger holds the digest, so nobody can exchange a blob unnoticed. A blob can be erased, as a
person may demand: a tombstone takes its place, the ledger stays whole, and a verification says
"erased" instead of "altered".
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from flyball.core.clock import Clock, utc_now
from flyball.core.digests import canonical_json, digest_of_bytes, from_json
from flyball.core.errors import BadInput
from flyball.ledger.errors import BlobAltered, BlobErased, BlobMissing
from flyball.ledger.files import sync_folder, write_all, write_whole

__all__ = ["BlobStatus", "Blobs", "Tombstone"]

BlobStatus = Literal["present", "missing", "altered", "erased"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an erased blob.

    Parameters
    ----------
    at : datetime
        When it was erased, UTC.
    digest : str
    reason : str
    may_return : bool
        Whether the same bytes may be stored again: their time was over, but nobody asked that they go.
    """

    at: datetime
    digest: str
    reason: str
    may_return: bool = False


class Blobs:
    """A folder of blobs.

    Parameters
    ----------
    folder : Path or str
        Created, for its owner only, when the first blob is stored.
    clock : Clock
        Gives the time of an erasure.
    """

    def __init__(self, folder: Path | str, *, clock: Clock = utc_now) -> None:
        self.folder = Path(folder)
        self._clock = clock

    def put(self, data: bytes, *, even_if_erased: bool = False) -> str:
        """Store bytes; return their digest once they are on disk. The same bytes are stored once.

        Raises
        ------
        BlobErased
            These bytes were erased on purpose, and `even_if_erased` is not set.
        """
        digest = digest_of_bytes(data)
        place = self._place_for_writing(digest, even_if_erased)
        if self.status(digest) != "present":
            write_all([(place, data)], 0o600)
        return digest

    def put_many(self, many: Sequence[bytes], *, even_if_erased: bool = False) -> list[str]:
        """Store several blobs; return their digests in order once all are on disk.

        Many small files together cost little more than one: the disk is waited for in the end.

        Raises
        ------
        BlobErased
            One of them was erased on purpose; none is stored.
        """
        digests = [digest_of_bytes(data) for data in many]
        fresh = {
            digest: (self._place_for_writing(digest, even_if_erased), data)
            for digest, data in zip(digests, many, strict=True)
        }
        write_all(
            [
                (place, data)
                for digest, (place, data) in fresh.items()
                if not place.exists() or self.status(digest) != "present"
            ],
            0o600,
        )
        return digests

    def put_file(self, source: BinaryIO, *, even_if_erased: bool = False) -> str:
        """Store what is left to read of a file, without holding it in memory; return its digest.

        Raises the same error as `put`.
        """
        self._make(self.folder)
        temporary = self.folder / f".{secrets.token_hex(8)}.part"
        hasher = hashlib.sha256()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := source.read(_CHUNK):
                    hasher.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            digest = f"sha256:{hasher.hexdigest()}"
            place = self._place_for_writing(digest, even_if_erased)
            os.replace(temporary, place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(place.parent)
        sync_folder(self.folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Return a blob, checked against its digest.

        Raises
        ------
        BlobMissing, BlobErased, BlobAltered
            It was never stored, was erased on purpose, or its bytes have changed.
        """
        self._refuse_erased(digest)
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError as err:
            raise BlobMissing(
                f"No blob {digest} is stored in {self.folder}.",
                fix="Restore it from a backup; its digest will prove that it is the right one.",
                digest=digest,
            ) from err
        found = digest_of_bytes(data)
        if found != digest:
            raise BlobAltered(
                f"The blob {digest} was altered: its {len(data)} bytes have the digest {found}.",
                fix="Restore it from a backup, and find out who changed it.",
                digest=digest,
                found=found,
            )
        return data

    def status(self, digest: str) -> BlobStatus:
        """Say how a blob is, reading it in pieces."""
        if self.tombstone(digest) is not None:
            return "erased"
        path = self.path(digest)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return "altered"  # a link or a pipe is nothing that we wrote, and may never end
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return "missing"
        return "present" if digest == f"sha256:{found}" else "altered"

    def erase(self, digest: str, *, reason: str, may_return: bool = False) -> Tombstone:
        """Erase a blob and leave a tombstone. Erasing twice keeps the first tombstone that is final.

        Write an entry of kind "erasure" with the digest in its refs before: without it a
        verification reports a blob that vanished. `flyball.ledger.erase` does both.

        Raises
        ------
        BlobMissing
            There is neither a blob nor a tombstone.
        """
        stone = self.tombstone(digest)
        if stone is None or (stone.may_return and not may_return):
            if stone is None and not self.path(digest).exists():
                raise BlobMissing(
                    f"No blob {digest} is stored in {self.folder}, so it cannot be erased.",
                    fix="Check the digest.",
                    digest=digest,
                )
            stone = Tombstone(self._clock(), digest, reason, may_return)
            # The stone first: after a crash the blob counts as erased, and erasing again finishes it.
            write_whole(self._stone(digest), canonical_json(stone), mode=0o600)
        self.path(digest).unlink(missing_ok=True)
        sync_folder(self.path(digest).parent)
        return stone

    def erase_many(self, digests: Sequence[str], *, reason: str, may_return: bool = False) -> None:
        """Erase blobs that are there, each as `erase` does; the disk is waited for in the end.

        Parameters
        ----------
        digests : sequence of str
            Entries of kind "erasure" about them stand in the ledger already.
        reason : str
        may_return : bool
        """
        at = self._clock()
        stones = [Tombstone(at, digest, reason, may_return) for digest in dict.fromkeys(digests)]
        write_all([(self._stone(one.digest), canonical_json(one)) for one in stones], 0o600)
        for one in stones:
            self.path(one.digest).unlink(missing_ok=True)
        for folder in {self.path(one.digest).parent for one in stones}:
            sync_folder(folder)

    def tombstone(self, digest: str) -> Tombstone | None:
        """Return the tombstone of an erased blob, None where it was not erased."""
        try:
            stone = from_json(self._stone(digest).read_bytes(), Tombstone)
        except (FileNotFoundError, BadInput):  # half a stone is none: the blob counts as missing
            return None
        return stone if stone.digest == digest else None

    def digests(self) -> Iterator[str]:
        """Yield the digests of all stored blobs, sorted; erased and half-written ones not."""
        for folder in sorted(self.folder.glob("??")):
            for file in sorted(folder.iterdir()):
                digest = f"sha256:{folder.name}{file.name}"
                if _DIGEST.match(digest) and self.tombstone(digest) is None:
                    yield digest

    def path(self, digest: str) -> Path:
        """Return the file of a blob, whether it exists or not.

        Raises
        ------
        BadInput
            Not a digest; also keeps anybody from naming another file.
        """
        if not _DIGEST.match(digest):
            raise BadInput(
                f"{digest!r} is not a digest.",
                fix="It is sha256: and 64 hexadecimal digits.",
                digest=digest,
            )
        digits = digest.removeprefix("sha256:")
        return self.folder / digits[:2] / digits[2:]

    def _stone(self, digest: str) -> Path:
        path = self.path(digest)
        return path.with_name(path.name + ".erased")

    def _refuse_erased(self, digest: str) -> None:
        stone = self.tombstone(digest)
        if stone is not None:
            raise BlobErased(
                f"The blob {digest} was erased on {stone.at:%Y-%m-%d}: {stone.reason}.",
                fix="It cannot be read again; the ledger still proves that it was there.",
                digest=digest,
            )

    def _place_for_writing(self, digest: str, even_if_erased: bool) -> Path:
        stone = self.tombstone(digest)
        if even_if_erased or (stone is not None and stone.may_return):
            self._stone(digest).unlink(missing_ok=True)
        self._refuse_erased(digest)
        place = self.path(digest)
        self._make(self.folder)
        self._make(place.parent)
        return place

    def _make(self, folder: Path) -> None:
        """Create a folder; its own name reaches the disk before the blob in it is acknowledged."""
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder == self.folder:
                sync_folder(folder.parent)
