"""What is decided about a case, and everything that an auditor may ask about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.records import Context, Outcome, Span
from flyball.core.verdicts import Verdict
from flyball.models.router.route import Considered, Route

__all__ = [
    "Considered",
    "Decision",
    "FieldDecision",
    "Finding",
    "PrincipleResult",
    "Route",
    "Severity",
]

Severity = Literal["critical", "high", "medium", "low", "info"]
Scalar = str | float | bool | None


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """The answer to one field of one case.

    Parameters
    ----------
    field : str
    answer : str
        JSON text: "true", "false", "12". The best guess also where the outcome is "referred".
    outcome : Outcome
    confidence : float
        Calibrated P(answer is right), in [0, 1].
    evidence : tuple of Span
        Best first. Offsets only: the quoted words stay in the document, so that they can be erased.
    route : Route
    reason : str
        For people. Every referral and refusal names its reason.
    value : Scalar
        What the field's reader read out of the quoted passage; None where it read nothing.
    unit : str
        Unit of the value: "days", "months", "USD", "place", "date"; "" where there is none.
    """

    field: str
    answer: str
    outcome: Outcome
    confidence: float
    evidence: tuple[Span, ...]
    route: Route
    reason: str
    value: Scalar = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the playbook says about a case.

    Parameters
    ----------
    rule : str
        Identifier of the row: "liability.L-02".
    title : str
    severity : Severity
    message : str
        For people: what is wrong and what the playbook wants instead.
    fields : tuple of str
        Fields that the rule looked at.
    cites : tuple of str
        Obligations ("eu.gdpr.28.3") and policies ("policy:liability") that the rule serves.
    evidence : tuple of Span
        Passages of the fields that made it fire; empty where an absence did.
    status : {"found", "to_check"}
        "to_check" where a field that the rule looks at was referred to a person: the machine does
        not claim the finding, it asks for it.
    likely : bool
        Whether the rule would fire if every best guess were right. For people who want to begin where
        something is probably wrong; nothing is automated by it. Always True for "found".
    """

    rule: str
    title: str
    severity: Severity
    message: str
    fields: tuple[str, ...]
    cites: tuple[str, ...]
    evidence: tuple[Span, ...]
    status: Literal["found", "to_check"]
    likely: bool = True


@dataclass(frozen=True, slots=True)
class PrincipleResult:
    """How one principle of the constitution judged a decision.

    Parameters
    ----------
    principle : str
    passed : bool
    critique : str
        What was wrong; "" where it passed.
    revision : str
        What was changed for it; "" where nothing was.
    fields : tuple of str
        Fields that it touched.
    """

    principle: str
    passed: bool
    critique: str = ""
    revision: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything decided about one case, as it is written to the ledger before it is returned.

    Parameters
    ----------
    case_id, case_name : str
    content_digest, text_digest : str
        Of the source bytes and of the extracted text that the offsets index.
    deployment : str
    release : str
        Digest of the release; "" for a re-test inside a turn, before there is one.
    context : Context
    fields : tuple of FieldDecision
        One per field of the deployment, in its order.
    findings : tuple of Finding
        Worst first.
    obligations : tuple of str
        Identifiers of the obligations in force for this case on `context.as_of`.
    principles : tuple of PrincipleResult
    verdict : Verdict
        Of the decision gate. Refused: nothing in here may be acted upon.
    cost_eur : str
        Decimal as text; "0" means no marginal cost.
    decided_at : datetime
        UTC.
    """

    case_id: str
    case_name: str
    content_digest: str
    text_digest: str
    deployment: str
    release: str
    context: Context
    fields: tuple[FieldDecision, ...]
    findings: tuple[Finding, ...]
    obligations: tuple[str, ...]
    principles: tuple[PrincipleResult, ...]
    verdict: Verdict
    cost_eur: str
    decided_at: datetime
