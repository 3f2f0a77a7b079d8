"""Constitution: hold every decision against its principles, revise or withhold, ask the decision gate."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flyball.core.digests import canonical_json, digest_of
from flyball.data.datasets.cases import case_id_of
from flyball.governance.constitution.principle import load_constitution
from flyball.loop.engine import load_engine
from flyball.loop.kit import kit_of_deployment
from flyball.loop.settings import Settings
from flyball.loop.sources import document_sources
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.decisions import documents_in, read_answers
from flyball.loop.stages.obligations import duties_of, shipped_entries
from flyball.loop.stages.playbook import read_findings
from flyball.loop.stages.thresholds import read_thresholds
from flyball.loop.workshop import Workshop

__all__ = ["constitution"]


def constitution(settings: Settings) -> Stage:
    """Return the stage that reviews."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))

    def inputs(workshop: Workshop) -> dict[str, str]:
        deployment = workshop.deployment
        path = deployment.path(deployment.settings.deployment.constitution)
        loaded = load_constitution(path)
        principles = {f"principle {one.id}": digest_of(one) for one in loaded.principles}
        return principles | {"constitution": loaded.digest}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        return _review(workshop, outputs)

    needs = (*sources, "decisions", "playbook", "obligations", "thresholds")
    return Stage("constitution", "hold every decision against the constitution", needs, inputs, run)


def _review(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
    deployment = workshop.deployment
    kit = kit_of_deployment(deployment, shipped_entries())
    thresholds = read_thresholds(outputs["thresholds"])
    engine = load_engine(kit, thresholds, deployment.settings.deployment)
    documents = documents_in(workshop, outputs)
    answers = read_answers(workshop, outputs["decisions"], documents)
    findings = read_findings(workshop, outputs["playbook"])
    duties = duties_of(workshop)
    context = workshop.context
    # The day and not the moment: the same inputs must give the same output.
    at = datetime.combine(context.as_of, datetime.min.time(), tzinfo=workshop.clock().tzinfo)
    reviewed = [
        engine.review(
            document,
            fields,
            findings[case_id_of(document.content_digest)],
            duties,
            context=context,
            release="",
            live=frozenset(),
            at=at,
        )
        for document, fields in workshop.progress(
            zip(documents, answers, strict=True), "reviewing", len(documents)
        )
    ]
    broken: Counter[str] = Counter()
    revised: Counter[str] = Counter()
    for one in reviewed:
        broken.update(result.principle for result in one.results if not result.passed)
        revised.update(result.principle for result in one.results if result.revision)
    return {
        "decisions": workshop.blobs.put(canonical_json([one.revised for one in reviewed])),
        "reviews": workshop.blobs.put(canonical_json(reviewed)),
        "cases": len(reviewed),
        "refused": sum(not one.revised.verdict.allowed for one in reviewed),
        "principles": sorted(engine.constitution.checkers),
        "broken": dict(sorted(broken.items())),
        "revised": dict(sorted(revised.items())),
    }
