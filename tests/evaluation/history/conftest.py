"""A ledger on disk with decisions, reports and reviews as the doors write them."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.history.history import History
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.ledger.ledger import Ledger
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft
from flyball.models.decisions.records import Decision, FieldDecision, Finding, PrincipleResult
from flyball.models.router.route import Route

FIRST_DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _decision(
    number: int,
    answers: Sequence[tuple[str, object, str, float, str]] = (("fraud", True, "automated", 0.9, "model"),),
    *,
    tenant: str = "default",
    release: str = "sha256:aa11",
    allowed: bool = True,
    day: int = 0,
    cost: str = "0.5",
    findings: Sequence[str] = (),
    obligations: Sequence[str] = (),
    principles: Sequence[str] = (),
    reason: str = "why",
) -> Draft:
    """Return a decision of a day; an answer is (field, answer, outcome, confidence, expert)."""
    made = Decision(
        case_id=f"{number:016x}",
        case_name=f"T-{number:05}",
        content_digest="sha256:1",
        text_digest="sha256:1",
        deployment="payments",
        release=release,
        context=Context(jurisdictions=("US",), as_of=FIRST_DAY.date(), tenant=tenant),
        fields=tuple(
            FieldDecision(
                field=field,
                answer=json.dumps(answer),
                outcome=outcome,
                confidence=confidence,
                evidence=(),
                route=Route(expert=expert if outcome == "automated" else "", considered=(), reason="why"),
                reason=reason,
            )
            for field, answer, outcome, confidence, expert in answers
        ),
        findings=tuple(Finding(rule, "t", "low", "m", (), (), (), "found") for rule in findings),
        obligations=tuple(obligations),
        principles=tuple(PrincipleResult(one, True) for one in principles),
        verdict=Verdict(allowed=allowed, reason="checked"),
        cost_eur=cost,
        decided_at=FIRST_DAY + timedelta(days=day, seconds=number),
    )
    return Draft(kind="decision", body=made, actor="system:gateway")


def _report(decision: int, answer: object, *, by: str = "person:anna", name: str = "fraud", **more) -> Draft:
    """Return a report about a decision."""
    made = ReportedOutcome(
        decision=decision,
        case_id="1",
        release="sha256:aa11",
        tenant="default",
        kind=more.pop("kind", "label"),
        name=name,
        answer=json.dumps(answer),
        by=by,
        **more,
    )
    return Draft(kind=OUTCOME, body=made, actor="system:gateway", key=made.key)


@pytest.fixture(scope="session")
def decision() -> Callable[..., Draft]:
    return _decision


@pytest.fixture(scope="session")
def report() -> Callable[..., Draft]:
    return _report


@pytest.fixture
def ledger(tmp_path: Path):
    opened = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", origin="tests/payments")
    yield opened
    opened.close()


@pytest.fixture
def history_of(tmp_path: Path, ledger: Ledger):
    made: list[History] = []

    def write(*drafts: Draft, **more) -> History:
        if drafts:
            ledger.append_many(drafts)
        made.append(History(tmp_path / "history.sqlite", ledger, **more))
        return made[-1]

    yield write
    for one in made:
        one.close()
