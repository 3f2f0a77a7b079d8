"""Decisions as programs see them: with the quoted words, as long as the text is there."""

import msgspec

from flyball.core.records import Span
from flyball.data.documents.records import Document
from flyball.loop.issue import Issued
from flyball.models.decisions.answer import quote
from flyball.models.decisions.records import FieldDecision, Finding

__all__ = ["decision_as_json"]

_LONGEST_QUOTE = 2000


def decision_as_json(issued: Issued, document: Document | None) -> dict[str, object]:
    """Return one decision with quotes and places, as one JSON object.

    Parameters
    ----------
    issued : Issued
    document : Document or None
        None where its text was erased: then there are offsets, but no words.
    """
    decision = issued.decision
    return {
        "ok": decision.verdict.allowed,
        "case": decision.case_name if document is None else document.name,
        "case_id": decision.case_id,
        "verdict": decision.verdict.reason,
        "release": decision.release,
        "ledger_entry": issued.entry,
        "as_of": decision.context.as_of,
        "fields": [_field(field, document) for field in decision.fields],
        "findings": [_finding(finding, document) for finding in decision.findings],
        "obligations": list(decision.obligations),
        "notes": ["the text was erased"] if document is None else list(document.notes),
        "principles": [
            {
                "principle": one.principle,
                "passed": one.passed,
                "critique": one.critique,
                "revision": one.revision,
            }
            for one in decision.principles
        ],
        "cost_eur": decision.cost_eur,
    }


def _field(field: FieldDecision, document: Document | None) -> dict[str, object]:
    return {
        "field": field.field,
        "answer": _answer(field.answer),
        "outcome": field.outcome,
        "confidence": round(field.confidence, 4),
        "expert": field.route.expert,
        "reason": field.reason,
        "value": field.value,
        "unit": field.unit,
        "evidence": [_quoted(span, document) for span in field.evidence],
    }


def _answer(text: str) -> object:
    """Return an answer as the value that it is; None where nobody answered."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _finding(finding: Finding, document: Document | None) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity,
        "status": finding.status,
        "likely": finding.likely,
        "message": finding.message,
        "fields": list(finding.fields),
        "cites": list(finding.cites),
        "evidence": [_quoted(span, document) for span in finding.evidence],
    }


def _quoted(span: Span, document: Document | None) -> dict[str, object]:
    place = None if document is None else document.place_of(span.start)
    return {
        "start": span.start,
        "end": span.end,
        "score": round(span.score, 4),
        "quote": None if document is None else quote(document.text, span, longest=_LONGEST_QUOTE),
        "page": None if place is None else place.page,
        "place": "" if place is None else place.label,
    }
