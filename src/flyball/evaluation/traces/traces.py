"""The traces of one deployment: kept or not when they have ended, and written off the path of requests."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from flyball.core.tracing import SpanRecord, Trace, Words
from flyball.evaluation.traces.exporting import Exporter
from flyball.evaluation.traces.models_asked import ModelsAsked
from flyball.evaluation.traces.records import Kept, TraceRow, packed, unpacked
from flyball.evaluation.traces.settings import TraceSettings
from flyball.evaluation.traces.store import TraceStore
from flyball.evaluation.traces.treating import said

__all__ = ["Traces"]

_LOG = logging.getLogger(__name__)
_FLUSH_SECONDS = 0.5
_MOST_WAITING_BYTES = 64_000_000


class Traces:
    """Takes traces that have ended, and answers about those that were kept. Safe in several threads.

    Parameters
    ----------
    path : Path
        An SQLite file.
    settings : TraceSettings
    deployment : str
    may_go : callable () -> bool
        Whether traces that are too old or too many may go now; asked only where there are such.

    Attributes
    ----------
    lost : int
        Traces that could not be written: the disk was full, or more came than it could take.
    exporter : Exporter or None
    models : ModelsAsked
        Counted from every trace, kept or not.
    """

    def __init__(
        self,
        path: Path,
        settings: TraceSettings,
        *,
        deployment: str,
        may_go: Callable[[], bool] = lambda: True,
    ) -> None:
        self.settings = settings
        self.on = settings.on
        self.send_to = frozenset(one.lower() for one in settings.send_to)
        self.baggage = frozenset(settings.baggage)
        self.keeps_words = settings.keep_texts
        self.lost = 0
        self.models = ModelsAsked()
        self._store = TraceStore(path, keep_days=settings.keep_days, keep_mb=settings.keep_mb, may_go=may_go)
        self.exporter = Exporter(settings.otlp, deployment) if settings.otlp else None
        self._below = round(settings.share * (1 << 56))
        self._slow = settings.slow_ms * 1e6 or float("inf")
        self._waiting: deque[tuple[Kept, list[Words]]] = deque()
        self._bytes = 0
        self._told = False
        self._lock = threading.Lock()
        self._something, self._ending = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def is_sampled(self, trace: Trace) -> bool:
        """Return whether a trace falls into the share: by its id, so that every machine says the same.

        Where callers are followed, one that goes on from a caller is what the caller says.

        Source: W3C Trace Context Level 2, section 3.2.2.3: the last seven bytes are random.
        """
        if self.settings.follow_callers and trace.caller is not None:
            return trace.caller.sampled
        return int.from_bytes(trace.trace_id[-7:]) < self._below

    def take(self, trace: Trace) -> None:
        """Keep a trace that has ended: one that failed, was slow, or falls into the share."""
        try:
            self._take(trace)
        except Exception as err:  # noqa: BLE001 - whoever was traced must not suffer from it
            self._lose(1, type(err).__name__)

    def _take(self, trace: Trace) -> None:
        self.models.take(trace.records("client"))
        root = trace.root
        failed = trace.failed
        must = failed or root.ended - root.start >= self._slow
        if not must and ((trace.minor and not trace.entries) or not self.is_sampled(trace)):
            return
        spans = trace.records()
        kept = Kept(
            trace.trace_id,
            trace.tenant,
            root.name,
            root.start // 1_000,
            (root.ended - root.start) // 1_000,
            failed,
            tuple(trace.entries),
            packed(spans),
            trace.left_out,
        )
        size = len(kept.spans) + 32 * len(kept.entries)
        size += sum(len(text) for one in trace.words for _, text in one.messages)
        with self._lock:
            if self._bytes + size > _MOST_WAITING_BYTES:
                self._lose(1, "more come than can be written")
                return
            self._bytes += size
            self._waiting.append((kept, trace.words))
            if self._thread is None:
                self._ending.clear()
                self._thread = threading.Thread(target=self._work, name="traces", daemon=True)
                self._thread.start()
        self._something.set()

    def flush(self) -> None:
        """Write what waits; a failure costs the traces, and is logged."""
        with self._lock:
            waiting, self._waiting, self._bytes = self._waiting, deque(), 0
        if not waiting:
            return
        kept = [_with_words(one, words) if words else one for one, words in waiting]
        try:
            self._store.keep(kept)
            self._told = False
        except (sqlite3.Error, OSError) as err:
            self._lose(len(kept), str(err))
        if self.exporter is not None:
            self.exporter.send([(one.trace_id, one.spans) for one in kept])

    def rows(
        self,
        *,
        tenant: str | None = None,
        entry: int | None = None,
        trace_id: str = "",
        failed: bool | None = None,
        slowest: bool = False,
        limit: int = 20,
    ) -> list[TraceRow]:
        """Return kept traces; everything that is given must hold. The newest first, or the slowest.

        Raises
        ------
        TracesUnavailable
        """
        self.flush()
        return self._store.rows(
            tenant=tenant, entry=entry, trace_id=trace_id, failed=failed, slowest=slowest, limit=limit
        )

    def spans(self, row: TraceRow) -> tuple[list[SpanRecord], int]:
        """Return the spans of a trace, and how many were left out."""
        data, left_out = self._store.spans(row.number)
        return unpacked(data), left_out

    def count(self) -> int:
        """Return how many traces are kept."""
        self.flush()
        return self._store.count()

    def close(self) -> None:
        """Write what waits, and hand on what the collector takes within a few seconds."""
        self._ending.set()
        self._something.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self.flush()
        if self.exporter is not None:
            self.exporter.close()

    def _lose(self, n: int, why: str) -> None:
        """Count traces that are lost, and say so once until some are kept again."""
        self.lost += n
        if not self._told:
            self._told = True
            _LOG.warning(
                "Traces cannot be kept, and no decision is touched by it: %s. Check the disk; %s may be "
                "deleted, for nothing but traces is in it",
                why,
                self._store.path,
            )

    def _work(self) -> None:
        while not self._ending.is_set():
            self._something.wait()
            self._ending.wait(_FLUSH_SECONDS)  # more may come: one commit serves all of them
            self._something.clear()
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a thread that dies would keep nothing any more
                _LOG.exception("Traces could not be kept")


def _with_words(kept: Kept, words: list[Words]) -> Kept:
    """Return a trace with what was said in it, personal data covered."""
    told: dict[int, dict[str, str]] = {}
    for one in words:
        if (text := said(one)) is not None:
            told.setdefault(one.span_id, {})[one.name] = text
    spans = [
        one._replace(attributes=one.attributes | told[one.id]) if one.id in told else one
        for one in unpacked(kept.spans)
    ]
    return kept._replace(spans=packed(spans))
