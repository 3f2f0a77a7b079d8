"""Releases: what was signed, what is live, and how to go back.

A release holds content only - no times, no names of machines - so the same parts give the same
release, and going back to an earlier rule gives back the earlier release. When it was made, approved,
promoted or rolled back, and by whom, stands in the ledger: what is not there did not happen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import flyball
from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput, FlyballError, UnknownName
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import SigningKey, VerifierKey, open_note, sign_note
from flyball.loop.memo import write_atomically

__all__ = [
    "NothingLive",
    "Promotion",
    "Release",
    "ReleaseDifference",
    "ReleaseForged",
    "SignedRelease",
    "difference",
    "find_release",
    "live_release",
    "new_release",
    "promotions",
    "read_release",
    "releases_made",
    "require_live",
    "sign_release",
]


class ReleaseForged(FlyballError):
    """A release file is not what its signature covers."""

    code = "loop.release_forged"


class NothingLive(FlyballError):
    """The deployment has no live release."""

    code = "loop.nothing_live"


@dataclass(frozen=True, slots=True)
class Release:
    """A lock file: every part of a deployment's behaviour, by digest.

    Parameters
    ----------
    deployment : str
    flyball : str
        Version of the software.
    parts : mapping of str to str
        What it is made of and what it was tested with: "snapshot cases", "expert clause_detector",
        "thresholds", "rules liability.csv", "constitution", "evaluation", ... each with its digest.
    files : mapping of str to str
        Every file of the kit by its name in the bundle.
    promises : tuple of str
        In words.
    approvals_required : int
        Other people who must sign before it goes live; 0 means nobody.
    """

    deployment: str
    flyball: str
    parts: Mapping[str, str]
    files: Mapping[str, str]
    promises: tuple[str, ...]
    approvals_required: int

    @property
    def digest(self) -> str:
        """Its name."""
        return digest_of(self)


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A release with the signature of the deployment's key.

    Parameters
    ----------
    release : Release
    note : str
        A C2SP signed note whose text names the deployment and the digest of the release.
    """

    release: Release
    note: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """One time at which a release went live.

    Parameters
    ----------
    release : str
        Digest.
    before : str
        Digest of what was live before; "" for nothing.
    why, by, at : str
        `by` is the actor that the ledger names.
    entry : int
        Index in the ledger.
    """

    release: str
    before: str
    why: str
    by: str
    at: str
    entry: int


@dataclass(frozen=True, slots=True)
class ReleaseDifference:
    """What differs between two releases: names of parts and files."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    same: int


def new_release(
    deployment: str,
    *,
    parts: Mapping[str, str],
    files: Mapping[str, str],
    promises: tuple[str, ...],
    approvals_required: int,
) -> Release:
    """Return a release made by this version of the software."""
    return Release(deployment, flyball.__version__, dict(parts), dict(files), promises, approvals_required)


def sign_release(release: Release, key: SigningKey, state: Path) -> SignedRelease:
    """Sign a release and keep it under `state`; the same release is the same file."""
    signed = SignedRelease(release, sign_note(_note_text(release), key))
    write_atomically(_path(state, release.digest), canonical_json(signed))
    return signed


def read_release(state: Path, digest: str, key: VerifierKey) -> SignedRelease:
    """Read a release and check its digest and its signature.

    Parameters
    ----------
    state : Path
        Memory of the deployment.
    digest : str
        Full digest.
    key : VerifierKey
        Whose signature is trusted.

    Raises
    ------
    UnknownName
        No such release here.
    ReleaseForged
        The file is not what its name and signature say.
    """
    path = _path(state, digest)
    if not path.is_file():
        known = ", ".join(short(item) for item in _known(state)) or "none"
        raise UnknownName(f"No release {short(digest)} here.", fix=f"Known: {known}.", release=digest)
    forged = ReleaseForged(
        f"The file of release {short(digest)} was altered: digest or signature does not fit.",
        fix="Restore it from a copy, or make the release again with `flyball turn`.",
        release=digest,
    )
    try:
        signed = from_json(path.read_bytes(), SignedRelease)
        text = open_note(signed.note, key)
    except (BadInput, BadCheckpoint) as err:
        raise forged from err
    if signed.release.digest != digest or text != _note_text(signed.release):
        raise forged
    return signed


def find_release(state: Path, prefix: str) -> str:
    """Return the full digest of a release by its first digits.

    Raises
    ------
    UnknownName
        None, or more than one, begins so.
    """
    wanted = prefix.removeprefix("sha256:").removeprefix("r-")
    matches = [item for item in _known(state) if item.removeprefix("sha256:").startswith(wanted)]
    if len(matches) == 1 and wanted:
        return matches[0]
    known = ", ".join(short(item) for item in _known(state)) or "none"
    what = f"{len(matches)} releases begin" if matches else "No release begins"
    raise UnknownName(f"{what} with {prefix!r}.", fix=f"Known: {known}.", release=prefix)


def releases_made(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Return (digest, time, ledger index) of every release that was made, oldest first."""
    return [
        (str(entry.body["release"]), entry.at.isoformat(), entry.index)
        for entry in ledger.entries(kind="release.made")
    ]


def promotions(ledger: Ledger) -> list[Promotion]:
    """Return every promotion and rollback, oldest first; the last one is live."""
    return [
        Promotion(
            release=str(entry.body["release"]),
            before=str(entry.body["before"]),
            why=str(entry.body["why"]),
            by=entry.actor,
            at=entry.at.isoformat(),
            entry=entry.index,
        )
        for entry in ledger.entries(kind="release.promoted")
    ]


def live_release(ledger: Ledger) -> Promotion | None:
    """Return the promotion that is in force, or None where nothing ever went live."""
    history = promotions(ledger)
    return history[-1] if history else None


def require_live(ledger: Ledger, deployment: str) -> Promotion:
    """Return the live promotion.

    Raises
    ------
    NothingLive
        Nothing ever went live.
    """
    live = live_release(ledger)
    if live is None:
        raise NothingLive(
            f"{deployment} has no live release yet.",
            fix="Make one with `flyball turn`.",
            deployment=deployment,
        )
    return live


def difference(before: Release, after: Release) -> ReleaseDifference:
    """Compare two releases part by part and file by file."""
    old = dict(before.parts) | {f"file {name}": digest for name, digest in before.files.items()}
    new = dict(after.parts) | {f"file {name}": digest for name, digest in after.files.items()}
    shared = old.keys() & new.keys()
    changed = tuple(sorted(name for name in shared if old[name] != new[name]))
    return ReleaseDifference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=changed,
        same=len(shared) - len(changed),
    )


def _note_text(release: Release) -> str:
    return f"flyball release\n{release.deployment}\n{release.digest}\n"


def _path(state: Path, digest: str) -> Path:
    return state / "releases" / f"{digest.removeprefix('sha256:')}.json"


def _known(state: Path) -> list[str]:
    return ["sha256:" + path.stem for path in sorted((state / "releases").glob("*.json"))]
