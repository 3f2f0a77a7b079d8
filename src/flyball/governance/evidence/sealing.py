"""Sealing: the list of all files of a pack under one signature that other people's tools can check."""

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from flyball.core.verdicts import Check
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.files import write_whole
from flyball.ledger.notes import SigningKey, VerifierKey, open_note, sign_note

__all__ = ["NOTE", "SUMS", "check_seal", "is_pack", "not_files", "seal"]

SUMS = "SHA256SUMS"
NOTE = "SHA256SUMS.note"

# Said before what is signed, so that a signature of a pack is never one of a checkpoint. `sha256sum -c`
# takes a line that begins with # for a comment.
_WHAT = "# flyball evidence pack, form 1"


def is_pack(folder: Path) -> bool:
    """Return whether a folder is a pack, or was one: any of its three marks is enough."""
    return any((folder / name).exists() for name in (SUMS, NOTE, "pack.json"))


def seal(folder: Path, key: SigningKey) -> str:
    """Write the list of every file in a folder, and its signed note.

    Returns
    -------
    str
        Digest of the list: the name of the pack.
    """
    names = sorted(path for path in _files(folder) if path not in (SUMS, NOTE))
    lines = "".join(f"{_digest(folder / name)}  {name}\n" for name in names)
    text = f"{_WHAT}\n{lines}"
    write_whole(folder / SUMS, text.encode())
    write_whole(folder / NOTE, sign_note(text, key).encode())
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def check_seal(folder: Path, key: VerifierKey) -> list[Check]:
    """Check signature and list: every file there, unchanged, and no other one."""
    try:
        note = (folder / NOTE).read_text(encoding="utf-8")
        text = open_note(note, key)
    except (OSError, UnicodeDecodeError) as err:
        return [Check("signature", False, f"{NOTE} cannot be read: {err}")]
    except BadCheckpoint as err:
        return [Check("signature", False, f"{NOTE}: {err.message} It names: {_signers(note)}")]
    first, *lines = text.splitlines()
    if first != _WHAT:
        return [Check("signature", False, f"{NOTE} is signed, but what it signs is no pack")]
    checks = [Check("signature", True, f"signed with {key.name}+{key.key_id.hex()}")]
    listed: dict[str, str] = {}
    wrong: list[str] = []
    for line in lines:
        digest, _, name = line.partition("  ")
        if not _inside(name) or name in listed:
            return [*checks, Check("files", False, f"the list names {name!r}, which no pack can hold")]
        listed[name] = digest
        wrong += _problem(folder, name, digest)
    try:
        if (folder / SUMS).read_bytes() != text.encode():
            wrong.append(f"{SUMS} is not the list that was signed")
    except OSError:
        wrong.append(f"{SUMS} is missing")
    extra = sorted(set(_files(folder)) - set(listed) - {SUMS, NOTE})
    wrong += [f"{name} was added" for name in extra]
    said = "; ".join(wrong[:10]) + (f", and {len(wrong) - 10} more" if len(wrong) > 10 else "")
    return [*checks, Check("files", not wrong, said or f"{len(listed)} files as signed")]


def not_files(folder: Path) -> list[str]:
    """Return what in a folder is neither file nor folder: links, pipes, devices. None of it is opened."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir()))
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _problem(folder: Path, name: str, digest: str) -> list[str]:
    path = folder / name
    if not path.is_file():
        return [f"{name} is missing"]
    return [] if _digest(path) == digest else [f"{name} was changed"]


def _files(folder: Path) -> Iterable[str]:
    return (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and path.as_posix() == name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _signers(note: str) -> str:
    lines = note.rpartition("\n\n")[2].splitlines()
    return ", ".join(line.split(" ")[1][:80] for line in lines if line.count(" ") == 2) or "nobody"
