"""Replay: decide again what was decided, with the exact components of then, and compare.

A release is taken by its digest, its files come out of the blobs into a folder of their own, the text
comes out of its blob, context and time out of the decision. Nothing of the working folder plays a part.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import msgspec

import flyball
from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import FlyballError
from flyball.core.tracing import begin
from flyball.data.documents.records import Document
from flyball.ledger.errors import BlobErased
from flyball.ledger.records import Entry
from flyball.loop.differences import Changed, differences
from flyball.loop.engine import Engine
from flyball.loop.guarding import CaseGuards, open_case_guards, were_guarded
from flyball.loop.kit import lay_out
from flyball.loop.live import engine_of_kit
from flyball.loop.releases import read_release
from flyball.loop.settings import load_settings
from flyball.loop.traffic import traffic_steps
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.experts.expert import OnDemand

__all__ = [
    "REPLAYED_KINDS",
    "Difference",
    "ReplayRefused",
    "Replayed",
    "Status",
    "decided_document",
    "replay",
]

REPLAYED_KINDS = ("decision", "decision.shadow")
"""Kinds of entries that hold a decision."""

_REPEATABLE = ("rules", "text", "table", "graph")
"""Kinds of experts that give the same answer to the same question, to the last bit."""
_LAST_DIGITS = "only the last digit differs: another processor or numerical library adds up in another order"

_PER_PROCESS = 8
"""Decisions for which starting one more process pays."""
_AHEAD = 8
"""Decisions handed out per process before results are taken: bounds the memory."""

Status = Literal["same", "differs as expected", "differs", "erased", "refused"]


class ReplayRefused(FlyballError):
    """A decision cannot be decided again: a part of it was altered, erased or is missing."""

    code = "loop.replay_refused"
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which the decision of now differs from that of then.

    Parameters
    ----------
    name : str
        Path: "fields.governing_law.confidence".
    then, now : object
        Plain values; "(absent)" where there is none.
    expected : bool
        True where a model of language, or somebody else's program, had a say in it: such answers need not
        repeat.
    why : str
        For people.
    """

    name: str
    then: object
    now: object
    expected: bool
    why: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of deciding one decision again.

    Parameters
    ----------
    entry : int
        Index in the ledger.
    kind : str
        Of the entry.
    case : str
        Name of the case.
    release : str
        Digest.
    decided_at : datetime or None
        UTC.
    status : str
        "same": bit for bit. "differs as expected": only where an answer need not repeat. "differs": it
        should have been the same. "erased": the text was erased on purpose. "refused": a part was
        altered or is missing.
    unrepeatable : tuple of str
        Experts that had a say and need not repeat themselves.
    digest_then, digest_now : str
        Of the canonical JSON; "" where there is none.
    differences : tuple of Difference
    software_then, software_now : str
        Versions of Flyball.
    cost_eur : str
        What asking models again cost; "0" where none was asked.
    problem : dict or None
        Why it could not be decided again: code, message, fix.
    """

    entry: int
    kind: str
    case: str
    release: str
    decided_at: datetime | None
    status: Status
    unrepeatable: tuple[str, ...] = ()
    digest_then: str = ""
    digest_now: str = ""
    differences: tuple[Difference, ...] = ()
    software_then: str = ""
    software_now: str = flyball.__version__
    cost_eur: str = "0"
    problem: Mapping[str, object] | None = None

    @property
    def ok(self) -> bool:
        """False where it differs though it should not, or a part of it is altered or missing."""
        return self.status not in ("differs", "refused")


@dataclass(frozen=True, slots=True)
class _Task:
    """One decision with everything that it needs, but for the release, which is laid out."""

    entry: int
    kind: str
    body: dict[str, object]
    document: Document
    live: frozenset[str]
    kit: Path
    software: str


def replay(workshop: Workshop, entries: Iterable[Entry]) -> Iterator[Replayed]:
    """Decide past decisions again; nothing is written down.

    Models of language are asked again, at their price: what they answered then cannot be had otherwise.

    Parameters
    ----------
    workshop : Workshop
        `workers` says on how many processes.
    entries : iterable of Entry
        Of the kinds `REPLAYED_KINDS`.

    Yields
    ------
    Replayed
        One per entry, in their order. What cannot be decided again stops nothing.
    """
    coming = iter(entries)
    first = list(islice(coming, _PER_PROCESS * workshop.workers))
    workers = min(workshop.workers, len(first) // _PER_PROCESS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flyball-replay-")))
        kits = _Kits(workshop, folder)
        could = _Answering(workshop)
        if workers <= 1:
            engines: dict[Path, Engine] = {}
            for entry in chain(first, coming):
                with begin("replay", workshop.traces, minor=len(first) > 1) as told:
                    told.set("flyball.replay.of", entry.index)
                    task = _task(workshop, entry, kits, could)
                    done = task if isinstance(task, Replayed) else _again(task, engines)
                    told.set("flyball.replay.status", done.status)
                yield done
            return
        pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=get_context("spawn")))
        waiting: deque[Replayed | Future[Replayed]] = deque()
        for entry in chain(first, coming):
            task = _task(workshop, entry, kits, could)
            waiting.append(task if isinstance(task, Replayed) else pool.submit(_again_in_process, task))
            if len(waiting) > workers * _AHEAD:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _result(one: "Replayed | Future[Replayed]") -> Replayed:
    return one if isinstance(one, Replayed) else one.result()


class _Kits:
    """The releases that are needed, each laid out once, out of the blobs, in a folder of this replay."""

    def __init__(self, workshop: Workshop, folder: Path) -> None:
        self._workshop = workshop
        self._folder = folder
        self._known: dict[str, tuple[Path, str] | FlyballError] = {}

    def of(self, digest: str) -> tuple[Path, str]:
        """Return the folder of a release and the version of the software that made it.

        Raises
        ------
        FlyballError
            It is not here, its signature does not fit, or one of its files was altered.
        """
        if digest not in self._known:
            try:
                release = read_release(self._workshop.state, digest, self._workshop.key.verifier).release
                place = lay_out(release.files, self._workshop.blobs, self._folder / short(digest))
                self._known[digest] = (place, release.flyball)
            except FlyballError as err:
                self._known[digest] = err
        found = self._known[digest]
        if isinstance(found, FlyballError):
            raise found
        return found


class _Answering:
    """Which releases could answer when, by what the ledger says."""

    def __init__(self, workshop: Workshop) -> None:
        self._steps = traffic_steps(workshop.ledger)

    def at(self, entry: int, decision: Decision) -> frozenset[str]:
        """Return the releases that could answer when a decision was made, or written down."""
        before = [traffic for index, _, traffic in self._steps if index < entry]
        then = [one for index, at, one in self._steps if index < entry and at <= decision.decided_at]
        found: set[str] = set()
        for traffic in (one[-1] for one in (before, then) if one):
            assigned = traffic.release_for(decision.case_id, decision.context.tenant)
            found |= {traffic.champion, assigned.release}  # the champion also where the canary broke
        return frozenset(found)


def _task(workshop: Workshop, entry: Entry, kits: _Kits, could: _Answering) -> _Task | Replayed:
    """Fetch what a decision was made from; say why where that cannot be had."""
    try:
        decision = msgspec.convert(entry.body, Decision)
    except msgspec.ValidationError as err:
        return _refused(
            entry,
            ReplayRefused(
                f"Entry {entry.index} does not hold a decision as this version knows it: {err}.",
                fix="Replay it with the version of Flyball that wrote it.",
            ),
        )
    try:
        document = decided_document(workshop, entry, decision)
        kit, software = kits.of(decision.release)
    except FlyballError as err:
        return _refused(entry, err)
    live = could.at(entry.index, decision) if entry.kind == "decision" else frozenset()
    return _Task(entry.index, entry.kind, entry.body, document, live, kit, software)


def decided_document(workshop: Workshop, entry: Entry, decision: Decision) -> Document:
    """Return the text that was decided about, held against the digests in the decision.

    Raises
    ------
    ReplayRefused, BlobErased, BlobMissing
    """
    if not entry.refs:
        raise ReplayRefused(
            f"Entry {entry.index} names no text, so nothing can be decided again.",
            fix="Look at who wrote it: flyball ledger list.",
        )
    document = from_json(workshop.blobs.get(entry.refs[0]), Document)
    for what, named, found in (
        ("content", decision.content_digest, document.content_digest),
        ("text", decision.text_digest, document.text_digest),
    ):
        if named != found:
            raise ReplayRefused(
                f"The {what} of entry {entry.index} has the digest {short(found)}, the decision names "
                f"{short(named)}.",
                fix="Text and decision do not belong together; find out who wrote the entry.",
                expected=named,
                found=found,
            )
    return document


def _again_in_process(task: _Task) -> Replayed:
    return _again(task, _engines)


_engines: dict[Path, Engine] = {}
"""Of a worker process: the releases that it has loaded."""


def _again(task: _Task, engines: dict[Path, Engine]) -> Replayed:
    """Decide again and compare; whatever breaks becomes a refusal with its reason."""
    then = msgspec.convert(task.body, Decision)
    try:
        if task.kit not in engines:
            engines[task.kit] = engine_of_kit(task.kit)
        engine = engines[task.kit]
        decide = partial(_guards_of(task.kit).decide, engine) if were_guarded(then) else engine.decide
        (now,) = decide(
            [task.document],
            context=then.context,
            release=then.release,
            live=task.live,
            at=then.decided_at,
        )
    except FlyballError as err:
        return _refusal(task.entry, task.kind, task.body, err)
    except Exception as err:  # noqa: BLE001 - an expert may break in any way; it becomes a record
        broken = ReplayRefused(
            f"{then.case_name} could not be decided again: {type(err).__name__}: {str(err)[:200]}.",
            fix="Replay it with the version of Flyball that decided it.",
        )
        return _refusal(task.entry, task.kind, task.body, broken)
    unrepeatable = _unrepeatable(engine)
    asked = tuple(sorted(unrepeatable & (_asked(then) | _asked(now))))
    found = tuple(_compared(task.body, then, now, frozenset(asked)))
    status: Status = "same"
    if found:
        status = "differs as expected" if all(one.expected for one in found) else "differs"
    return Replayed(
        entry=task.entry,
        kind=task.kind,
        case=then.case_name,
        release=then.release,
        decided_at=then.decided_at,
        status=status,
        unrepeatable=asked,
        digest_then=digest_of(task.body),
        digest_now=digest_of(now),
        differences=found,
        software_then=task.software,
        cost_eur=now.cost_eur if asked else "0",
    )


@cache
def _guards_of(kit: Path) -> CaseGuards:
    """Return the guards of a release that was laid out and checked."""
    return open_case_guards(load_settings(kit / "flyball.toml", environ={}))


def _unrepeatable(engine: Engine) -> frozenset[str]:
    """Return the experts whose answers need not repeat."""
    return frozenset(
        card.name
        for card in engine.cards
        if card.kind not in _REPEATABLE or isinstance(engine.experts[card.name], OnDemand)
    )


def _asked(decision: Decision) -> frozenset[str]:
    return frozenset(one.expert for field in decision.fields for one in field.route.considered)


def _compared(
    body: Mapping[str, object], then: Decision, now: Decision, unrepeatable: frozenset[str]
) -> Iterator[Difference]:
    """Yield what differs; what the entry says beyond a decision is a difference, too."""
    if digest_of(body) == digest_of(now):
        return
    known = _plain(then)
    found = list(differences(known, _plain(now)))
    # A version that knows more fields reads their defaults; what it does not know would be passed over.
    found += [one for one in differences(body, known) if one.path and not _only_default(one)]
    touched = {
        field.field
        for decision in (then, now)
        for field in decision.fields
        if unrepeatable & {one.expert for one in field.route.considered}
    }
    free = _free_of(touched, then, now)
    names = ", ".join(sorted(unrepeatable))
    for one in found:
        expected = bool(touched) and free(one)
        if expected:
            why = f"{names} had a say, and need not answer the same twice"
        else:
            why = _LAST_DIGITS if one.in_last_digits else "the same parts gave another result"
        yield Difference(one.name, one.then, one.now, expected, why)


def _only_default(one: Changed) -> bool:
    return one.then == "(absent)"


def _free_of(touched: set[str], then: Decision, now: Decision) -> Callable[[Changed], bool]:
    """Return which differences follow from fields about which an unrepeatable expert had a say."""
    rules = {
        finding.rule
        for decision in (then, now)
        for finding in decision.findings
        if touched & set(finding.fields)
    }

    def free(one: Changed) -> bool:
        head, inner = one.path[0], one.path[1] if len(one.path) > 1 else ""
        if head == "fields":
            return inner in touched
        if head == "findings":
            return inner in rules or inner == "(order)"
        return head in ("principles", "verdict", "cost_eur")

    return free


def _plain(decision: Decision) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(canonical_json(decision))
    return found


def _refused(entry: Entry, err: FlyballError) -> Replayed:
    return _refusal(entry.index, entry.kind, entry.body, err)


def _refusal(entry: int, kind: str, body: Mapping[str, object], err: FlyballError) -> Replayed:
    release = str(body.get("release", ""))
    return Replayed(
        entry=entry,
        kind=kind,
        case=str(body.get("case_name", "")),
        release=release,
        decided_at=None,
        status="erased" if isinstance(err, BlobErased) else "refused",
        digest_then=digest_of(body),
        problem={"code": err.code, "message": err.message, "fix": err.fix},
    )
