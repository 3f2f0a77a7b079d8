"""Decide files or rows with the live release, on as many processes as there are."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from flyball.core.errors import FlyballError
from flyball.core.records import Context
from flyball.core.tracing import Span, SpanRecord, Trace, begin, span
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.extract import extract_many
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.governance.constitution.review import ReviewedDecision
from flyball.loop.answering import note_failure
from flyball.loop.engine import Engine
from flyball.loop.erased import erased_case, erased_documents
from flyball.loop.issue import Issued, issue
from flyball.loop.live import LiveEngine, engine_of_kit, engine_of_release
from flyball.loop.traffic import Traffic, traffic_now
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = ["Decided", "decide_documents", "decide_files"]

_LOG = logging.getLogger(__name__)

_BATCH = 4
_ROWS_IN_A_BATCH = 1_024
_IN_THIS_PROCESS = 8
"""Up to so many files, starting processes costs more than it saves."""
_AHEAD = 4
"""Batches handed out per process before results are taken: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one file.

    Parameters
    ----------
    document : Document or None
    issued : Issued or None
        The decision as it stands in the ledger.
    problem : Unreadable or None
        Why there is no decision.
    """

    document: Document | None
    issued: Issued | None
    problem: Unreadable | None


@dataclass(frozen=True, slots=True)
class _Task:
    """Documents to be decided together, and under what; `kit` is the folder of the release."""

    documents: tuple[Document, ...]
    kit: Path
    context: Context
    release: str
    live: frozenset[str]
    at: datetime


Result = tuple[Document | None, Decision | None, Unreadable | None, ReviewedDecision | None]
_FromProcess = tuple[list[Result], list[SpanRecord]]


def decide_files(
    workshop: Workshop,
    live: LiveEngine,
    files: Sequence[tuple[str, Path]],
    *,
    context: Context,
    limits: Limits,
) -> Iterator[Decided]:
    """Read and decide files; each decision is in the ledger before it is yielded.

    Files that a hostile author may have built (all but plain text) are read in processes of their
    own, where neither a crash nor a limit that is passed takes anything else down.

    Parameters
    ----------
    workshop : Workshop
        `workers` says on how many processes.
    live : LiveEngine
    files : sequence of (name, Path)
    context : Context
    limits : Limits

    Yields
    ------
    Decided
        One per file, in their order. A bad file, or one on which an expert breaks, stops nothing.
    """
    isolated = any(path.suffix.lower() != ".txt" for _, path in files)
    few = len(files) <= _IN_THIS_PROCESS
    workers = 1 if few else workshop.workers
    read = extract_many(files, workers=workers if isolated else 1, isolated=isolated, limits=limits)
    yield from _decide_read(workshop, live, read, context, workers=workers, size=_BATCH)


def decide_documents(
    workshop: Workshop,
    live: LiveEngine,
    documents: Iterable[Document | Unreadable],
    *,
    context: Context,
    workers: int = 1,
) -> Iterator[Decided]:
    """Decide rows, or documents that were read already; each decision is in the ledger before it is yielded.

    Parameters
    ----------
    workshop : Workshop
    live : LiveEngine
    documents : iterable of Document or Unreadable
        Short ones, such as rows: they are decided by the hundred.
    context : Context
    workers : int
        Processes; 1 means none but this one.

    Yields
    ------
    Decided
        One per document, in their order.
    """
    yield from _decide_read(workshop, live, iter(documents), context, workers=workers, size=_ROWS_IN_A_BATCH)


def _decide_read(
    workshop: Workshop,
    live: LiveEngine,
    read: Iterator[Document | Unreadable],
    context: Context,
    *,
    workers: int,
    size: int,
) -> Iterator[Decided]:
    at = workshop.clock()
    traffic = traffic_now(workshop.ledger)
    allowed = frozenset({traffic.champion} if traffic.champion else ())
    kit = live.engine.kit.settings.parent
    challenger = _challenger(workshop, traffic)
    read = _kept_out(read, erased_documents(workshop))

    def tasks(batch: Sequence[Document | Unreadable]) -> list[_Task]:
        own: list[Document] = []
        other: list[Document] = []
        for one in _documents(batch):
            side = other if _falls_to(challenger, traffic, one, context) else own
            side.append(one)
        found = [_Task(tuple(own), kit, context, live.digest, allowed, at)] if own else []
        if other and challenger is not None:
            place = challenger.engine.kit.settings.parent
            release = challenger.digest
            found.append(_Task(tuple(other), place, context, release, frozenset({release}), at))
        return found

    if workers <= 1:
        engines = {one.engine.kit.settings.parent: one.engine for one in (live, challenger) if one}
        for batch in batched(read, size):
            with _traced(workshop, context):
                found = [(task, _decide(engines[task.kit], task)) for task in tasks(batch)]
                done = list(_issued(workshop, batch, _answered(workshop, live, allowed, found)))
            yield from done
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[Sequence[Document | Unreadable], list[tuple[_Task, Future[_FromProcess]]]]]
        waiting = deque()

        def finished() -> list[Decided]:
            earliest, futures = waiting.popleft()
            with _traced(workshop, context) as around:
                found = []
                for task, future in futures:
                    results, spans = future.result()
                    around.adopt(spans)
                    found.append((task, results))
                return list(_issued(workshop, earliest, _answered(workshop, live, allowed, found)))

        for batch in batched(read, size):
            waiting.append((batch, [(task, pool.submit(_decide_in_process, task)) for task in tasks(batch)]))
            while len(waiting) > workers * _AHEAD:
                yield from finished()
        while waiting:
            yield from finished()


def _traced(workshop: Workshop, context: Context) -> AbstractContextManager[Span]:
    return begin("decide batch", workshop.traces, tenant=context.tenant)


def _kept_out(
    read: Iterator[Document | Unreadable], erased: frozenset[str]
) -> Iterator[Document | Unreadable]:
    """Yield what was read; of what was erased on demand nothing is decided, for nothing of it may be kept."""
    for one in read:
        if isinstance(one, Document) and one.content_digest in erased:
            yield erased_case(one.name)
        else:
            yield one


def _challenger(workshop: Workshop, traffic: Traffic) -> LiveEngine | None:
    """Return the canary; None where there is none, or it cannot be loaded: then nothing falls to it."""
    if traffic.challenge is None or traffic.challenge.mode != "canary":
        return None
    try:
        return engine_of_release(workshop, traffic.challenge.release)
    except FlyballError as err:
        _LOG.warning("The canary answers nothing: %s", err)
        return None


def _falls_to(challenger: LiveEngine | None, traffic: Traffic, document: Document, context: Context) -> bool:
    case = case_id_of(document.content_digest)
    return challenger is not None and traffic.release_for(case, context.tenant).release == challenger.digest


def _answered(
    workshop: Workshop, live: LiveEngine, allowed: frozenset[str], found: Sequence[tuple[_Task, list[Result]]]
) -> list[Result]:
    """Return the results; where the challenger broke on a case, what the live release says."""
    results: list[Result] = []
    for task, given in found:
        if task.release == live.digest:
            results += given
            continue
        broken = [(document, problem) for document, _, problem, _ in given if document and problem]
        results += [one for one in given if one[2] is None]
        for document, problem in broken:
            what = f"[{problem.code}] {problem.message}"
            note_failure(workshop, task.release, document, task.context, what)
        if broken:
            again = replace(
                task,
                documents=tuple(document for document, _ in broken),
                release=live.digest,
                live=allowed,
            )
            results += _decide(live.engine, again)
    return results


def batched(items: Iterator[Document | Unreadable], size: int) -> Iterator[list[Document | Unreadable]]:
    """Yield lists of at most `size` items, as they come."""
    while batch := list(islice(items, size)):
        yield batch


def _documents(batch: Sequence[Document | Unreadable]) -> tuple[Document, ...]:
    """Return each different document once."""
    found = {one.content_digest: one for one in batch if isinstance(one, Document)}
    return tuple(found.values())


def _decide(engine: Engine, task: _Task) -> list[Result]:
    with span("decide") as told:
        told.set("flyball.release", task.release)
        told.set("flyball.cases", len(task.documents))
        results = _decide_documents(engine, task.documents, task)
        broken = [problem.code for _, _, problem, _ in results if problem]
        if broken:
            told.set("flyball.cases.failed", len(broken))
            told.fail(broken[0])
        return results


def _decide_documents(engine: Engine, documents: Sequence[Document], task: _Task) -> list[Result]:
    """Decide documents together; where that breaks, in halves, so that one stops nothing but itself."""
    try:
        trails: dict[str, ReviewedDecision] = {}
        decisions = engine.decide(
            documents, context=task.context, release=task.release, live=task.live, at=task.at, trails=trails
        )
        return [
            (document, one, None, trails.get(document.content_digest))
            for document, one in zip(documents, decisions, strict=True)
        ]
    except Exception as err:  # noqa: BLE001 - an expert may break in any way; it becomes a record
        if len(documents) == 1:
            return [(documents[0], None, _problem(documents[0].name, err), None)]
    half = len(documents) // 2
    halves = documents[:half], documents[half:]
    return [result for part in halves for result in _decide_documents(engine, part, task)]


def _issued(
    workshop: Workshop, batch: Sequence[Document | Unreadable], results: Sequence[Result]
) -> Iterator[Decided]:
    """Write the decisions of a batch down, then yield what came of each of its files."""
    pairs = [(decision, document) for document, decision, _, _ in results if decision and document]
    trails = {document.content_digest: trail for document, _, _, trail in results if document and trail}
    written = issue(workshop, [one for one, _ in pairs], [one for _, one in pairs], trails=trails)
    entries = {one.decision.content_digest: one for one in written}
    problems = {
        document.content_digest: problem for document, _, problem, _ in results if document and problem
    }
    for one in batch:
        if isinstance(one, Unreadable):
            yield Decided(None, None, one)
        elif one.content_digest in entries:
            yield Decided(one, entries[one.content_digest], None)
        else:
            yield Decided(one, None, problems[one.content_digest])


def _problem(name: str, err: Exception) -> Unreadable:
    if isinstance(err, FlyballError):
        return Unreadable.from_error(name, err)
    return Unreadable(
        name,
        "decisions.failed",
        f"{name} could not be decided: {type(err).__name__}: {str(err)[:200]}.",
        "Look at it by hand, and report what broke.",
    )


_engines: dict[Path, Engine] = {}
"""Of a process: the releases that it has loaded."""


def _decide_in_process(task: _Task) -> _FromProcess:
    if task.kit not in _engines:
        _engines[task.kit] = engine_of_kit(task.kit)
    trace = Trace("decide")
    with trace.root:
        results = _decide(_engines[task.kit], task)
    trace.close()
    return results, trace.records()
