"""Take reports of what turned out, all of a request or none, and tell what stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from flyball.core.errors import FlyballError
from flyball.core.records import Field
from flyball.evaluation.history.history import History
from flyball.evaluation.outcomes.again import Heard
from flyball.evaluation.outcomes.claim import Claim
from flyball.evaluation.outcomes.records import OUTCOME, OutcomeKind, ReportedOutcome
from flyball.evaluation.outcomes.standing import standings
from flyball.gateway.errors import BadRequest
from flyball.gateway.principal import Principal
from flyball.ledger.records import Draft
from flyball.loop.decided import Known, document_of, find_decision
from flyball.loop.given import Passage, check_passages
from flyball.loop.outcomes import About, reported_outcome, stands_for, told_about
from flyball.loop.workshop import Workshop

__all__ = [
    "Report",
    "Reported",
    "report_outcomes",
    "stands_for",
    "told_about",
]

Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=10_000)]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller says turned out.

    Parameters
    ----------
    decision : str
        Id of the decision.
    kind : {"label", "correction", "business"}
    field : str
        Key of the field; not for a business result.
    name : str
        Of a business result, such as "loss_eur".
    answer : bool, int, float or str
    unit : str
    observed_at : datetime, optional
    minutes : float, optional
    evidence : tuple of Passage
    comment : str
        Kept beside the ledger, so that it can be erased.
    """

    decision: Short
    kind: OutcomeKind
    answer: bool | int | float | Long
    field: Short = ""
    name: Short = ""
    unit: Annotated[str, msgspec.Meta(max_length=40)] = ""
    observed_at: datetime | None = None
    minutes: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    evidence: Annotated[tuple[Passage, ...], msgspec.Meta(max_length=1000)] = ()
    comment: Long = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """One report as it stands in the ledger.

    Parameters
    ----------
    entry : int
    repeated : bool
        It stood there already, word for word.
    standing : {"agreed", "disputed", "settled"}
        Whether everyone who reported on this says the same.
    early : bool
        It is said to have turned out before it was decided.
    """

    entry: int
    repeated: bool
    standing: Literal["agreed", "disputed", "settled"]
    early: bool = False


def report_outcomes(
    workshop: Workshop,
    history: History,
    reports: Sequence[tuple[int, Report]],
    principal: Principal,
    *,
    visible: Callable[[Known, list[ReportedOutcome]], list[ReportedOutcome]] = lambda known, told: told,
) -> list[Reported]:
    """Write reports down; all of them, or none.

    Parameters
    ----------
    workshop : Workshop
    history : History
    reports : sequence of (ledger entry of the decision, Report)
    principal : Principal
    visible : callable (known, reports) -> reports
        Those that the caller may see; what stands is said by these alone.

    Raises
    ------
    UnknownDecision
        One of them is about no decision of the tenant.
    BadRequest
        One names no field, or answers it in a way that the field cannot have.
    """
    fields = {field.key: field for field in workshop.deployment.fields}
    known: dict[int, Known] = {}
    made: list[ReportedOutcome] = []
    for number, (entry, report) in enumerate(reports):
        try:
            if entry not in known:
                known[entry] = find_decision(workshop, entry, principal.tenant)
            made.append(_outcome(workshop, known[entry], report, fields, principal))
        except FlyballError as err:
            if len(reports) > 1:  # so that the caller finds it
                err.message = f"Outcome {number}: {err.message}"
            raise
    heard = Heard(one for entry in known for one in told_about(workshop, history, entry))
    drafts = []
    for one in made:
        key = heard.key(one)
        heard.add(one)
        drafts.append(Draft(OUTCOME, one, principal.id, (one.note,) if one.note else (), key))
    receipts = workshop.ledger.append_many(drafts)
    stands = {
        entry: {
            (one.about, one.name): one.state
            for one in standings(visible(known[entry], told_about(workshop, history, entry)))
        }
        for entry in known
    }
    return [
        Reported(
            receipt.index,
            receipt.repeated,
            stands[one.decision]["business" if one.kind == "business" else "field", one.name],
            one.observed_at is not None and one.observed_at < known[one.decision].issued.decision.decided_at,
        )
        for one, receipt in zip(made, receipts, strict=True)
    ]


def _outcome(
    workshop: Workshop,
    known: Known,
    report: Report,
    fields: Mapping[str, Field],
    principal: Principal,
) -> ReportedOutcome:
    decision = known.issued.decision
    if report.kind == "business" and (not report.name or report.field):
        raise BadRequest(
            "A business result has a name and no field.", fix='Write, for instance, "name": "loss_eur".'
        )
    if report.kind != "business" and (not report.field or report.name):
        raise BadRequest(
            "A label or a correction has a field and no name.", fix=f"Fields: {', '.join(fields)}."
        )
    observed = report.observed_at
    if observed is not None and observed.tzinfo is None:
        raise BadRequest(
            f"The time {observed.isoformat()} has no time zone.", fix="Write it as 2026-11-30T12:00:00Z."
        )
    claim = Claim(
        name=report.field or report.name,
        answer=report.answer,
        kind=report.kind,
        unit=report.unit,
        observed_at=None if observed is None else observed.astimezone(UTC),
        minutes=report.minutes,
    )
    return reported_outcome(
        About(known.issued.entry, decision.case_id, decision.release, principal.tenant, decision.decided_at),
        claim,
        fields,
        by=principal.id,
        source="api",
        now=workshop.clock(),
        evidence=check_passages(report.evidence, document_of(workshop, known)) if report.evidence else (),
        note=workshop.blobs.put(report.comment.encode("utf-8", "replace")) if report.comment else "",
    )
