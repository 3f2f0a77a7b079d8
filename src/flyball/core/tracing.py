"""Tracing: what is going on now, as spans in the form of OpenTelemetry, without words and names of people.

A door begins a trace; every room opens spans on the one that is going on, and where none is, at no cost. When
the trace ends it is handed to its keeper as a whole, who keeps it or not: what is decided never depends on it
(docs/decisions/0020-traces.md).
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Literal, NamedTuple, Protocol

from flyball.core.errors import FlyballError

__all__ = [
    "MOST_SPANS",
    "NO_SPAN",
    "Caller",
    "Keeper",
    "Kind",
    "Span",
    "SpanRecord",
    "Trace",
    "Value",
    "Words",
    "begin",
    "caller_of",
    "now_tracing",
    "span",
]

Value = str | int | float | bool | tuple[str, ...]
Kind = Literal["internal", "server", "client"]

MOST_SPANS = 4_096
"""Of one trace; further ones are counted and left out."""
_LONGEST = 200
_LARGEST = (1 << 63) - 1
_MASK = (1 << 64) - 1
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class SpanRecord(NamedTuple):
    """A span that has ended.

    Parameters
    ----------
    id, parent : int
        64 bits; 0 for no parent.
    name : str
    kind : Kind
    start, end : int
        Nanoseconds since 1970, UTC.
    attributes : dict of str to Value
    error : str
        Code or class of what went wrong, never its message; "" where nothing did.
    """

    id: int
    parent: int
    name: str
    kind: Kind
    start: int
    end: int
    attributes: dict[str, Value]
    error: str


class Caller(NamedTuple):
    """The span of a caller that goes on here, as `traceparent` names it."""

    trace_id: bytes
    span_id: int


class Words(NamedTuple):
    """What was said in a span: messages by role, and why the model stopped."""

    span_id: int
    name: str
    messages: tuple[tuple[str, str], ...]
    finish: str


class Keeper(Protocol):
    """Who gets a trace when it has ended."""

    @property
    def on(self) -> bool:
        """Whether anything is to be traced."""
        ...

    @property
    def send_to(self) -> frozenset[str]:
        """Hosts, beside this machine, that are told which trace a request belongs to."""
        ...

    @property
    def keeps_words(self) -> bool:
        """Whether what models are asked and answer is wanted, too."""
        ...

    def is_sampled(self, trace_id: bytes) -> bool:
        """Return whether a trace falls into the share that is kept."""
        ...

    def take(self, trace: "Trace") -> None:
        """Take a trace that has ended. Never raises, and never waits."""
        ...


class Span:
    """Something that takes time. In a `with` statement it is what further spans stand under.

    Parameters
    ----------
    trace : Trace
    id, parent : int
    name : str
    kind : Kind
    """

    __slots__ = ("_token", "attributes", "ended", "error", "id", "kind", "name", "parent", "start", "trace")
    recording = True

    def __init__(self, trace: "Trace", id: int, parent: int, name: str, kind: Kind) -> None:
        self.trace, self.id, self.parent, self.name, self.kind = trace, id, parent, name, kind
        self.start = trace.now()
        self.ended = 0
        self.attributes: dict[str, Value] = {}
        self.error = ""

    @property
    def keeps_words(self) -> bool:
        """Whether what models are asked and answer is wanted here."""
        return self.trace.keeper is not None and self.trace.keeper.keeps_words

    def set(self, name: str, value: Value | None) -> None:
        """Say something about it: names of our own things, numbers, choices.

        None says nothing, and neither does a whole number that needs more than 64 bits.
        """
        if isinstance(value, str):
            self.attributes[name] = value[:_LONGEST]
        elif value is not None and not (isinstance(value, int) and abs(value) > _LARGEST):
            self.attributes[name] = value

    def words(self, name: str, messages: Sequence[tuple[str, str]], finish: str = "") -> None:
        """Say what a model was asked or answered, by role; the keeper covers personal data in it."""
        if self.keeps_words:
            self.trace.words.append(Words(self.id, name, tuple(messages), finish))

    def entry(self, index: int) -> None:
        """Say which ledger entry came of it; the trace is then found by the entry."""
        self.attributes["flyball.ledger.entry"] = index
        self.trace.entries.append(index)

    def adopt(self, records: Sequence[SpanRecord]) -> None:
        """Take over what another process did for it: the first record is what the others stand under."""
        self.trace.adopt(records, self)

    def fail(self, error: str) -> None:
        """Say what went wrong: a code, or the name of a class."""
        self.error = error[:_LONGEST]

    def end(self) -> None:
        """Say that it has ended; the first time counts."""
        self.ended = self.ended or self.trace.now()

    def headers(self, host: str) -> dict[str, str]:
        """Return what tells a host that its work belongs to this trace; nothing for one that may not know."""
        keeper = self.trace.keeper
        if host not in _THIS_MACHINE and (keeper is None or host not in keeper.send_to):
            return {}
        sampled = keeper is not None and keeper.is_sampled(self.trace.trace_id)
        return {"traceparent": f"00-{self.trace.trace_id.hex()}-{self.id:016x}-{sampled:02x}"}

    def __enter__(self) -> "Span":
        self._token: Token[Span | None] = _NOW.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        _NOW.reset(self._token)
        if error is not None and not self.error:
            self.fail(_name_of(error))
        self.end()


class _Nothing(Span):
    """Stands for a span where no trace is going on."""

    __slots__ = ()
    recording = False
    keeps_words = False

    def __init__(self) -> None:
        """Hold nothing."""

    def set(self, name: str, value: Value | None) -> None:
        """Do nothing."""

    def words(self, name: str, messages: Sequence[tuple[str, str]], finish: str = "") -> None:
        """Do nothing."""

    def entry(self, index: int) -> None:
        """Do nothing."""

    def adopt(self, records: Sequence[SpanRecord]) -> None:
        """Do nothing."""

    def fail(self, error: str) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""

    def headers(self, host: str) -> dict[str, str]:
        """Return nothing."""
        return {}

    def __enter__(self) -> Span:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Do nothing."""


_NOW: ContextVar[Span | None] = ContextVar("flyball_span", default=None)
NO_SPAN = _Nothing()
"""Takes nothing."""


class Trace:
    """Everything that happened here between one beginning and its end.

    Parameters
    ----------
    name : str
    kind : Kind
    caller : Caller, optional
        Whose trace goes on here.

    Attributes
    ----------
    keeper : Keeper or None
        None: it is thrown away when it ends.
    tenant : str
    entries : list of int
        Ledger entries that came of it.
    words : list of Words
        What models were asked and answered, where it is wanted; personal data is still in it.
    left_out : int
        Spans beyond `MOST_SPANS`.
    minor : bool
        Kept only where something went wrong or took long: somebody read something.
    """

    __slots__ = (
        "_base",
        "_closed",
        "_ids",
        "_others",
        "_spans",
        "entries",
        "keeper",
        "left_out",
        "minor",
        "root",
        "tenant",
        "trace_id",
        "words",
    )

    def __init__(self, name: str, kind: Kind = "internal", caller: Caller | None = None) -> None:
        random = os.urandom(24)
        self.trace_id = caller.trace_id if caller else random[8:]
        self._ids = int.from_bytes(random[:8])
        # Lengths are measured by the clock that never jumps; only the beginning is by the clock on the wall.
        self._base = time.time_ns() - time.perf_counter_ns()
        self._spans: list[Span] = []
        self._others: list[SpanRecord] = []
        self._closed = False
        self.keeper: Keeper | None = None
        self.tenant = ""
        self.entries: list[int] = []
        self.words: list[Words] = []
        self.left_out = 0
        self.minor = False
        self.root = self._new(name, kind, caller.span_id if caller else 0)

    @property
    def failed(self) -> bool:
        """Whether anything in it went wrong."""
        return any(one.error for one in self._spans) or any(one.error for one in self._others)

    def now(self) -> int:
        """Return nanoseconds since 1970."""
        return self._base + time.perf_counter_ns()

    def open(self, name: str, kind: Kind, parent: int) -> Span:
        """Return a new span; one that says nothing where there are too many, or the trace has ended."""
        if self._closed or len(self._spans) + len(self._others) >= MOST_SPANS:
            self.left_out += not self._closed
            return NO_SPAN
        return self._new(name, kind, parent)

    def adopt(self, records: Sequence[SpanRecord], parent: Span) -> None:
        """Take over what another process did for a span."""
        if not records:
            return
        first, *rest = records
        room = MOST_SPANS - len(self._spans) - len(self._others)
        self.left_out += max(0, len(rest) - room)
        self._others += [
            one._replace(parent=parent.id) if one.parent == first.id else one for one in rest[:room]
        ]
        parent.start = min(parent.start, first.start)
        self.root.start = min(self.root.start, first.start)

    def close(self) -> None:
        """End it; what has not ended yet ends with it."""
        self.root.end()
        self._closed = True

    def records(self) -> list[SpanRecord]:
        """Return its spans, the first one first."""
        last = self.root.ended or self.now()
        own = [
            SpanRecord(
                one.id,
                one.parent,
                one.name,
                one.kind,
                one.start,
                one.ended or max(last, one.start),
                one.attributes,
                one.error,
            )
            for one in self._spans
        ]
        return own + self._others

    def _new(self, name: str, kind: Kind, parent: int) -> Span:
        self._ids = (self._ids + 1) & _MASK or 1
        made = Span(self, self._ids, parent, name, kind)
        self._spans.append(made)
        return made


def span(name: str, kind: Kind = "internal", *, start: int = 0) -> Span:
    """Return a new span of the trace that is going on; one that takes nothing where none is.

    Parameters
    ----------
    name : str
        Of few kinds, so that equal work has equal names.
    kind : Kind
    start : int
        When it began, nanoseconds since 1970; 0 for now.

    Returns
    -------
    Span
        It has begun. Use it in a `with` statement, or call `end`: a generator must do the latter, because
        whoever reads it would otherwise work inside its span.
    """
    now = _NOW.get()
    if now is None:
        return NO_SPAN
    made = now.trace.open(name, kind, now.id)
    if start and made.recording:
        made.start = start
    return made


def now_tracing() -> Span:
    """Return the span that is going on; one that takes nothing where none is."""
    return _NOW.get() or NO_SPAN


@contextmanager
def begin(name: str, keeper: Keeper | None = None, *, tenant: str = "") -> Iterator[Span]:
    """Begin a trace around a piece of work; inside another trace, a span of that one.

    Parameters
    ----------
    name : str
    keeper : Keeper, optional
        Gets it when it has ended.
    tenant : str
        Whose cases it is about; "" for all.

    Yields
    ------
    Span
    """
    if _NOW.get() is not None:
        with span(name) as under:
            yield under
        return
    if keeper is not None and not keeper.on:
        yield NO_SPAN
        return
    trace = Trace(name)
    trace.keeper, trace.tenant = keeper, tenant
    try:
        with trace.root as root:
            yield root
    finally:
        trace.close()
        if trace.keeper is not None:
            trace.keeper.take(trace)


def caller_of(traceparent: str) -> Caller | None:
    """Read the header `traceparent`; None for anything that is not one.

    Source: W3C Trace Context, Recommendation of 23 November 2021, sections 3.2.2 and 4.3.
    """
    form = _FORM.match(traceparent)
    if form is None:
        return None
    version, trace_id, span_id, _, more = form.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Caller(bytes.fromhex(trace_id), int(span_id, 16))


def _name_of(error: BaseException) -> str:
    """Return a code or a class, never a message: that may hold words of a case."""
    return error.code if isinstance(error, FlyballError) else type(error).__name__.lstrip("_")
