"""Decisions: route every field of every case, by the thresholds; what is not sure goes to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flyball.core.digests import canonical_json, digest_of, from_json
from flyball.data.datasets.cases import case_id_of, unread_of
from flyball.data.documents.records import Document
from flyball.loop.settings import Settings
from flyball.loop.sources import document_sources
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.documents import read_documents
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.predictions import read_predictions
from flyball.loop.stages.thresholds import read_thresholds
from flyball.loop.workshop import Workshop
from flyball.models.decisions.answer import answer_fields
from flyball.models.decisions.records import FieldDecision
from flyball.models.experts.reader import READERS

__all__ = ["decisions", "documents_in", "read_answers"]


def decisions(settings: Settings) -> Stage:
    """Return the stage that routes."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))
    experts = tuple(f"predictions:{expert.name}" for expert in settings.expert)

    def inputs(workshop: Workshop) -> dict[str, str]:
        fields = [(field.key, field.kind, field.reads) for field in workshop.deployment.fields]
        order = [expert.name for expert in settings.expert]
        return {"fields": digest_of(fields), "order of experts": digest_of(order)}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        documents = documents_in(workshop, outputs)
        cards = []
        for expert in settings.expert:
            cards.append(replace(load_expert(workshop.deployment, expert).card, name=expert.name))
        fields = workshop.deployment.fields
        found = answer_fields(
            {case_id_of(document.content_digest): document.text for document in documents},
            fields,
            {
                expert.name: read_predictions(workshop, outputs[f"predictions:{expert.name}"])
                for expert in settings.expert
            },
            cards,
            read_thresholds(outputs["thresholds"]),
            {field.reads: READERS.load(field.reads) for field in fields if field.reads},
            failed=_failed({one.name: outputs[f"predictions:{one.name}"] for one in settings.expert}),
            unread=unread_of(documents),
        )
        automated = sum(one.outcome == "automated" for row in found.values() for one in row)
        return {
            "answers": workshop.blobs.put(canonical_json(found)),
            "cases": len(found),
            "automated": automated,
            "referred": len(found) * len(fields) - automated,
        }

    needs = (*sources, *experts, "thresholds")
    return Stage("decisions", "decide what is sure, refer the rest", needs, inputs, run)


def _failed(outputs: Outputs) -> dict[str, dict[str, str]]:
    """Return why experts gave no answer, by case and expert."""
    found: dict[str, dict[str, str]] = {}
    for name, output in outputs.items():
        for case, why in output.get("failures", {}).items():
            found.setdefault(case, {})[name] = why
    return found


def documents_in(workshop: Workshop, outputs: Outputs) -> list[Document]:
    """Return the documents of all sources, each content once, in the order of sources and names."""
    found: dict[str, Document] = {}
    for name, output in outputs.items():
        if name.startswith("documents:"):
            for document in read_documents(output, workshop.blobs):
                found.setdefault(document.content_digest, document)
    return list(found.values())


def read_answers(
    workshop: Workshop, output: Mapping[str, Any], documents: Sequence[Document]
) -> list[tuple[FieldDecision, ...]]:
    """Return the answers for documents, in their order."""
    found = from_json(workshop.blobs.get(output["answers"]), dict[str, tuple[FieldDecision, ...]])
    return [found[case_id_of(document.content_digest)] for document in documents]
