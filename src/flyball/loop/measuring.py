"""Measure a deployment on labelled cases from outside, case by case, with the time that each one takes."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flyball.core.digests import canonical_json, digest_of, short
from flyball.core.tracing import traced
from flyball.data.datasets.cases import document_of
from flyball.data.datasets.labels import LabelledCases, read_labelled
from flyball.data.documents.records import Document, Place
from flyball.evaluation.cases import ScoredCases, scored_cases
from flyball.evaluation.compare import compare
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.leaks import unseen
from flyball.evaluation.records import Comparison, LeftOut, Report, Subject
from flyball.loop.engine import Engine, load_engine
from flyball.loop.halves import LABELS_WERE_USED, in_tuning_half
from flyball.loop.kit import kit_of_deployment
from flyball.loop.live import engine_of_release
from flyball.loop.stages.expert import seen_texts
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.stages.snapshot import read_part
from flyball.loop.stages.thresholds import choose
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = ["measure", "measure_pair"]


@traced("evaluate")
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
        Digest of a release; by default the deployment as it stands in its folder, with thresholds
        from its experts' own calibration.
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
    candidate = _candidate(workshop, release)
    scored, texts = _scored(workshop, candidate, cases, without_seen=without_seen)
    report = evaluate(
        scored,
        subject=Subject(
            workshop.deployment.name,
            candidate.digests | {"cases": texts},
            f"Labelled cases of {cases.name}, decided one by one from the text to the decision gate in one "
            "thread; no expert was trained on them.",
            candidate.engine.thresholds.guarantees,
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


@traced("evaluate")
def measure_pair(
    workshop: Workshop,
    cases: Path,
    *,
    champion: str,
    challenger: str | None = None,
    without_seen: bool = False,
) -> Comparison:
    """Measure two states of a deployment on the same labelled cases, case by case.

    Parameters
    ----------
    workshop : Workshop
    cases : Path
    champion : str
        Digest of a release.
    challenger : str, optional
        Digest of a release; by default the deployment as it stands in its folder.
    without_seen : bool

    Returns
    -------
    Comparison
        Challenger minus champion, on the cases that both may be measured on. Written to the ledger.
    """
    both = [_candidate(workshop, one) for one in (champion, challenger)]
    first, second = (_scored(workshop, one, cases, without_seen=without_seen)[0] for one in both)
    shared = set(first.case_ids) & set(second.case_ids)
    first, second = (
        one.take([number for number, case in enumerate(one.case_ids) if case in shared])
        for one in (first, second)
    )
    names = (short(champion), short(challenger) if challenger else "working folder")
    compared = compare(first, second, names=names, clock=workshop.clock)
    workshop.ledger.append(kind="evaluation.comparison", actor=workshop.actor, body=compared)
    return compared


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What is measured.

    Parameters
    ----------
    engine : Engine
    digests : dict of str to str
    tuned_on : frozenset of str
        Cases whose labels raised thresholds or corrected probabilities: never scored.
    """

    engine: Engine
    digests: dict[str, str]
    tuned_on: frozenset[str]


def _candidate(workshop: Workshop, release: str | None) -> _Candidate:
    if release is None:
        engine, digests = _engine_of_folder(workshop)
        return _Candidate(engine, digests, frozenset())
    loaded = engine_of_release(workshop, release)
    labels = read_part(workshop, loaded.release.parts, "labels").column("case_id").to_pylist()
    tuned_on = frozenset(case for case in labels if in_tuning_half(case))
    return _Candidate(loaded.engine, {"release": release}, tuned_on)


def _scored(
    workshop: Workshop, candidate: _Candidate, cases: Path, *, without_seen: bool
) -> tuple[ScoredCases, str]:
    """Decide the cases, and return them scored, with the digest of their texts."""
    engine = candidate.engine
    labelled = read_labelled(cases, engine.kit.fields, workers=workshop.workers)
    kept, left_out = unseen(labelled.cases, seen_texts(engine.experts.values()), without_seen=without_seen)
    unread = [LeftOut("case", bad.name, f"it could not be read ({bad.code})") for bad in labelled.unreadable]
    ids = kept.column("case_id").to_pylist()
    tuned = [LeftOut("case", case, LABELS_WERE_USED) for case in ids if case in candidate.tuned_on]
    documents = _documents(labelled, set(ids) - candidate.tuned_on)
    decisions: list[Decision] = []
    cpu_ms: dict[str, float] = {}
    for document in workshop.progress(documents, "measuring", len(documents)):
        decision, cpu_ms_used = _timed(lambda one=document: _decide(workshop, engine, one))  # type: ignore[misc]
        decisions.append(decision)
        cpu_ms[decision.case_id] = cpu_ms_used
    scored = scored_cases(
        decisions,
        labelled.labels,
        engine.kit.fields,
        cpu_ms=cpu_ms,
        left_out=(*left_out, *unread, *tuned),
    )
    return scored, digest_of([document.text_digest for document in documents])


def _engine_of_folder(workshop: Workshop) -> tuple[Engine, dict[str, str]]:
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
