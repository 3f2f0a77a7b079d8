"""Builders for decisions and what is known around them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from flyball.core.digests import digest_of_bytes
from flyball.core.records import Context, Span
from flyball.core.verdicts import Verdict
from flyball.governance.constitution.checker import Reading
from flyball.governance.constitution.principle import Principle
from flyball.models.decisions.records import Decision, FieldDecision, Finding
from flyball.models.router.route import Considered, Route
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

TEXT = "This Agreement is governed by the laws of Delaware. The cap is twelve months of fees."
"""85 characters; the first sentence is [0, 51)."""


def field_of(key="law", answer="true", outcome="automated", confidence=0.97, evidence=None, **others):
    """A field that the expert "detector" answered with confidence 0.97."""
    spans = evidence if evidence is not None else ((Span(0, 51, 0.9),) if answer == "true" else ())
    route = Route(
        "detector" if outcome == "automated" else "",
        "sure enough",
        (Considered("detector", confidence, "0", "sure enough"),),
    )
    given = FieldDecision(key, answer, outcome, confidence, spans, route, "A clause was found.")
    return replace(given, **others)


def finding_of(rule="law.G-01", **others):
    given = Finding(
        rule=rule,
        title="Foreign law",
        severity="medium",
        message="The playbook asks for the law of New York.",
        fields=("law",),
        cites=("policy:law",),
        evidence=(Span(0, 51, 0.9),),
        status="found",
    )
    return replace(given, **others)


def decision_of(fields=None, findings=(), **others):
    given = Decision(
        case_id="c1",
        case_name="supply.pdf",
        content_digest="sha256:" + "0" * 64,
        text_digest=digest_of_bytes(TEXT.encode()),
        deployment="contract-review",
        release="",
        context=Context(("DE",), date(2026, 11, 21)),
        fields=tuple(fields) if fields is not None else (field_of(),),
        findings=tuple(findings),
        obligations=(),
        principles=(),
        verdict=Verdict(False, "not yet decided"),
        cost_eur="0",
        decided_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return replace(given, **others)


def reading_of(**others):
    given = Reading(
        text=TEXT,
        fields=("law",),
        thresholds=Thresholds({"detector": ExpertThresholds(0.9, 0.9)}),
        catalogue=frozenset({"eu.gdpr.28.3", "eu.dora.30"}),
        in_force=frozenset({"eu.gdpr.28.3"}),
        policies=frozenset({"law"}),
    )
    return replace(given, **others)


@pytest.fixture
def make_principle():
    def made(id, **others):
        plain = {
            "id": id,
            "title": id,
            "text": "t",
            "critique": "c",
            "revision": "r",
            "checker": id,
            "priority": 10,
            "severity": "high",
            "when_failed": "revise",
        }
        return Principle(**(plain | others))

    return made


@pytest.fixture
def make():
    return SimpleNamespace(
        text=TEXT, field=field_of, finding=finding_of, decision=decision_of, reading=reading_of
    )
