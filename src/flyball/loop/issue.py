"""Issue decisions: write them to the ledger, then hand them on. Never the other way round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.tracing import now_tracing, span
from flyball.data.documents.records import Document
from flyball.governance.constitution.review import ReviewedDecision
from flyball.ledger.errors import KeyReused
from flyball.ledger.records import Draft
from flyball.loop.guarding import FAILED
from flyball.loop.trails import bytes_of_trail
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = ["Issued", "issue", "trace_of"]

_NO_TRAILS: Mapping[str, ReviewedDecision] = {}


@dataclass(frozen=True, slots=True)
class Issued:
    """A decision that stands in the ledger.

    Parameters
    ----------
    decision : Decision
    entry : int
        Index in the ledger.
    """

    decision: Decision
    entry: int


def issue(
    workshop: Workshop,
    decisions: Sequence[Decision],
    documents: Sequence[Document],
    *,
    actor: str = "",
    trails: Mapping[str, ReviewedDecision] = _NO_TRAILS,
) -> list[Issued]:
    """Write decisions down, with the texts that they speak of as blobs.

    A decision of one release on one content of one tenant, under one day's law, is written once: deciding
    the same contract again on the same day returns the decision that stands there.

    Parameters
    ----------
    workshop : Workshop
    decisions : sequence of Decision
    documents : sequence of Document
        The one of each decision, in the same order.
    actor : str
        Who asked; by default who works in the workshop.
    trails : mapping of content digest to ReviewedDecision
        Reviews of those that did not keep every principle at once; kept as blobs beside the entry.

    Returns
    -------
    list of Issued
        In the same order.
    """
    ledger = workshop.ledger
    keys = [_key(one) for one in decisions]
    standing = ledger.entries_by_key(keys)
    issued = {
        number: Issued(msgspec.convert(found.body, Decision), found.index)
        for number, key in enumerate(keys)
        if (found := standing.get(key)) is not None
    }
    places = [number for number in range(len(keys)) if number not in issued]
    new = frozenset(places)
    texts = [canonical_json(documents[number]) for number in places]
    reviews = {
        number: bytes_of_trail(trails[content])
        for number in places
        if (content := decisions[number].content_digest) in trails
    }
    stored = workshop.blobs.put_many([*texts, *reviews.values()])
    kept = dict(zip(reviews, stored[len(texts) :], strict=True))
    drafts = [
        Draft(
            "decision",
            decisions[number],
            actor or workshop.actor,
            (text, kept[number]) if number in kept else (text,),
            keys[number],
        )
        for number, text in zip(places, stored, strict=False)
    ]
    try:
        receipts = ledger.append_many(drafts)
    except KeyReused:  # another process has just decided one of them: its decision counts
        return issue(workshop, decisions, documents, actor=actor, trails=trails)
    for number, receipt in zip(places, receipts, strict=True):
        issued[number] = Issued(decisions[number], receipt.index)
    done = [issued[number] for number in range(len(decisions))]
    if now_tracing().recording:
        for number, one in enumerate(done):
            trace_of(one, deployment=workshop.deployment.name, is_new=number in new)
    return done


def trace_of(issued: Issued, *, deployment: str, is_new: bool) -> None:
    """Say in the trace who answered what, and where it stands; no answer and no word of a case."""
    decision = issued.decision
    outcomes = [one.outcome for one in decision.fields]
    around = now_tracing()
    if not is_new:  # the trace is found by what the ledger has just written; this stands already
        around.trace.entries.append(issued.entry)
    told = span("decision", start=around.start)
    if not told.recording:
        return
    told.attributes.update(
        {
            "flyball.ledger.entry": issued.entry,
            "flyball.decision.id": f"{deployment}:{issued.entry}",
            "flyball.decision.new": is_new,
            "flyball.decision.allowed": decision.verdict.allowed,
            "flyball.fields.automated": outcomes.count("automated"),
            "flyball.fields.referred": outcomes.count("referred"),
            "flyball.fields.refused": outcomes.count("refused"),
            "flyball.route": tuple(
                [f"{one.field}: {one.outcome}, {one.route.expert or 'nobody'}" for one in decision.fields]
            ),
            "flyball.rules": tuple([one.rule for one in decision.findings]),
            "flyball.checks.failed": tuple([one.name for one in decision.verdict.checks if not one.passed]),
            "flyball.release": decision.release,
            "flyball.cost_eur": decision.cost_eur,
        }
    )
    told.end()


def _key(decision: Decision) -> str:
    """Name the entry of a decision; what one tenant was told is not what another gets."""
    context = decision.context
    tenant = "" if context.tenant == "default" else f"/{context.tenant}"
    if any(check.name == FAILED for check in decision.verdict.checks):
        tenant += "/guards-failed"  # it may go better next time, and then another decision is written
    return f"decision/{decision.release}/{decision.case_id}/{context.as_of.isoformat()}{tenant}"
