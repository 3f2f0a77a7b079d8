"""Findings: what the playbook says about a case, out of its decisions and the company's tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from flyball.core.records import Field, Span
from flyball.data.documents.rows import places_of_columns, row_of
from flyball.models.decisions.records import FieldDecision, Finding, Severity
from flyball.models.experts.case_facts import CASE_FACTS
from flyball.models.experts.decision_table.evaluate import evaluate
from flyball.models.experts.decision_table.messages import fill
from flyball.models.experts.decision_table.records import (
    ROW,
    UNSURE,
    FactKind,
    FactValue,
    KnownFacts,
    RuleHit,
    Table,
)

__all__ = ["SEVERITIES", "facts_of_case", "findings_of", "findings_of_batch", "known_facts"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""


def known_facts(fields: Sequence[Field]) -> dict[str, FactKind]:
    """Return what playbook rules may look at: the fields, what was read out of them, facts of the case.

    A field has `.value` and `.unit` only where it names a reader; a rule about a value that nobody
    reads is refused when it is loaded.
    """
    facts: dict[str, FactKind] = {}
    for field in fields:
        facts[field.key] = "flag"
        if field.reads:
            facts[f"{field.key}.value"] = "value"
            facts[f"{field.key}.unit"] = "text"
    return KnownFacts({**facts, **CASE_FACTS})


def facts_of_case(
    decisions: Sequence[FieldDecision], case_facts: Mapping[str, FactValue]
) -> dict[str, FactValue]:
    """Return the facts of one case: UNSURE wherever the machine did not decide alone.

    Parameters
    ----------
    decisions : sequence of FieldDecision
    case_facts : mapping
        Those of `CASE_FACTS` that the caller knows; the others are "not read".
    """
    facts: dict[str, FactValue] = {**dict.fromkeys(CASE_FACTS, None), **case_facts}
    for decision in decisions:
        sure = decision.outcome == "automated" and decision.answer in ("true", "false")
        present = decision.answer == "true"
        facts[decision.field] = present if sure else UNSURE
        facts[f"{decision.field}.value"] = UNSURE if not sure else decision.value if present else None
        facts[f"{decision.field}.unit"] = UNSURE if not sure else decision.unit or None if present else None
    return facts


def guessed_facts(
    decisions: Sequence[FieldDecision], case_facts: Mapping[str, FactValue]
) -> dict[str, FactValue]:
    """Return the facts of one case as if every best guess were right; UNSURE only where nobody guessed."""
    facts: dict[str, FactValue] = {**dict.fromkeys(CASE_FACTS, None), **case_facts}
    for decision in decisions:
        guessed = decision.answer in ("true", "false")
        present = decision.answer == "true"
        facts[decision.field] = present if guessed else UNSURE
        facts[f"{decision.field}.value"] = UNSURE if not guessed else decision.value if present else None
        facts[f"{decision.field}.unit"] = (
            UNSURE if not guessed else decision.unit or None if present else None
        )
    return facts


def findings_of(
    tables: Sequence[Table],
    decisions: Sequence[FieldDecision],
    case_facts: Mapping[str, FactValue],
) -> tuple[Finding, ...]:
    """Return what the playbook says about one case; see `findings_of_batch`."""
    return findings_of_batch(tables, [(decisions, case_facts)])[0]


def findings_of_batch(
    tables: Sequence[Table],
    cases: Sequence[tuple[Sequence[FieldDecision], Mapping[str, FactValue]]],
) -> list[tuple[Finding, ...]]:
    """Return what the playbook says about every case.

    Parameters
    ----------
    tables : sequence of Table
        Loaded with the outputs `PLAYBOOK` and the facts of `known_facts`.
    cases : sequence of (decisions, case facts)

    Returns
    -------
    list of tuple of Finding
        Per case, worst first, then likely ones, then in the order of tables and rows. "to_check" where
        the finding depends on a field that a person has yet to decide.
    """
    facts = [facts_of_case(decisions, case_facts) for decisions, case_facts in cases]
    hits = evaluate(tables, facts)
    guessed = evaluate(tables, [guessed_facts(decisions, case_facts) for decisions, case_facts in cases])
    return [
        tuple(_worst_first(_finding(hit, known, decisions, likely) for hit in found))
        for (decisions, _), known, found, likely in zip(
            cases, facts, hits, [{hit.rule for hit in one} for one in guessed], strict=True
        )
    ]


def _worst_first(findings: Iterator[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), not one.likely))


def _finding(
    hit: RuleHit,
    facts: Mapping[str, FactValue],
    decisions: Sequence[FieldDecision],
    likely: Collection[str],
) -> Finding:
    looked_at = tuple(dict.fromkeys(fact.partition(".")[0] for fact in hit.facts if not fact.startswith(ROW)))
    parts = [hit.outputs["message"], hit.outputs.get("want", "")]
    severity: Severity = next(word for word in SEVERITIES if word == hit.outputs["severity"])
    return Finding(
        rule=hit.rule,
        title=fill(hit.outputs["title"], facts),
        severity=severity,
        message=fill(" ".join(part for part in parts if part), facts),
        fields=tuple(decision.field for decision in decisions if decision.field in looked_at),
        cites=hit.cites,
        evidence=(*_evidence(looked_at, decisions), *_columns(hit.facts, facts)),
        status=hit.status,
        likely=hit.status == "found" or hit.rule in likely,
    )


def _columns(looked_at: Sequence[str], facts: Mapping[str, FactValue]) -> tuple[Span, ...]:
    """Return where the columns of a row stand that a rule looked at, values or gaps."""
    text = facts.get("text")
    wanted = {fact.removeprefix(ROW) for fact in looked_at if fact.startswith(ROW)}
    if not wanted or not isinstance(text, str):
        return ()
    named = [column for column in row_of(text) or {} if column.lower() in wanted]
    return tuple(Span(start, end, 1.0) for start, end in places_of_columns(text, named).values())


def _evidence(looked_at: Sequence[str], decisions: Sequence[FieldDecision]) -> tuple[Span, ...]:
    """Return the passages of the fields that are there, or that may be; an absence has none."""
    return tuple(
        span
        for decision in decisions
        if decision.field in looked_at and decision.answer == "true"
        for span in decision.evidence
    )
