"""Decided: the decisions of one deployment, as one tenant may see them. Those of others are not there."""

import re
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from flyball.core.digests import from_json
from flyball.core.errors import UnknownName
from flyball.data.documents.records import Document
from flyball.ledger.errors import BlobErased, BlobMissing, NoSuchEntry
from flyball.loop.issue import Issued
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = ["Known", "UnknownDecision", "decision_id", "document_of", "entry_of_id", "find_decision"]

_ID = re.compile(r"(.{1,200}):([0-9]{1,15})\Z", re.DOTALL)


class UnknownDecision(UnknownName):
    """No decision has this id, or the caller may not see it."""

    code = "gateway.unknown_decision"
    status: ClassVar[int] = 404


@dataclass(frozen=True, slots=True)
class Known:
    """A decision that stands in the ledger, with the digest of its text.

    Parameters
    ----------
    issued : Issued
    text : str
        Digest of the blob; "" where there never was one.
    trail : str
        Digest of the blob with the first answer, critiques and revisions; "" where nothing was wrong.
    """

    issued: Issued
    text: str
    trail: str = ""


def decision_id(deployment: str, entry: int) -> str:
    """Return the id under which the doors know a decision: "contract-review:128"."""
    return f"{deployment}:{entry}"


def entry_of_id(id: str) -> tuple[str, int]:
    """Return deployment and ledger entry of an id.

    Raises
    ------
    UnknownDecision
    """
    form = _ID.match(id)
    if form is None:
        raise _unknown(id)
    return form.group(1), int(form.group(2))


def find_decision(workshop: Workshop, entry: int, tenant: str) -> Known:
    """Return a decision of a tenant.

    Raises
    ------
    UnknownDecision
        There is none, or it is of another tenant: which of the two is not said.
    """
    id = decision_id(workshop.deployment.name, entry)
    try:
        found = workshop.ledger.entry(entry)
    except NoSuchEntry:
        raise _unknown(id) from None
    if found.kind != "decision":
        raise _unknown(id)
    decision = msgspec.convert(found.body, Decision)
    if decision.context.tenant != tenant:
        raise _unknown(id)
    text, trail = (*found.refs, "", "")[:2]
    return Known(Issued(decision, entry), text, trail)


def document_of(workshop: Workshop, known: Known) -> Document | None:
    """Return the text that was decided about; None where it was erased."""
    if not known.text:
        return None
    try:
        return from_json(workshop.blobs.get(known.text), Document)
    except (BlobErased, BlobMissing):
        return None


def _unknown(id: str) -> UnknownDecision:
    return UnknownDecision(
        f"No decision has the id {id[:100]!r}.",
        fix='Give the "id" that came with the decision, such as contract-review:128.',
        id=id[:100],
    )
