"""Permission: what only some people may do is signed by one of them, and a refusal is written down too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import get_args

from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput, FlyballError, Refused
from flyball.governance.approvals import (
    Approval,
    ApprovalKind,
    Person,
    missing_approvals,
    same_key,
    sign_approval,
)
from flyball.loop.access_noted import two_people_must
from flyball.loop.people import key_of_person
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["APPROVED", "ASKED", "approve_request", "signed_request"]

ASKED, APPROVED = "access.asked", "access.approved"
_SECOND_COUNTS_FOR = timedelta(hours=24)


def signed_request(
    workshop: Workshop,
    request: Mapping[str, object],
    *,
    kind: ApprovalKind,
    person: str,
    refusal: str,
    everybody: bool = False,
) -> Approval:
    """Return a person's signature under what they ask for.

    Parameters
    ----------
    workshop : Workshop
    request : mapping
        What they ask for; its digest is signed. It stays in the ledger. Its "reason" is the comment.
    kind : ApprovalKind
        Must be among the person's kinds in people.toml.
    person : str
        Id in people.toml; their own private key signs.
    refusal : str
        Kind of the ledger entry where they may not.
    everybody : bool
        Whether everybody who is listed and not revoked may, whatever their kinds.

    Returns
    -------
    Approval

    Raises
    ------
    Refused
        The person is not listed, is revoked, or may not sign this; or two people must sign this kind and
        nobody else has signed the same request in the last 24 hours. That is written down too.
    BadKeyFile, BadInput
        Their key is not on this machine, or is another one. That is written down too.
    """
    found = {one.id: one for one in people_of(workshop)}.get(person)
    why = ""
    if found is None:
        why = "is not listed in people.toml"
    elif found.revoked:
        why = "is revoked"
    elif kind not in found.kinds and not everybody:
        why = f'has no "{kind}" among their kinds'
    digest = digest_of(request)
    try:
        if why:
            raise Refused(
                f"{person} may not {kind}: {person} {why}.",
                fix="Have the owner of the deployment list them in people.toml, with it among their kinds: "
                f'kinds = ["release", "{kind}"].',
                person=person,
            )
        key = key_of_person(workshop, person)
        if two_people_must(workshop, kind, person, str(key.verifier)):
            _require_second(workshop, request, digest, kind=kind, person=person)
    except FlyballError as err:
        body = {**request, "why": why or f"could not sign: {err.message}"}
        workshop.ledger.append(kind=refusal, actor=workshop.actor, body=body)
        raise
    return sign_approval(
        key,
        digest=digest,
        kind=kind,
        person=person,
        decision="approve",
        comment=str(request["reason"]),
        at=workshop.clock(),
    )


def approve_request(workshop: Workshop, digits: str, *, person: str, comment: str = "") -> int:
    """Sign, as the second person, exactly what somebody else has asked for.

    Parameters
    ----------
    workshop : Workshop
    digits : str
        First digits of the digest of the request.
    person : str
        Needs the kind of the request among theirs, and is not who asked.
    comment : str

    Returns
    -------
    int
        Entry of the approval. It counts for 24 hours.

    Raises
    ------
    BadInput
        Nothing was asked for that begins so, or their key is not here.
    Refused
        They asked for it themselves, or may not. That is written down too.
    """
    bare = digits.removeprefix("sha256:")
    asked = {str(one.body["digest"]): one for one in workshop.ledger.entries(ASKED)}
    found = [one for one in asked if bare and one.removeprefix("sha256:").startswith(bare)]
    if len(found) != 1:
        raise BadInput(
            f"{len(found) or 'No'} requests begin with {digits!r}.",
            fix=f"Asked for: {', '.join(map(short, asked)) or 'nothing'}. Give more digits.",
            digits=digits,
        )
    body = asked[found[0]].body
    kind = next(one for one in get_args(ApprovalKind) if one == body["kind"])
    people = {one.id: one for one in people_of(workshop)}
    why = _why_not_second(people, str(body["person"]), person, kind)
    if why:
        refused = {"digest": found[0], "person": person, "why": why}
        workshop.ledger.append(kind="access.approval_refused", actor=workshop.actor, body=refused)
        raise Refused(
            f"{person} may not approve {short(found[0])}: {why}.",
            fix="Have somebody else sign it.",
            person=person,
        )
    approval = sign_approval(
        key_of_person(workshop, person),
        digest=found[0],
        kind=kind,
        person=person,
        decision="approve",
        comment=comment,
        at=workshop.clock(),
    )
    entry = workshop.ledger.append(kind=APPROVED, actor=f"person:{person}", body=approval).index
    workshop.ledger.checkpoint()
    return entry


def _why_not_second(people: Mapping[str, Person], first: str, second: str, kind: ApprovalKind) -> str:
    one, other = people.get(first), people.get(second)
    if second == first or (
        one is not None and other is not None and same_key(one.public_key, other.public_key)
    ):
        return "they asked for it themselves"
    if other is None or other.revoked:
        return "they are not listed in people.toml, or are revoked"
    return "" if kind in other.kinds else f'they have no "{kind}" among their kinds'


def _require_second(
    workshop: Workshop, request: Mapping[str, object], digest: str, *, kind: ApprovalKind, person: str
) -> None:
    now = workshop.clock()
    signed = [
        from_json(canonical_json(entry.body), Approval)
        for entry in workshop.ledger.entries(APPROVED)
        if entry.at > now - _SECOND_COUNTS_FOR
    ]
    within = (now - _SECOND_COUNTS_FOR, now + timedelta(minutes=5))
    missing = missing_approvals(
        1, person, signed, digest, people_of(workshop), kind=kind, signed_within=within
    )
    if missing:
        body = {"digest": digest, "kind": kind, "person": person, "reason": request["reason"]}
        workshop.ledger.append(kind=ASKED, actor=workshop.actor, body=body)
        raise Refused(
            f"Two people must sign this: {'; '.join(missing)}.",
            fix=f"Somebody else signs within 24 hours: flyball access approve {short(digest)} --as PERSON; "
            "then give the same command again.",
            digest=digest,
        )
