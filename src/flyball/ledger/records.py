"""What the ledger takes in and hands on: drafts, entries, receipts, findings of a verification."""

import re
from dataclasses import dataclass
from datetime import datetime

from flyball.core.digests import canonical_json, from_json
from flyball.core.verdicts import Check
from flyball.ledger.errors import BadDraft

__all__ = ["LARGEST_LEAF", "Draft", "Entry", "Prepared", "Receipt", "Verification", "entry_of"]

LARGEST_LEAF = 8 * 1024 * 1024
"""Bytes of the largest entry. What is larger belongs into a blob, and its digest into `refs`."""

_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,99}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place.

    Parameters
    ----------
    kind : str
        What sort of fact it is: "decision", "turn.stage", "release". Lower case, digits, `._-`.
    body : object
        A record or a dict; it must become a JSON object.
    actor : str
        Who or what did it: "system:turn", "person:jane".
    refs : tuple of str
        Digests of blobs that belong to it.
    key : str or None
        Name of this write, at most 200 printable ASCII characters. Writing the same content under
        the same key again changes nothing and returns the first receipt. None: no such promise.
    """

    kind: str
    body: object
    actor: str
    refs: tuple[str, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the ledger. Its canonical JSON is the leaf of the Merkle tree.

    Parameters
    ----------
    actor : str
    at : datetime
        When it was written, UTC, by the clock of the writer. Not proven by the signature.
    body : dict
    index : int
        Place in the ledger, from 0.
    key : str
        "" where the entry was written without a key.
    kind : str
    refs : tuple of str
    """

    actor: str
    at: datetime
    body: dict[str, object]
    index: int
    key: str
    kind: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of receipt: the entry is on disk.

    Parameters
    ----------
    index : int
        Place in the ledger, from 0.
    leaf_hash : str
        64 hexadecimal digits: the leaf hash of RFC 9162.
    repeated : bool
        True where the key had been used before for the same content; nothing was written.
    """

    index: int
    leaf_hash: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found.

    Parameters
    ----------
    ok : bool
        True only if every check passed.
    entries : int
        Entries that were read.
    first_bad : int or None
        Index of the first altered, missing or misplaced entry; None where there is none.
    bad_before : int or None
        The first bad entry lies in `[first_bad, bad_before)`. One wide where it is known exactly;
        wider where whoever altered it also rewrote the stored leaf hashes.
    signed : int
        Entries that a valid signature covers.
    reason : str
        One sentence for people.
    origin : str
        Name of the ledger in its checkpoints; "" without any.
    checks : tuple of Check
        Everything that was checked, passed or not.
    """

    ok: bool
    entries: int
    first_bad: int | None
    bad_before: int | None
    signed: int
    reason: str
    origin: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft checked and encoded, but for its time and place.

    The four pieces around `at` and `index` make the leaf: the same bytes as the canonical JSON
    of the `Entry`, without encoding the body while others wait for the lock.
    """

    kind: str
    key: str
    before_at: bytes
    before_index: bytes
    after_index: bytes

    @classmethod
    def of(cls, draft: Draft) -> "Prepared":
        """Check and encode a draft.

        Raises
        ------
        BadDraft
            A field is missing or malformed, or the body is too large.
        BadInput
            The body has no JSON form.
        """
        _check(draft)
        body = canonical_json(draft.body)
        if not body.startswith(b"{"):
            raise BadDraft(
                f"The body of an entry must be a JSON object, got {type(draft.body).__name__}.",
                fix="Pass a record or a dict.",
                type=type(draft.body).__name__,
            )
        if len(body) > LARGEST_LEAF - 65_536:
            raise BadDraft(
                f"The body of this {draft.kind!r} entry has {len(body)} bytes; "
                f"{LARGEST_LEAF - 65_536} are the most.",
                fix="Store it as a blob and put its digest into refs.",
                bytes=len(body),
            )
        return cls(
            kind=draft.kind,
            key=draft.key or "",
            before_at=b'{"actor":' + canonical_json(draft.actor) + b',"at":',
            before_index=b',"body":' + body + b',"index":',
            after_index=b',"key":'
            + canonical_json(draft.key or "")
            + b',"kind":'
            + canonical_json(draft.kind)
            + b',"refs":'
            + canonical_json(draft.refs)
            + b"}",
        )

    def leaf(self, at: bytes, index: int) -> bytes:
        """Return the leaf for a time (as JSON) and a place."""
        return b"%b%b%b%d%b" % (self.before_at, at, self.before_index, index, self.after_index)


def entry_of(leaf: bytes) -> Entry:
    """Decode a leaf.

    Raises
    ------
    BadInput
        The bytes are not an entry.
    """
    return from_json(leaf, Entry)


def _check(draft: Draft) -> None:
    if not isinstance(draft.kind, str) or not _KIND.match(draft.kind):
        raise BadDraft(
            f"{draft.kind!r} cannot be the kind of an entry.",
            fix="Use lower case letters, digits and . _ -, beginning with a letter, at most 100.",
            kind=draft.kind,
        )
    if not isinstance(draft.actor, str) or not 0 < len(draft.actor) <= 1000:
        raise BadDraft(
            f"{draft.actor!r} cannot be the actor of an entry.",
            fix='Say who or what did it, for instance "system:turn" or "person:jane".',
            actor=draft.actor,
        )
    if draft.key is not None and not (isinstance(draft.key, str) and _KEY.match(draft.key)):
        raise BadDraft(
            f"{draft.key!r} cannot be the key of an entry.",
            fix="Use 1 to 200 printable ASCII characters without spaces, for instance a digest.",
            key=draft.key,
        )
    if len(draft.refs) > 500:
        raise BadDraft(
            f"{len(draft.refs)} refs are too many for one entry; 500 are the most.",
            fix="Write a list of digests as a blob and refer to that.",
            refs=len(draft.refs),
        )
    for ref in draft.refs:
        if not isinstance(ref, str) or not _DIGEST.match(ref):
            raise BadDraft(
                f"{ref!r} is not a digest.",
                fix="Use the digest that Blobs.put returned: sha256: and 64 hexadecimal digits.",
                ref=ref,
            )
