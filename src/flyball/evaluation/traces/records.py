"""What is kept of traces, and what is shown of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from flyball.core.errors import FlyballError, UnknownName
from flyball.core.tracing import Kind, SpanRecord, Value

__all__ = [
    "Kept",
    "SpanView",
    "TraceRow",
    "TraceView",
    "TracesUnavailable",
    "UnknownTrace",
    "packed",
    "unpacked",
]


class TracesUnavailable(FlyballError):
    """The file of traces cannot be read."""

    code = "evaluation.traces_unavailable"
    retry = True
    exit_code = 3


class UnknownTrace(UnknownName):
    """No trace is kept of this."""

    code = "evaluation.unknown_trace"


class Kept(NamedTuple):
    """One trace as it is kept: what it is found by, and its spans as bytes.

    Parameters
    ----------
    trace_id : bytes
    tenant, name : str
        The name is that of its first span.
    began, took : int
        Microseconds: since 1970, UTC; and how long.
    failed : bool
    entries : tuple of int
        Ledger entries that came of it.
    spans : bytes
        See `packed`.
    left_out : int
        Spans that were too many.
    """

    trace_id: bytes
    tenant: str
    name: str
    began: int
    took: int
    failed: bool
    entries: tuple[int, ...]
    spans: bytes
    left_out: int


class _Span(msgspec.Struct, array_like=True):
    id: int
    parent: int
    name: str
    kind: Kind
    start: int
    end: int
    attributes: dict[str, str | int | float | bool | list[str]]
    error: str


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[_Span]).decode


def packed(spans: list[SpanRecord]) -> bytes:
    """Return spans as bytes in which every text stands as it is, so that it can be searched for."""
    return _ENCODE(spans)


def unpacked(data: bytes) -> list[SpanRecord]:
    """Return the spans again."""
    return [
        SpanRecord(
            one.id,
            one.parent,
            one.name,
            one.kind,
            one.start,
            one.end,
            {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in one.attributes.items()
            },
            one.error,
        )
        for one in _DECODE(data)
    ]


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One trace in a list.

    Parameters
    ----------
    number : int
        Of the trace in its file; newer ones have higher numbers.
    trace_id : str
        32 hexadecimal digits.
    name, tenant : str
    began : datetime
        UTC.
    ms : float
    failed : bool
        Whether anything in it went wrong.
    entries : tuple of int
        Ledger entries that came of it.
    """

    number: int
    trace_id: str
    name: str
    tenant: str
    began: datetime
    ms: float
    failed: bool
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpanView:
    """One span as a line of a picture.

    Parameters
    ----------
    span_id, parent_id : str
        16 hexadecimal digits; "" for no parent here.
    name : str
    kind : Kind
    depth : int
        0 for what stands under nothing else.
    offset_ms : float
        From the beginning of the trace.
    ms : float
    error : str
        "" where nothing went wrong.
    entry : int or None
        The ledger entry that came of it.
    attributes : dict of str to Value
    """

    span_id: str
    parent_id: str
    name: str
    kind: Kind
    depth: int
    offset_ms: float
    ms: float
    error: str
    entry: int | None
    attributes: dict[str, Value]


@dataclass(frozen=True, slots=True)
class TraceView:
    """One trace, in the order in which its spans are read from top to bottom.

    Parameters
    ----------
    row : TraceRow
    caller : str
        Span of the caller whose trace goes on here, 16 hexadecimal digits; "" for none.
    spans : tuple of SpanView
    left_out : int
        Spans that were too many to keep.
    other_decisions : int
        Decisions of the same batch, which are not among the spans.
    others : tuple of TraceRow
        Further traces of the same entry, such as of a case that was sent again.
    """

    row: TraceRow
    caller: str
    spans: tuple[SpanView, ...]
    left_out: int
    other_decisions: int = 0
    others: tuple[TraceRow, ...] = ()
