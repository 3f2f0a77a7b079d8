"""A trace as people see it: its spans from top to bottom, each under the one it belongs to."""

from flyball.core.tracing import SpanRecord
from flyball.evaluation.traces.records import SpanView, TraceRow, TraceView, UnknownTrace
from flyball.evaluation.traces.settings import TraceSettings
from flyball.evaluation.traces.traces import Traces

__all__ = ["DECISION", "view_of_row", "view_of_trace"]

DECISION, ENTRY = "decision", "flyball.ledger.entry"


def view_of_trace(
    traces: Traces, *, entry: int | None = None, trace_id: str = "", tenant: str | None = None
) -> TraceView:
    """Return the trace of a ledger entry, or the one with an id; the first one where there are several.

    Parameters
    ----------
    traces : Traces
    entry : int, optional
    trace_id : str
        32 hexadecimal digits.
    tenant : str, optional
        Those of other tenants are not there; None for all.

    Raises
    ------
    UnknownTrace
        None was kept.
    TracesUnavailable
    """
    found = traces.rows(entry=entry, trace_id=trace_id, tenant=tenant, limit=1_000)
    if not found:
        what = f"entry {entry}" if entry is not None else f"the id {trace_id[:40]!r}"
        raise UnknownTrace(
            f"No trace of {what} is kept.",
            fix=f"{_why_none(traces.settings)} What was decided stands in the ledger.",
            entry=entry,
        )
    *others, first = found
    return view_of_row(traces, first, entry=entry, others=tuple(reversed(others)))


def _why_none(settings: TraceSettings) -> str:
    """Return for which reasons there may be no trace of something."""
    if not settings.on:
        return "Tracing is off (traces.on in flyball.toml)."
    share = "" if settings.share >= 1 else f"it fell outside the share of {settings.share:g} that is kept, "
    return (
        f"Either {share}it is older than {settings.keep_days} days, made way for newer ones, was lost with "
        "a process that was killed, or what wrote it is not traced: docs/traces.md says what is."
    )


def view_of_row(
    traces: Traces, row: TraceRow, *, entry: int | None = None, others: tuple[TraceRow, ...] = ()
) -> TraceView:
    """Return one trace of a list with its spans; with an entry, without the other decisions of its batch."""
    everything, left_out = traces.spans(row)
    asked = any(one.name == DECISION and one.attributes.get(ENTRY) == entry for one in everything)
    spans = [
        one for one in everything if not asked or one.name != DECISION or one.attributes.get(ENTRY) == entry
    ]
    known = {one.id for one in spans}
    below: dict[int, list[SpanRecord]] = {}
    for one in spans:
        below.setdefault(one.parent if one.parent in known and one.parent != one.id else 0, []).append(one)
    begun = min((one.start for one in spans), default=0)
    shown: list[SpanView] = []
    waiting = [(one, 0) for one in _in_reverse(below.get(0, []))]
    while waiting:
        one, depth = waiting.pop()
        shown.append(_view(one, depth, begun, known))
        waiting += [(child, depth + 1) for child in _in_reverse(below.pop(one.id, []))]
    caller = next((f"{one.parent:016x}" for one in spans if one.parent and one.parent not in known), "")
    return TraceView(row, caller, tuple(shown), left_out, len(everything) - len(spans), others)


def _in_reverse(spans: list[SpanRecord]) -> list[SpanRecord]:
    return sorted(spans, key=lambda one: (one.name == DECISION, one.start, -one.end), reverse=True)


def _view(one: SpanRecord, depth: int, begun: int, known: set[int]) -> SpanView:
    entry = one.attributes.get(ENTRY)
    return SpanView(
        span_id=f"{one.id:016x}",
        parent_id=f"{one.parent:016x}" if one.parent in known else "",
        name=one.name,
        kind=one.kind,
        depth=depth,
        offset_ms=(one.start - begun) / 1e6,
        ms=(one.end - one.start) / 1e6,
        error=one.error,
        entry=entry if isinstance(entry, int) else None,
        attributes=one.attributes,
    )
