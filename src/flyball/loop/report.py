"""The report: everything that a run decided, as one page for a lawyer."""

from collections.abc import Sequence
from pathlib import Path

import flyball
from flyball.core.digests import short
from flyball.core.text import count
from flyball.data.documents.records import Document, Unreadable
from flyball.data.privacy.personal_data import find_people
from flyball.evaluation.records import Report, report_from_json
from flyball.evaluation.reports.records import (
    ContractView,
    ExpertView,
    LedgerView,
    ObligationView,
    PinView,
    PrincipleView,
    ReportView,
    RuleView,
    RunView,
    ThresholdView,
)
from flyball.evaluation.reports.render import render_report
from flyball.evaluation.reports.views import measures_of, promises_of
from flyball.governance.obligations.records import Obligation
from flyball.ledger.checkpoints import Checkpoint
from flyball.loop.engine import Engine
from flyball.loop.issue import Issued
from flyball.loop.live import LiveEngine
from flyball.loop.memo import write_atomically
from flyball.loop.policies import Policy
from flyball.loop.promotion import approvals_in, people_of
from flyball.loop.workshop import Workshop
from flyball.models.router.thresholds import NEVER

__all__ = ["view_of", "write_report"]

_GROUPS = (
    ("term", "Term and ending"),
    ("competition", "Competition"),
    ("assignment", "Assignment and control"),
    ("money", "Money and volumes"),
    ("ip", "Intellectual property"),
    ("liability", "Liability"),
    ("other", "Other"),
)


def write_report(path: Path, view: ReportView, *, redacted: bool = False) -> Path:
    """Render a report and write it, whole or not at all.

    Parameters
    ----------
    path : Path
    view : ReportView
    redacted : bool
        Cover personal data and names of people, for a report that may leave the house.
    """
    page = render_report(view, redacted=redacted, find_personal=find_people if redacted else None)
    write_atomically(path, page.encode())
    return path


def view_of(
    workshop: Workshop,
    live: LiveEngine,
    issued: Sequence[Issued],
    documents: Sequence[Document],
    unreadable: Sequence[Unreadable],
    checkpoint: Checkpoint,
    *,
    not_shown: int = 0,
) -> ReportView:
    """Put a report together from decisions that stand in the ledger.

    Parameters
    ----------
    workshop : Workshop
    live : LiveEngine
        The release that decided.
    issued : sequence of Issued
    documents : sequence of Document
        The one of each decision, in the same order.
    unreadable : sequence of Unreadable
    checkpoint : Checkpoint
        Covers the decisions.
    not_shown : int
        Decisions that are left out because they are too many for a page.

    Returns
    -------
    ReportView
    """
    engine = live.engine
    about = live.settings.deployment
    context = issued[0].decision.context if issued else workshop.context
    tested = _tested(workshop, live)
    return ReportView(
        run=RunView(
            deployment=about.name,
            title=f"{_kind_of_work(about.name)}: {about.owner}" if about.owner else _kind_of_work(about.name),
            made_at=workshop.clock(),
            as_of=context.as_of,
            release=live.digest,
            software=f"flyball {flyball.__version__}",
            jurisdictions=context.jurisdictions,
            experts=_experts(live),
            thresholds=_thresholds(engine),
            pins=tuple(PinView(name, digest) for name, digest in sorted(live.release.parts.items())),
            approvals=_approvals(workshop, live.digest),
            case=about.case,
        ),
        fields=engine.kit.fields,
        contracts=tuple(_contract(one, document) for one, document in zip(issued, documents, strict=True)),
        unreadable=tuple(unreadable),
        obligations=(
            *(_duty(duty) for duty in engine.duties(context)),
            *(_policy(policy) for policy in engine.playbook.policies),
        ),
        promises=promises_of(engine.thresholds.guarantees, tested.promises),
        measures=measures_of(tested, about.case, [one.metric for one in live.settings.objective]),
        measured_how=tested.protocol,
        notes=engine.thresholds.notes,
        not_shown=not_shown,
        ledger=LedgerView(
            name=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            signed_by=workshop.key.name,
            signed_at=workshop.clock(),
            verify=("flyball ledger export ledger-export", "flyball verify ledger-export"),
        ),
        not_tested=_not_tested(live, tested),
        rules=_rules(engine),
        principles=tuple(
            PrincipleView(one.id, one.title, one.text) for one in engine.constitution.principles
        ),
        group_titles=(("general", f"The {about.case} itself"), *_GROUPS),
    )


def _contract(one: Issued, document: Document) -> ContractView:
    return ContractView(
        name=document.name,
        text=document.text,
        media_type=document.media_type,
        decision=one.decision,
        places=document.every_place(),
        kind=_kind(one, document),
        ledger_entry=one.entry,
        notes=document.notes,
    )


def _kind(one: Issued, document: Document) -> str:
    """Return what the contract calls itself, where that was read."""
    for field in one.decision.fields:
        if field.field == "document_name" and field.answer == "true" and field.evidence:
            span = field.evidence[0]
            words = " ".join(document.text[span.start : span.end].split())
            return words if len(words) <= 60 and field.outcome == "automated" else ""
    return ""


def _experts(live: LiveEngine) -> tuple[ExpertView, ...]:
    return tuple(
        ExpertView(
            card.name, card.version, card.summary, live.release.parts[f"expert {card.name}"], card.limits
        )
        for card in live.engine.cards
    )


def _thresholds(engine: Engine) -> tuple[ThresholdView, ...]:
    found = []
    for field in engine.kit.fields:
        for answer, word in (("true", "present"), ("false", "absent")):
            least = min(
                (engine.thresholds.least(card.name, field.key, answer) for card in engine.cards),
                default=NEVER,
            )
            found.append(ThresholdView(field.key, None if least > 1.0 else least, word))
    return tuple(found)


def _approvals(workshop: Workshop, digest: str) -> tuple[str, ...]:
    names = {person.id: f"{person.name}, {person.role}" for person in people_of(workshop)}
    return tuple(
        f"{names.get(one.person, one.person)}, {one.at:%d %B %Y}"
        for one in approvals_in(workshop)
        if one.digest == digest and one.decision == "approve"
    )


def _duty(duty: Obligation) -> ObligationView:
    until = f", until {duty.effective_to:%d %B %Y}" if duty.effective_to else ""
    citation = duty.source.citation
    return ObligationView(
        id=duty.id,
        title=duty.title,
        source=f"{duty.source.law}, {duty.source.article}",
        in_force_text=f"in force since {duty.effective_from:%d %B %Y}{until}",
        url=citation if citation.startswith(("https://", "http://")) else "",
    )


def _policy(policy: Policy) -> ObligationView:
    return ObligationView(
        id=policy.id,
        title=policy.title,
        source=policy.owner,
        in_force_text=policy.text,
        kind="policy",
    )


def _rules(engine: Engine) -> tuple[RuleView, ...]:
    return tuple(
        RuleView(rule.id, dict(rule.outputs).get("want", ""), f"{table.name}, row {rule.row}")
        for table in engine.playbook.tables
        for rule in table.rules
    )


def _tested(workshop: Workshop, live: LiveEngine) -> Report:
    return report_from_json(workshop.blobs.get(live.release.parts["evaluation"]))


def _kind_of_work(name: str) -> str:
    """Return the name of a deployment as a heading: "Contract review"."""
    return name.replace("-", " ").replace("_", " ").capitalize()


def _not_tested(live: LiveEngine, tested: Report) -> tuple[str, ...]:
    case = live.settings.deployment.case
    lines = [f"{card.name}: {limit}" for card in live.engine.cards for limit in card.limits]
    lines.append(
        f"The figures of the release's own test rest on {count(tested.n_cases, f'labelled {case}')}; "
        + (
            "contracts of another kind, language or drafting style"
            if case == "contract"
            else f"other {case}s"
        )
        + " may fare worse."
    )
    lines.append(
        "Nobody has judged whether the findings of the playbook are good "
        + ("legal advice for this matter." if case == "contract" else "advice for this case.")
    )
    return tuple(lines)


def default_path(workshop: Workshop, digest: str) -> Path:
    """Return where the report of a release lies."""
    return workshop.state / "reports" / f"{short(digest)}.html"
