"""Decisions as people and programs see them: with the quoted words and where they stand."""

from flyball.core.records import Span
from flyball.data.documents.records import Document
from flyball.loop.issue import Issued
from flyball.models.decisions.answer import quote
from flyball.models.decisions.records import Decision, FieldDecision, Finding

__all__ = ["decision_as_json", "summary_columns", "summary_row"]


def summary_columns(case: str) -> list[str]:
    """Return the columns of the summary; the first is called as the deployment calls a case."""
    return [case, ">critical", ">high", ">other", ">to check", ">by machine", ">for a person"]


def decision_as_json(issued: Issued, document: Document) -> dict[str, object]:
    """Return one decision with quotes and places, as one JSON object."""
    decision = issued.decision
    return {
        "ok": decision.verdict.allowed,
        "case": document.name,
        "case_id": decision.case_id,
        "verdict": decision.verdict.reason,
        "release": decision.release,
        "ledger_entry": issued.entry,
        "as_of": decision.context.as_of,
        "fields": [_field(field, document) for field in decision.fields],
        "findings": [_finding(finding, document) for finding in decision.findings],
        "obligations": list(decision.obligations),
        "notes": list(document.notes),
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


def summary_row(name: str, decision: Decision) -> list[str]:
    """Return a row of `summary_columns`."""
    found = [one for one in decision.findings if one.status == "found"]
    worst = [sum(one.severity == severity for one in found) for severity in ("critical", "high")]
    automated = sum(one.outcome == "automated" for one in decision.fields)
    return [
        name,
        *(str(number or "") for number in worst),
        str(len(found) - sum(worst) or ""),
        str(sum(one.status == "to_check" and one.likely for one in decision.findings) or ""),
        str(automated),
        str(len(decision.fields) - automated or ""),
    ]


def _field(field: FieldDecision, document: Document) -> dict[str, object]:
    return {
        "field": field.field,
        "answer": {"true": True, "false": False}.get(field.answer),
        "outcome": field.outcome,
        "confidence": round(field.confidence, 4),
        "expert": field.route.expert,
        "reason": field.reason,
        "value": field.value,
        "unit": field.unit,
        "evidence": [_quoted(span, document) for span in field.evidence],
    }


def _finding(finding: Finding, document: Document) -> dict[str, object]:
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


def _quoted(span: Span, document: Document) -> dict[str, object]:
    place = document.place_of(span.start)
    return {
        "start": span.start,
        "end": span.end,
        "score": round(span.score, 4),
        "quote": quote(document.text, span, longest=2000),
        "page": None if place is None else place.page,
        "place": "" if place is None else place.label,
    }
