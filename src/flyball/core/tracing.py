"""Tracing: what is going on now, as spans in the form of OpenTelemetry, without words and names of people.

A door begins a trace; every room opens spans on the one that is going on, and where none is, at no cost. When
the trace ends it is handed to its keeper as a whole, who keeps it or not: what is decided never depends on it
(docs/decisions/0020-traces.md).
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import wraps
from typing import Concatenate, Literal, NamedTuple, ParamSpec, Protocol, TypeVar

from flyball.core.errors import FlyballError
from flyball.core.hosts import THIS_MACHINE

__all__ = [
    "MOST_ENTRIES",
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
    "traced",
]

Value = str | int | float | bool | tuple[str, ...]
Kind = Literal["internal", "server", "client"]

MOST_SPANS = 4_096
"""Of one trace; further ones are counted and left out."""
MOST_ENTRIES = 100_000
"""By which one trace is found: a load of millions of outcomes is found by its first."""
_LONGEST = 200
_LARGEST = (1 << 63) - 1
_MASK = (1 << 64) - 1
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_SAMPLED = 0x01
_STATE = re.compile(
    r"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]\Z"
)
_MOST_STATES, _LONGEST_STATE, _LONG_STATE = 32, 512, 128
_BAGGAGE = re.compile(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*\Z"
)
_MOST_BAGGAGE, _LONGEST_BAGGAGE = 64, 8_192


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
    """The span of a caller that goes on here, as `traceparent` names it.

    Parameters
    ----------
    trace_id : bytes
    span_id : int
    sampled : bool
        Whether the caller may keep it.
    state : str
        Its `tracestate`, which is handed on as it came; "" for none.
    baggage : tuple of (str, str)
        Its `baggage`: names and values. Only what the keeper names is handed on.
    """

    trace_id: bytes
    span_id: int
    sampled: bool = False
    state: str = ""
    baggage: tuple[tuple[str, str], ...] = ()


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
    def baggage(self) -> frozenset[str]:
        """What of a caller's baggage is handed on to these hosts, by name."""
        ...

    @property
    def keeps_words(self) -> bool:
        """Whether what models are asked and answer is wanted, too."""
        ...

    def is_sampled(self, trace: "Trace") -> bool:
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

    def wrote(self, entries: Sequence[int]) -> None:
        """Say which ledger entries came of it; the trace is then found by each of them."""
        if len(entries) == 1:
            self.attributes["flyball.ledger.entry"] = entries[0]
        self.trace.entries += entries[: max(0, MOST_ENTRIES - len(self.trace.entries))]

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
        trace, keeper = self.trace, self.trace.keeper
        if host not in THIS_MACHINE and (keeper is None or host not in keeper.send_to):
            return {}
        sampled = keeper is not None and keeper.is_sampled(trace)
        told = {"traceparent": f"00-{trace.trace_id.hex()}-{self.id:016x}-{sampled:02x}"}
        if trace.caller is not None and trace.caller.state:
            told["tracestate"] = trace.caller.state
        if trace.caller is not None and trace.caller.baggage and keeper is not None and keeper.baggage:
            handed_on = [f"{name}={value}" for name, value in trace.caller.baggage if name in keeper.baggage]
            if handed_on:
                told["baggage"] = ",".join(handed_on)
        return told

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

    def wrote(self, entries: Sequence[int]) -> None:
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
    caller : Caller or None
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
        Somebody read something: kept only where it went wrong, took long or came to a ledger entry.
    """

    __slots__ = (
        "_base",
        "_closed",
        "_ids",
        "_others",
        "_spans",
        "caller",
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
        self.caller = caller
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

    def records(self, kind: Kind | None = None) -> list[SpanRecord]:
        """Return its spans, or those of one kind; the first one first."""
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
            if kind is None or one.kind == kind
        ]
        return own + [one for one in self._others if kind is None or one.kind == kind]

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
def begin(
    name: str, keeper: Keeper | None = None, *, tenant: str = "", minor: bool = False
) -> Iterator[Span]:
    """Begin a trace around a piece of work; inside another trace, a span of that one.

    Parameters
    ----------
    name : str
    keeper : Keeper, optional
        Gets it when it has ended.
    tenant : str
        Whose cases it is about; "" for all.
    minor : bool
        See `Trace`.

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
    trace.keeper, trace.tenant, trace.minor = keeper, tenant, minor
    try:
        with trace.root as root:
            yield root
    finally:
        trace.close()
        if trace.keeper is not None:
            trace.keeper.take(trace)


_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T", bound="_Traced", contravariant=True)


class _Traced(Protocol):
    @property
    def traces(self) -> Keeper: ...


def traced(
    name: str, *, minor: bool = False
) -> Callable[[Callable[Concatenate[_T, _P], _R]], Callable[Concatenate[_T, _P], _R]]:
    """Return a decorator that begins a trace around a function whose first argument keeps traces.

    Parameters
    ----------
    name : str
    minor : bool
        See `Trace`.
    """

    def around(function: Callable[Concatenate[_T, _P], _R]) -> Callable[Concatenate[_T, _P], _R]:
        @wraps(function)
        def work(workshop: _T, /, *args: _P.args, **more: _P.kwargs) -> _R:
            with begin(name, workshop.traces, minor=minor):
                return function(workshop, *args, **more)

        return work

    return around


def caller_of(traceparent: str, tracestate: str = "", baggage: str = "") -> Caller | None:
    """Read the headers of a caller; None where `traceparent` is none. State and baggage that are none are "".

    Sources: W3C Trace Context, Recommendation of 23 November 2021, sections 3.2.2, 3.3 and 4.3; W3C Baggage,
    "Baggage HTTP Header Format".
    """
    form = _FORM.match(traceparent)
    if form is None:
        return None
    version, trace_id, span_id, flags, more = form.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    sampled = bool(int(flags, 16) & _SAMPLED)
    return Caller(
        bytes.fromhex(trace_id), int(span_id, 16), sampled, _state_of(tracestate), _baggage_of(baggage)
    )


def _state_of(header: str) -> str:
    """Return a `tracestate` that may be handed on; "" for one that breaks a rule, cut where it is long."""
    states = [one for part in header.split(",") if (one := part.strip(" \t"))] if header else []
    names = {one.partition("=")[0] for one in states}
    if len(states) > _MOST_STATES or len(names) < len(states) or not all(map(_STATE.match, states)):
        return ""
    if sum(map(len, states)) + len(states) - 1 > _LONGEST_STATE:
        states = [one for one in states if len(one) <= _LONG_STATE]
    while sum(map(len, states)) + len(states) - 1 > _LONGEST_STATE:
        states.pop()
    return ",".join(states)


def _baggage_of(header: str) -> tuple[tuple[str, str], ...]:
    """Return names and values of a `baggage`; what is said about them beside that is left out."""
    if not header or len(header) > _LONGEST_BAGGAGE:
        return ()
    parts = [part.partition(";")[0].strip(" \t") for part in header.split(",")]
    if len(parts) > _MOST_BAGGAGE or not all(map(_BAGGAGE.match, parts)):
        return ()
    pairs = (one.partition("=") for one in parts)
    return tuple((name.rstrip(" \t"), value.lstrip(" \t")) for name, _, value in pairs)


def _name_of(error: BaseException) -> str:
    """Return a code or a class, never a message: that may hold words of a case."""
    return error.code if isinstance(error, FlyballError) else type(error).__name__.lstrip("_")
