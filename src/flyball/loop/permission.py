"""Permission: what only some people may do is signed by one of them, and a refusal is written down too."""

from collections.abc import Mapping

from flyball.core.digests import digest_of
from flyball.core.errors import FlyballError, Refused
from flyball.governance.approvals import Approval, ApprovalKind, sign_approval
from flyball.loop.people import key_of_person
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["signed_request"]


def signed_request(
    workshop: Workshop, request: Mapping[str, object], *, kind: ApprovalKind, person: str, refusal: str
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

    Returns
    -------
    Approval

    Raises
    ------
    Refused
        The person is not listed, is revoked, or may not sign this. That is written down too.
    BadKeyFile, BadInput
        Their key is not on this machine, or is another one. That is written down too.
    """
    found = {one.id: one for one in people_of(workshop)}.get(person)
    why = ""
    if found is None:
        why = "is not listed in people.toml"
    elif found.revoked:
        why = "is revoked"
    elif kind not in found.kinds:
        why = f'has no "{kind}" among their kinds'
    try:
        if why:
            raise Refused(
                f"{person} may not {kind}: {person} {why}.",
                fix="Have the owner of the deployment list them in people.toml, with it among their kinds: "
                f'kinds = ["release", "{kind}"].',
                person=person,
            )
        key = key_of_person(workshop, person)
    except FlyballError as err:
        body = {**request, "why": why or f"could not sign: {err.message}"}
        workshop.ledger.append(kind=refusal, actor=workshop.actor, body=body)
        raise
    return sign_approval(
        key,
        digest=digest_of(request),
        kind=kind,
        person=person,
        decision="approve",
        comment=str(request["reason"]),
        at=workshop.clock(),
    )
