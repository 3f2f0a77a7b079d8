"""Break the glass: rights that somebody does not have, for hours, signed, loud, and looked at afterwards.

Why it is done so: docs/decisions/0030-access-change-retention.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flyball.core.errors import BadInput
from flyball.gateway.access.keys import KeyBook, NewKey
from flyball.gateway.access.records import ROLES, Role, check_tenant
from flyball.ledger.records import Draft
from flyball.loop.emergency import ENDED, OPENED, REFUSED, Emergency, find_emergency
from flyball.loop.permission import signed_request
from flyball.loop.workshop import Workshop

__all__ = ["BrokenGlass", "break_glass", "end_emergency"]

_SHORTEST_REASON = 8


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Emergency access that was just opened.

    Parameters
    ----------
    emergency : Emergency
    key : NewKey
        For the gateway and the console; shown once.
    """

    emergency: Emergency
    key: NewKey


def break_glass(
    workshop: Workshop,
    *,
    person: str,
    reason: str,
    hours: float,
    roles: Sequence[Role] = ROLES,
    tenant: str = "default",
) -> BrokenGlass:
    """Give somebody rights for hours: sign the request, write it down, make the key, sign the ledger.

    Parameters
    ----------
    workshop : Workshop
    person : str
        Id in people.toml: anybody who is listed and not revoked; their own private key signs.
    reason : str
        For the ledger, without a word of a case, at least a few words.
    hours : float
        Above 0, at most `access.emergency_hours_at_most`. Nothing makes it longer.
    roles : sequence of Role
        By default every one.
    tenant : str
        Whose cases.

    Returns
    -------
    BrokenGlass

    Raises
    ------
    Refused
        They are not listed, or are revoked. That is written down too.
    BadInput
        No reason, too long, or an unknown role.
    """
    longest = workshop.deployment.settings.access.emergency_hours_at_most
    if not 0.0 < hours <= longest:
        raise BadInput(
            f"Emergency access lasts above 0 and at most {longest:g} hours here, got {hours:g}.",
            fix="Give fewer hours; access.emergency_hours_at_most in flyball.toml is the limit.",
            hours=hours,
        )
    if len(reason.strip()) < _SHORTEST_REASON:
        raise BadInput(
            f"Emergency access needs a reason of a few words, got {reason!r}.",
            fix='For instance --reason "Payments are stuck, incident 2026-31".',
        )
    check_tenant(tenant)
    now = workshop.clock()
    until = now + timedelta(hours=hours)
    chosen = tuple(sorted(set(roles)))
    request = {
        "person": person,
        "reason": reason,
        "roles": chosen,
        "tenant": tenant,
        "until": until.isoformat(),
    }
    approval = signed_request(
        workshop, request, kind="emergency", person=person, refusal=REFUSED, everybody=True
    )
    actor = f"person:{person}"
    book = KeyBook(workshop.ledger, workshop.deployment.name, clock=workshop.clock)
    made = book.emergency(
        person,
        actor=actor,
        tenant=tenant,
        roles=chosen,
        until=until,
        because=lambda key: Draft(OPENED, {**request, "key": key, "approval": approval}, actor),
    )
    workshop.ledger.checkpoint()
    entry = [one.index for one in workshop.ledger.entries(OPENED) if one.body["key"] == made.kept.id][-1]
    return BrokenGlass(find_emergency(workshop.ledger, entry), made)


def end_emergency(workshop: Workshop, entry: int, *, why: str = "") -> Emergency:
    """End emergency access before its time; anybody may.

    Raises
    ------
    BadInput
        There is none, or it is over already.
    """
    found = find_emergency(workshop.ledger, entry)
    if found.state(workshop.clock()) != "open":
        raise BadInput(
            f"Emergency access {entry} of {found.person} is over since {found.over_at():%Y-%m-%d %H:%M} UTC.",
            fix=f"Have somebody else look at it: flyball access review {entry} --as PERSON --comment TEXT",
            entry=entry,
        )
    book = KeyBook(workshop.ledger, workshop.deployment.name, clock=workshop.clock)
    if book.find(found.key).revoked_at is None:
        book.revoke(found.key, actor=workshop.actor, why=f"emergency access {entry} was ended")
    workshop.ledger.append(kind=ENDED, actor=workshop.actor, body={"entry": entry, "why": why[:500]})
    workshop.ledger.checkpoint()
    return find_emergency(workshop.ledger, entry)
