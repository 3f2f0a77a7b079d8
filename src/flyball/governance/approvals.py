"""Approvals: other people sign one exact digest, and the gate counts who still has to."""

import base64
import binascii
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from flyball.core.digests import canonical_json, short
from flyball.core.errors import BadInput, FlyballError
from flyball.core.text import count
from flyball.ledger.notes import SigningKey, VerifierKey

__all__ = [
    "Approval",
    "ApprovalDecision",
    "ApprovalForged",
    "ApprovalKind",
    "BadPeople",
    "Person",
    "load_people",
    "missing_approvals",
    "same_key",
    "sign_approval",
    "signed_bytes",
    "verify_approval",
]

ApprovalKind = Literal[
    "release",
    "rule",
    "obligation",
    "threshold",
    "reveal",
    "erase",
    "declassify",
    "hold",
    "emergency",
    "access-review",
]
ApprovalDecision = Literal["approve", "reject"]

# Said before what is signed, so that a signature of an approval can never be taken for that of a checkpoint.
_WHAT = b"flyball approval, form 1\n"


class BadPeople(BadInput):
    """The list of people cannot be used as it is written."""

    code = "approvals.bad_people"


class ApprovalForged(FlyballError):
    """An approval is not signed by the person whom it names."""

    code = "approvals.forged"
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may sign.

    Parameters
    ----------
    id : str
        Short name that approvals use.
    name, role : str
        For people.
    public_key : str
        Verifier key as in the `.vkey` file beside the private key: "anna+1a2b3c4d+AQ...".
    kinds : tuple of ApprovalKind
        What they may sign.
    revoked : bool
        True: no signature of this key counts any more, whenever it says that it was made. The time in an
        approval is written by its signer, so a stolen key could date back.
    accounts : tuple of str
        Their accounts on the machines where releases are made: "alice". As soon as anybody has one, what
        an unknown account made needs two signatures.
    """

    id: str
    name: str
    role: str
    public_key: str
    kinds: tuple[ApprovalKind, ...] = ("release",)
    revoked: bool = False
    accounts: tuple[str, ...] = ()

    @property
    def key(self) -> VerifierKey:
        """The public key."""
        return VerifierKey.parse(self.public_key)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signed word on one exact thing.

    Parameters
    ----------
    digest : str
        What was looked at; a changed thing has another digest and needs a new approval.
    kind : ApprovalKind
    person : str
        Id of the person.
    public_key : str
        Verifier key that signed.
    decision : {"approve", "reject"}
    comment : str
    at : datetime
        UTC, as the signer's clock said.
    signature : str
        Base64 of Ed25519 over the canonical JSON of everything above.
    """

    digest: str
    kind: ApprovalKind
    person: str
    public_key: str
    decision: ApprovalDecision
    comment: str
    at: datetime
    signature: str = ""


class _Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    role: str
    public_key: str
    kinds: tuple[ApprovalKind, ...] = ("release",)
    revoked: bool = False
    accounts: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: tuple[_Person, ...] = ()


def load_people(path: Path) -> tuple[Person, ...]:
    """Read `people.toml`: one `[[person]]` for everyone who may sign.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of Person
        May be empty: then nobody may sign.

    Raises
    ------
    BadPeople
        No such file, unknown key, an id twice, one key or account for two people, or something that is no
        key.
    """
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File, strict=True)
    except FileNotFoundError as err:
        raise BadPeople(
            f"No list of people at {path.name}.",
            fix="Write one [[person]] with id, name, role and public_key for everyone who may sign.",
            file=path,
        ) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as err:
        raise BadPeople(
            f"{path.name}: {err}.", fix="See docs/governance.md for its form.", file=path
        ) from err
    people: list[Person] = []
    owners: dict[bytes, str] = {}
    for row in file.person:
        person = Person(row.id, row.name, row.role, row.public_key, row.kinds, row.revoked, row.accounts)
        try:
            public = person.key.public
        except FlyballError as err:
            raise BadPeople(
                f"{path.name}: person {row.id}: {err.message}", fix=err.fix, file=path, person=row.id
            ) from err
        if not row.id.strip() or any(row.id == other.id for other in people):
            raise BadPeople(
                f"{path.name}: the id {row.id!r} is empty or used twice.",
                fix="Give each person an id of their own.",
                file=path,
                person=row.id,
            )
        if public in owners:
            raise BadPeople(
                f"{path.name}: {row.id} and {owners[public]} have the same key, so they are one signature.",
                fix="Each person makes a key of their own.",
                file=path,
                person=row.id,
            )
        shared = next((one for other in people for one in other.accounts if one in row.accounts), "")
        if shared:
            raise BadPeople(
                f"{path.name}: {row.id} and another person have the account {shared!r}, so nobody could tell "
                "which of them made something.",
                fix="List an account under the one person who uses it; one that several use under nobody.",
                file=path,
                person=row.id,
            )
        owners[public] = row.id
        people.append(person)
    return tuple(people)


def sign_approval(
    key: SigningKey,
    *,
    digest: str,
    kind: ApprovalKind,
    person: str,
    decision: ApprovalDecision,
    comment: str,
    at: datetime,
) -> Approval:
    """Sign one's word on a digest.

    Parameters
    ----------
    key : SigningKey
        Of the person; see `flyball.ledger.keys.load_or_create_key`, which keeps it with mode 0600.
    digest, kind, person, decision, comment, at
        See `Approval`.

    Returns
    -------
    Approval

    Raises
    ------
    BadInput
        `digest` is not a full digest, or `at` has no time zone.
    """
    if not digest.startswith("sha256:") or len(digest) != 71:
        raise BadInput(
            f"An approval needs the full digest of what is approved, got {digest!r}.",
            fix="Give sha256: and 64 digits; a shortened one could fit something else.",
            digest=digest,
        )
    if at.tzinfo is None:
        raise BadInput(f"The time {at.isoformat()} has no time zone.", fix="Give it in UTC.", at=at)
    unsigned = Approval(digest, kind, person, str(key.verifier), decision, comment, at.astimezone(UTC))
    signature = key.private.sign(signed_bytes(unsigned))
    return replace(unsigned, signature=base64.b64encode(signature).decode())


def verify_approval(approval: Approval, person: Person) -> None:
    """Check that a person signed exactly this approval, with the key that the deployment lists for them.

    Parameters
    ----------
    approval : Approval
    person : Person
        From `people.toml`; the key in the approval itself proves nothing.

    Raises
    ------
    ApprovalForged
        It names someone else or another key, or the signature does not fit.
    """
    if approval.person != person.id:
        raise ApprovalForged(
            f"The approval names {approval.person}, not {person.id}.",
            fix="Compare it with the person whom it names.",
            person=approval.person,
        )
    key = person.key
    try:
        if VerifierKey.parse(approval.public_key).public != key.public:
            raise InvalidSignature
        signature = base64.b64decode(approval.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed_bytes(approval))
    except (InvalidSignature, binascii.Error, ValueError, FlyballError) as err:
        raise ApprovalForged(
            f"The approval of {short(approval.digest)} in the name of {person.id} is not signed by that "
            "person's key, or was altered after it was signed.",
            fix="Ask the person to sign again; if the key was changed, update people.toml.",
            person=person.id,
            digest=approval.digest,
        ) from err


def missing_approvals(
    required: int,
    author: str,
    approvals: Sequence[Approval],
    digest: str,
    people: Sequence[Person],
    *,
    kind: ApprovalKind = "release",
    makers: Sequence[str] = (),
    signed_within: tuple[datetime, datetime] | None = None,
) -> tuple[str, ...]:
    """Return what still stands between a digest and its approval, as sentences; () when nothing does.

    Counted is a person who is listed, not revoked, may sign this kind, is not the author, and whose
    signature over exactly this digest holds; each person and each key once. A rejection by anyone who is
    listed blocks this digest for good: change the thing, or make it anew after talking.

    An author is who is named as one, and whoever an account belongs to that had a hand in the thing. Where
    `people` say whose accounts are whose and one of the makers is nobody's, any signer may be that maker, so
    at least two people must sign.

    Parameters
    ----------
    required : int
        Other people who must approve; 0 means nobody, and then only a rejection can block.
    author : str
        Id of who made the thing.
    approvals : sequence of Approval
        All that are known, also of other digests.
    digest : str
    people : sequence of Person
    kind : ApprovalKind
    makers : sequence of str
        Accounts that ran what made it, or own its files.
    signed_within : tuple of datetime, optional
        First and last moment at which an approval that counts was signed; a rejection counts whenever.

    Returns
    -------
    tuple of str

    Raises
    ------
    BadInput
        `required` is negative.
    """
    if required < 0:
        raise BadInput(f"required must be 0 or more, got {required}.", fix="0 means that nobody has to sign.")
    listed = {person.id: person for person in people if not person.revoked and kind in person.kinds}
    authors = {author, *(person.id for person in people if set(person.accounts) & set(makers))}
    author_keys = {person.key.public for person in people if person.id in authors}
    owned = {account for person in people for account in person.accounts}
    strange = sorted(set(makers) - owned) if owned else []
    if strange and required == 1:
        required = 2
        unknown = f"; {', '.join(strange)}, who had a hand in it, is nobody of people.toml, so two must sign"
    else:
        unknown = ""
    problems: list[str] = []
    signers: dict[bytes, str] = {}
    stale: dict[bytes, str] = {}
    for approval in approvals:
        person = listed.get(approval.person)
        if (
            person is None
            or approval.digest != digest
            or approval.kind != kind
            or not _genuine(approval, person)
        ):
            continue
        if approval.decision == "reject":
            said = f": {approval.comment}" if approval.comment else ""
            problems.append(f"{person.name} ({person.role}) rejected {short(digest)}{said}")
        elif signed_within is not None and not signed_within[0] <= approval.at <= signed_within[1]:
            what = "has expired" if approval.at < signed_within[0] else "is dated ahead of the clock here"
            stale[person.key.public] = f"the approval of {person.id} of {approval.at:%Y-%m-%d} {what}"
        elif approval.decision == "approve" and person.key.public not in author_keys:
            signers[person.key.public] = person.id
    if required and not author.strip():
        problems.append("nobody is named as the author, so nobody can be told apart from them")
    lacking = required - len(signers)
    if lacking > 0:
        problems += [said for key, said in stale.items() if key not in signers]
        able = sorted(
            person.id for person in listed.values() if person.key.public not in signers.keys() | author_keys
        )
        who = f"could sign: {', '.join(able)}" if able else "nobody else is listed who could sign"
        problems.append(
            f"{count(lacking, 'approval')} of {required} missing for {short(digest)} ({who}{unknown})"
        )
    return tuple(dict.fromkeys(problems))


def same_key(one: str, other: str) -> bool:
    """Return whether two verifier keys are one, whatever their names; False where one is no key."""
    try:
        return VerifierKey.parse(one).public == VerifierKey.parse(other).public
    except FlyballError:
        return False


def _genuine(approval: Approval, person: Person) -> bool:
    try:
        verify_approval(approval, person)
    except ApprovalForged:
        return False
    return True


def signed_bytes(approval: Approval) -> bytes:
    """Return the exact bytes that a person signs, also for tools that sign elsewhere."""
    return _WHAT + canonical_json(replace(approval, signature=""))
