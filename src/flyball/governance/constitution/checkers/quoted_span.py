"""No claim without a quoted passage inside the document."""

from flyball.core.records import Span
from flyball.governance.constitution.asking import ask_a_person
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import is_claim
from flyball.models.decisions.records import Decision

__all__ = ["quoted_span"]


def _outside(spans: tuple[Span, ...], text: str) -> Span | None:
    """Return the first passage that lies outside the text or quotes only white space."""
    for span in spans:
        if not 0 <= span.start < span.end <= len(text) or not text[span.start : span.end].strip():
            return span
    return None


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    found = []
    absent = set()
    for field in decision.fields:
        if field.outcome == "automated" and field.answer == "false":
            absent.add(field.field)
        if field.outcome == "automated" and is_claim(field.answer) and not field.evidence:
            found.append(Complaint("No sentence of the document is quoted for this answer.", field.field))
        elif (span := _outside(field.evidence, reading.text)) is not None:
            problem = (
                f"The quoted passage [{span.start}, {span.end}) does not stand in the document, "
                f"which has {len(reading.text)} characters."
            )
            # An answer of which a proof is false is not shown even as a guess.
            found.append(Complaint(problem, field.field, demands="refused"))
    for finding in decision.findings:
        if (span := _outside(finding.evidence, reading.text)) is not None:
            found.append(
                Complaint(f"{finding.rule} quotes [{span.start}, {span.end}), which is not in the document.")
            )
        elif finding.status == "found" and not finding.evidence and absent.isdisjoint(finding.fields):
            problem = f"{finding.rule} claims something, but quotes nothing and rests on no absence."
            found.append(Complaint(problem, rule=finding.rule))
    return tuple(found)


quoted_span = Checker(
    summary="Every claim quotes a passage that stands in the document; otherwise a person must look.",
    version=1,
    check=_check,
    revise=ask_a_person,
    demands=("refused",),
)
