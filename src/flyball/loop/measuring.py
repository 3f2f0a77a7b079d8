"""Measure a deployment on labelled cases from outside, case by case, with the time that each one takes."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from flyball.core.digests import canonical_json, digest_of
from flyball.data.datasets.cases import document_of
from flyball.data.datasets.labels import LabelledCases, read_labelled
from flyball.data.documents.records import Document, Place
from flyball.evaluation.cases import scored_cases
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.leaks import unseen
from flyball.evaluation.records import LeftOut, Report, Subject
from flyball.loop.engine import Engine, load_engine
from flyball.loop.kit import kit_of_deployment
from flyball.loop.live import engine_of_release
from flyball.loop.stages.expert import seen_texts
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.stages.thresholds import choose
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = ["measure"]


def measure(
    workshop: Workshop, cases: Path, *, release: str | None = None, without_seen: bool = False
) -> Report:
    """Decide labelled cases from the text to the decision gate, and hold the decisions against the labels.

    Parameters
    ----------
    workshop : Workshop
    cases : Path
        CUAD's JSON (also `.gz`), or a folder of documents with a `labels.csv`.
    release : str, optional
        Digest of a release; by default the deployment as it stands in its folder.
    without_seen : bool
        Leave out cases that an expert was trained on, instead of refusing.

    Returns
    -------
    Report
        Written to the ledger, with what was measured by digest.

    Raises
    ------
    LeakedCases
        An expert was trained on some of the cases.
    """
    engine, digests = _engine(workshop, release)
    labelled = read_labelled(cases, engine.kit.fields, workers=workshop.workers)
    kept, left_out = unseen(labelled.cases, seen_texts(engine.experts.values()), without_seen=without_seen)
    unread = tuple(
        LeftOut("case", bad.name, f"it could not be read ({bad.code})") for bad in labelled.unreadable
    )
    documents = _documents(labelled, set(kept.column("case_id").to_pylist()))
    decisions: list[Decision] = []
    cpu_ms: dict[str, float] = {}
    for document in workshop.progress(documents, "measuring", len(documents)):
        decision, cpu_ms_used = _timed(lambda one=document: _decide(workshop, engine, one))  # type: ignore[misc]
        decisions.append(decision)
        cpu_ms[decision.case_id] = cpu_ms_used
    scored = scored_cases(
        decisions, labelled.labels, engine.kit.fields, cpu_ms=cpu_ms, left_out=(*left_out, *unread)
    )
    report = evaluate(
        scored,
        subject=Subject(
            workshop.deployment.name,
            digests | {"cases": digest_of([document.text_digest for document in documents])},
            f"Labelled cases of {cases.name}, decided one by one from the text to the decision gate in one "
            "thread; no expert was trained on them.",
            engine.thresholds.guarantees,
        ),
        clock=workshop.clock,
    )
    stored = workshop.blobs.put(canonical_json(report))
    workshop.ledger.append(
        kind="evaluation",
        actor=workshop.actor,
        refs=[stored],
        body={"report": stored, "cases": report.n_cases},
    )
    return report


def _engine(workshop: Workshop, release: str | None) -> tuple[Engine, dict[str, str]]:
    if release is not None:
        return engine_of_release(workshop, release).engine, {"release": release}
    deployment = workshop.deployment
    kit = kit_of_deployment(deployment, shipped_entries())
    bare = load_engine(kit, Thresholds(), deployment.settings.deployment)
    thresholds = choose(bare.experts, deployment.settings.promise)
    engine = load_engine(kit, thresholds, deployment.settings.deployment)
    files = {name: digest_of(path.read_bytes().hex()) for name, path in kit.files().items()}
    return engine, {"working folder": digest_of(files), "thresholds": digest_of(thresholds)}


def _documents(labelled: LabelledCases, wanted: Iterable[str]) -> list[Document]:
    places = {row["case_id"]: row for row in labelled.documents.to_pylist()}
    found = []
    for case in labelled.cases.to_pylist():
        if case["case_id"] not in wanted:
            continue
        row = places.get(case["case_id"]) or {"places": [], "notes": [], "pages": None}
        found.append(document_of(case, row) if row["places"] else _placeless(case))
    return found


def _placeless(case: dict[str, str]) -> Document:
    """Return a document that came as text, without a file that it could be found in."""
    places = (Place(0, len(case["text"]), None, "text"),) if case["text"] else ()
    return Document(
        case["name"], case["media_type"], case["content_digest"], case["text_digest"], case["text"], places
    )


def _decide(workshop: Workshop, engine: Engine, document: Document) -> Decision:
    context, at = workshop.context, workshop.clock()
    return engine.decide([document], context=context, release="", live=frozenset(), at=at)[0]


def _timed(work: Callable[[], Decision]) -> tuple[Decision, float]:
    """Return the result and the milliseconds of computing time of this thread."""
    began = time.thread_time()
    result = work()
    return result, 1000.0 * (time.thread_time() - began)
