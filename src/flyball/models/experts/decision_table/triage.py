"""Triage: rules that decide a field outright, or send it to a person, before any model is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flyball.models.experts.decision_table.evaluate import evaluate
from flyball.models.experts.decision_table.records import FactValue, RuleHit, Table

__all__ = ["EVERY_FIELD", "fields_of", "triage", "triage_batch"]

EVERY_FIELD = "*"


def fields_of(hit_or_cell: str) -> tuple[str, ...]:
    """Return the fields that a `then field` cell names: `*`, or keys separated by `;`."""
    return tuple(name.strip() for name in hit_or_cell.split(";") if name.strip())


def triage(
    tables: Sequence[Table], case_facts: Mapping[str, FactValue], *, fields: Sequence[str] = ()
) -> dict[str, RuleHit]:
    """Return the fields of one case that rules decide or refer; see `triage_batch`."""
    return triage_batch(tables, [case_facts], fields=fields)[0]


def triage_batch(
    tables: Sequence[Table], facts: Sequence[Mapping[str, FactValue]], *, fields: Sequence[str]
) -> list[dict[str, RuleHit]]:
    """Return, per case, the fields that rules decide or send to a person.

    Where several rules speak about one field, "refer" wins; two rules that contradict each other
    refer it too. A rule that fires only under one answer of an unsure fact decides nothing: it refers.

    Parameters
    ----------
    tables : sequence of Table
        Loaded with the outputs `TRIAGE`.
    facts : sequence of mapping
    fields : sequence of str
        Every field of the deployment: what `*` stands for.

    Returns
    -------
    list of dict of field to RuleHit
        `outputs["decide"]` is "yes", "no" or "refer".
    """
    found: list[dict[str, RuleHit]] = []
    for hits in evaluate(tables, facts):
        decided: dict[str, RuleHit] = {}
        for hit in hits:
            named = fields_of(hit.outputs["field"])
            for key in fields if EVERY_FIELD in named else named:
                decided[key] = _joined(decided.get(key), _cautious(hit))
        found.append(decided)
    return found


def _cautious(hit: RuleHit) -> RuleHit:
    if hit.status == "found" or hit.outputs["decide"] == "refer":
        return hit
    return replace(hit, outputs={**hit.outputs, "decide": "refer"})


def _both(first: RuleHit, second: RuleHit) -> RuleHit:
    """Return one hit that tells both reasons: who has to look is told everything that speaks for it."""
    told = f"{second.outputs['reason']} (Rule {second.rule}, row {second.row}.) {first.outputs['reason']}"
    facts = tuple(dict.fromkeys((*first.facts, *second.facts)))
    return replace(first, outputs={**first.outputs, "reason": told}, facts=facts)


def _joined(first: RuleHit | None, second: RuleHit) -> RuleHit:
    if first is None:
        return second
    if first.outputs["decide"] == second.outputs["decide"] == "refer":
        return _both(first, second)
    if first.outputs["decide"] == second.outputs["decide"]:
        return first
    for hit in (first, second):
        if hit.outputs["decide"] == "refer":
            return hit
    reason = f"The rules {first.rule} and {second.rule} contradict each other."
    return replace(first, outputs={**first.outputs, "decide": "refer", "reason": reason})
