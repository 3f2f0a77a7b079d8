"""Playbook: hold the answers against the company's rules."""

from collections.abc import Mapping
from typing import Any

from flyball.core.digests import canonical_json, digest_of, from_json
from flyball.data.datasets.cases import case_id_of
from flyball.loop.deployment import Deployment
from flyball.loop.engine import PlaybookRules, load_playbook
from flyball.loop.kit import kit_of_deployment
from flyball.loop.settings import Settings
from flyball.loop.sources import document_sources
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.decisions import documents_in, read_answers
from flyball.loop.stages.obligations import catalogue_of, shipped_entries
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Finding

__all__ = ["playbook", "read_findings", "rules_of"]


def playbook(settings: Settings) -> Stage:
    """Return the stage that runs the rules."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))

    def inputs(workshop: Workshop) -> dict[str, str]:
        rules = rules_of(workshop.deployment)
        found = {f"rule {rule.id}": rule.digest for table in rules.tables for rule in table.rules}
        found |= {f"table {table.name}": table.digest for table in rules.tables}
        found |= {f"policy {policy.id}": digest_of(policy) for policy in rules.policies}
        about = workshop.deployment.settings.deployment
        return found | {"jurisdictions": ", ".join(about.jurisdictions) or "none"}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        rules = rules_of(workshop.deployment)
        documents = documents_in(workshop, outputs)
        answers = read_answers(workshop, outputs["decisions"], documents)
        jurisdictions = workshop.deployment.settings.deployment.jurisdictions
        findings = rules.find(documents, answers, jurisdictions)
        by_case = {
            case_id_of(document.content_digest): found
            for document, found in zip(documents, findings, strict=True)
        }
        return {
            "findings": workshop.blobs.put(canonical_json(by_case)),
            "found": sum(one.status == "found" for found in findings for one in found),
            "to_check": sum(one.status == "to_check" for found in findings for one in found),
            "rules": sum(len(table.rules) for table in rules.tables),
        }

    return Stage("playbook", "hold the answers against the playbook", (*sources, "decisions"), inputs, run)


def read_findings(workshop: Workshop, output: Mapping[str, Any]) -> dict[str, tuple[Finding, ...]]:
    """Return the findings of every case."""
    return from_json(workshop.blobs.get(output["findings"]), dict[str, tuple[Finding, ...]])


def rules_of(deployment: Deployment) -> PlaybookRules:
    """Return the rules as they stand in the working folder."""
    return load_playbook(kit_of_deployment(deployment, shipped_entries()), catalogue_of(deployment))
