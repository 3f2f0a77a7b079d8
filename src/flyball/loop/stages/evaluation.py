"""Evaluation: how good the routed answers are, on the labelled cases, with intervals.

The constitution comes later and can only take away: what it refers or refuses is not automated. So
the share of automated answers that leaves is at most the one measured here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from flyball.core.digests import canonical_json
from flyball.core.estimates import as_plain
from flyball.core.verdicts import Verdict
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.records import Document
from flyball.evaluation.cases import ScoredCases, scored_cases
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.leaks import SEEN_IN_TRAINING, leaked
from flyball.evaluation.records import LeftOut, Report, Subject, report_from_json
from flyball.loop.halves import LABELS_WERE_USED, in_tuning_half
from flyball.loop.settings import Settings
from flyball.loop.sources import document_sources
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.decisions import documents_in, read_answers
from flyball.loop.stages.expert import load_expert, seen_texts
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.stages.thresholds import read_thresholds
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision

__all__ = ["evaluation", "read_report", "scored"]

_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The same inputs must give the same output; the ledger says when the stage ran."""


def evaluation(settings: Settings) -> Stage:
    """Return the stage that measures."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))
    experts = tuple(f"expert:{expert.name}" for expert in settings.expert)

    def inputs(workshop: Workshop) -> dict[str, str]:
        minutes = {field.key: field.minutes for field in workshop.deployment.fields}
        return {"minutes": canonical_json(minutes).decode()}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        labels, left_out = _test_half(read_cases(workshop, outputs["snapshot"], "labels"))
        labelled = set(labels.column("case_id").to_pylist())
        seen = seen_texts(load_expert(workshop.deployment, expert) for expert in settings.expert)
        trained_on = labelled.intersection(leaked(read_cases(workshop, outputs["snapshot"], "cases"), seen))
        left_out += tuple(LeftOut("case", case, SEEN_IN_TRAINING) for case in sorted(trained_on))
        wanted = labelled - trained_on
        documents = [
            document
            for document in documents_in(workshop, outputs)
            if case_id_of(document.content_digest) in wanted
        ]
        answers = read_answers(workshop, outputs["decisions"], documents)
        table = scored(workshop, documents, answers, labels, left_out)
        digests = {"snapshot": outputs["snapshot"]["cases"]["digest"]}
        digests |= {name: outputs[name]["artefact"] for name in experts}
        report = evaluate(
            table,
            subject=Subject(
                workshop.deployment.name,
                digests,
                "Labelled cases of the deployment that no expert was trained on, and that played no part "
                "in choosing thresholds (the other half did).",
                read_thresholds(outputs["thresholds"]).guarantees,
            ),
            clock=lambda: _UNDATED,
        )
        return {
            "report": workshop.blobs.put(canonical_json(report)),
            "cases": report.n_cases,
            "metrics": {name: as_plain(one.estimate) for name, one in report.metrics.items()},
            "left_out": len(report.left_out),
        }

    needs = (*sources, *experts, "snapshot", "thresholds", "decisions")
    return Stage("evaluation", "measure on the labelled cases", needs, inputs, run)


def _test_half(labels: pa.Table) -> tuple[pa.Table, tuple[LeftOut, ...]]:
    """Return the labels that nothing has looked at yet, and the cases whose labels something has."""
    ids = labels.column("case_id").to_pylist()
    keep = [number for number, case in enumerate(ids) if not in_tuning_half(case)]
    used = sorted({case for case in ids if in_tuning_half(case)})
    left_out = tuple(LeftOut("case", case, LABELS_WERE_USED) for case in used)
    return labels.take(pa.array(keep, pa.int64())), left_out


def read_report(workshop: Workshop, output: Mapping[str, Any]) -> Report:
    """Return the report that the stage wrote."""
    return report_from_json(workshop.blobs.get(output["report"]))


def scored(
    workshop: Workshop,
    documents: list[Document],
    answers: list[tuple[FieldDecision, ...]],
    labels: pa.Table,
    left_out: Sequence[LeftOut],
) -> ScoredCases:
    """Hold routed answers against labels; their price is not looked at here."""
    bare = [
        Decision(
            case_id=case_id_of(document.content_digest),
            case_name=document.name,
            content_digest=document.content_digest,
            text_digest=document.text_digest,
            deployment=workshop.deployment.name,
            release="",
            context=workshop.context,
            fields=fields,
            findings=(),
            obligations=(),
            principles=(),
            verdict=Verdict(True, "routed answers, before the constitution"),
            cost_eur="",
            decided_at=_UNDATED,
        )
        for document, fields in zip(documents, answers, strict=True)
    ]
    return scored_cases(bare, labels, workshop.deployment.fields, left_out=left_out)
