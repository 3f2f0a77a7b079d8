"""Constitution: hold every decision against its principles, revise or withhold, ask the decision gate."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from flyball.core.digests import canonical_json, digest_of
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.records import Document
from flyball.governance.constitution.examine import Examination, examine
from flyball.governance.constitution.principle import load_constitution
from flyball.governance.constitution.review import ReviewedDecision
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
from flyball.models.decisions.records import FieldDecision

__all__ = ["Reviewed", "constitution", "review_cases"]

_READINGS = 5
"""Cases that are spoilt on purpose, to see whether principles notice."""


def constitution(settings: Settings) -> Stage:
    """Return the stage that reviews."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))

    def inputs(workshop: Workshop) -> dict[str, str]:
        deployment = workshop.deployment
        path = deployment.path(deployment.settings.deployment.constitution)
        loaded = load_constitution(path)
        principles = {f"principle {name}": digest for name, digest in loaded.digests().items()}
        judging = digest_of([settings.constitution, deployment.settings.deployment.tags])
        return principles | {"constitution": loaded.digest, "critic and cultures": judging}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        return _review(workshop, outputs)

    needs = (*sources, "decisions", "playbook", "obligations", "thresholds")
    return Stage("constitution", "hold every decision against the constitution", needs, inputs, run)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The cases of a deployment, held against its constitution as it stands in the folder.

    Parameters
    ----------
    documents : tuple of Document
    reviews : tuple of ReviewedDecision
        In the same order.
    examination : Examination
    """

    documents: tuple[Document, ...]
    reviews: tuple[ReviewedDecision, ...]
    examination: Examination


def review_cases(workshop: Workshop, outputs: Outputs) -> Reviewed:
    """Hold the answers of earlier stages against the constitution, and examine it; nothing is refused."""
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

    def one(given: tuple[Document, tuple[FieldDecision, ...]]) -> ReviewedDecision:
        document, fields = given
        return engine.review(
            document,
            fields,
            findings[case_id_of(document.content_digest)],
            duties,
            context=context,
            release="",
            live=frozenset(),
            at=at,
        )

    pairs = list(zip(documents, answers, strict=True))
    reviews = engine.all_reviewed(one, workshop.progress(pairs, "reviewing", len(pairs)))
    readings = [engine.reading(document, duties) for document in documents[:_READINGS]]
    found = examine(engine.constitution, context, engine.cultures, reviews, readings)
    return Reviewed(tuple(documents), tuple(reviews), found)


def _review(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
    done = review_cases(workshop, outputs)
    done.examination.refuse()
    reviewed = done.reviews
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
        "principles": sorted(one.principle for one in done.examination.standings),
        "standings": msgspec.to_builtins(done.examination.standings),
        "broken": dict(sorted(broken.items())),
        "revised": dict(sorted(revised.items())),
    }
