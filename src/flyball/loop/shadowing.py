"""Shadowing: a challenger decides what was decided already, and its decisions stay in the house.

The work follows the ledger: what the live release decided since the challenge began, and the challenger
has not, is decided with the texts in the blobs. So it can neither slow nor break an answer, a crash
loses nothing of it, and a text that was erased is not looked at again. The decisions are made with no
release live, so that the decision gate refuses every one of them, and stand in the ledger under a kind
of their own.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec

from flyball.core.digests import from_json, short
from flyball.core.errors import FlyballError
from flyball.core.records import Context
from flyball.core.tracing import Trace, begin, now_tracing
from flyball.data.documents.records import Document
from flyball.evaluation.outcomes.records import OUTCOME
from flyball.governance.constitution.review import ReviewedDecision
from flyball.ledger.errors import BlobErased, KeyReused
from flyball.ledger.records import Draft, Entry
from flyball.loop.engine import Engine
from flyball.loop.guarding import refused_by_guards
from flyball.loop.kit import lay_out
from flyball.loop.live import engine_of_kit
from flyball.loop.releases import read_release
from flyball.loop.traffic import Traffic, TrafficWatch
from flyball.loop.trails import bytes_of_trail
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = [
    "BEHIND_SECONDS",
    "SHADOW",
    "SHADOW_FAILED",
    "Behind",
    "Follower",
    "behind",
    "catch_up",
    "shadow_of",
]

SHADOW = "decision.shadow"
SHADOW_FAILED = "decision.shadow.failed"

_LOG = logging.getLogger(__name__)
_TOGETHER = 8
_LOOKS_APART = 10
"""Times the pause between two looks at the ledger that lies between two comparisons, at least."""
_PATIENCE_SECONDS = 0.1
_LONGEST_SECONDS = 600.0
BEHIND_SECONDS = 600.0
"""Age of the oldest undecided case from which it is said aloud that the challenger does not keep up."""
_LOWEST = 19
"""Of the priorities of a process: it works when nobody else wants to."""


@dataclass(frozen=True, slots=True)
class _Task:
    """Documents for the challenger, with the circumstances under which the champion decided."""

    documents: tuple[Document, ...]
    contexts: tuple[Context, ...]
    release: str
    kit: Path
    at: datetime


Outcome = tuple[Decision, bytes] | tuple[str, str]
"""A decision and its trail (b"" where every principle was kept at once), or the code and the message of what
broke."""


def catch_up(workshop: Workshop, *, start: int = 0, helper: "_Helper | None" = None) -> Iterator[int]:
    """Let the challenger in the shadow decide what it has not decided yet.

    Parameters
    ----------
    workshop : Workshop
    start : int
        Entry of the ledger from which to look on; what lies before is known to be done.
    helper : optional
        A process that decides; None: this one does.

    Yields
    ------
    int
        Index of the entry up to which all is done, after each few decisions.
    """
    traffic = TrafficWatch(workshop.ledger).now()
    challenge = traffic.challenge
    if challenge is None or challenge.mode != "shadow":
        return
    release = read_release(workshop.state, challenge.release, workshop.key.verifier).release
    kit = lay_out(release.files, workshop.blobs, workshop.state / "kits" / short(challenge.release))
    engines: dict[Path, Engine] = {}
    end = workshop.ledger.size()
    for entries in _waiting(workshop, traffic, max(start, traffic.began), end):
        documents = [_document(workshop, entry) for entry in entries]
        ready = [(entry, one) for entry, one in zip(entries, documents, strict=True) if one is not None]
        if ready:
            contexts = tuple(msgspec.convert(entry.body["context"], Context) for entry, _ in ready)
            task = _Task(tuple(one for _, one in ready), contexts, challenge.release, kit, workshop.clock())
            tenants = {one.tenant for one in contexts}
            with begin("shadow", workshop.traces, tenant=tenants.pop() if len(tenants) == 1 else "") as told:
                told.set("flyball.release", challenge.release)
                told.set("flyball.cases", len(ready))
                found = _decide(task, engines) if helper is None else helper.decide(task)
                if found is None:
                    return
                _write(workshop, challenge.release, [entry for entry, _ in ready], found)
                if broken := [one[0] for one in found if isinstance(one[0], str)]:
                    told.set("flyball.cases.failed", len(broken))
                    told.fail(broken[0])
        yield entries[-1].index + 1
    yield end


def shadow_of(workshop: Workshop, release: str, decision: int) -> Entry | None:
    """Return what the challenger said about a decision: an entry of kind `SHADOW` or `SHADOW_FAILED`."""
    return workshop.ledger.entry_by_key(_key(release, decision))


@dataclass(frozen=True, slots=True)
class Behind:
    """What the challenger in the shadow has still to decide.

    Parameters
    ----------
    waiting : int
        Decisions of the live release. None is ever passed over because there are many.
    oldest : datetime or None
        When the first of them was made.
    """

    waiting: int = 0
    oldest: datetime | None = None


def behind(workshop: Workshop, traffic: Traffic, *, start: int = 0) -> Behind | None:
    """Return how far the challenger is behind; None where none is in the shadow.

    Parameters
    ----------
    workshop : Workshop
    traffic : Traffic
    start : int
        Entry of the ledger before which all is done.
    """
    if traffic.challenge is None or traffic.challenge.mode != "shadow":
        return None
    waiting, oldest = 0, None
    for few in _waiting(workshop, traffic, max(start, traffic.began), workshop.ledger.size()):
        for entry in few:
            if _document(workshop, entry) is not None:
                waiting, oldest = waiting + 1, oldest or entry.at
    return Behind(waiting, oldest)


class Follower:
    """Follows the ledger in a thread and decides in a process of the lowest priority.

    Parameters
    ----------
    workshop : Workshop
    every_seconds : float
        Between two looks at the ledger.
    judge : callable, optional
        Called between two looks while a challenge is on, and never for more than a twentieth of the time.
    """

    def __init__(
        self,
        workshop: Workshop,
        *,
        every_seconds: float = 1.0,
        judge: Callable[[Workshop], object] | None = None,
    ) -> None:
        self._workshop = workshop
        self._every = every_seconds
        self._watch = TrafficWatch(workshop.ledger)
        self._judge = judge
        self._judged, self._next_look = 0, 0.0
        self._done: dict[str, int] = {}
        self._told = False
        self._stop = threading.Event()
        self._helper = _Helper(self._stop)
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at once; what is left is caught up with later."""
        self._stop.set()
        self._thread.join()

    def seconds_behind(self) -> float | None:
        """Return the age of the oldest decision that the challenger has still to decide; None: no shadow."""
        traffic = self._watch.now()
        if traffic.challenge is None or traffic.challenge.mode != "shadow":
            return None
        start = max(self._done.get(traffic.challenge.release, 0), traffic.began)
        for few in _waiting(self._workshop, traffic, start, self._workshop.ledger.size()):
            return max((self._workshop.clock() - few[0].at).total_seconds(), 0.0)
        return 0.0

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            try:
                traffic = self._watch.now()
                self._follow(traffic)
                self._look(traffic)
                self._tell()
            except Exception:  # noqa: BLE001 - the shadow breaks nothing; what it did not do still waits
                _LOG.exception("The challenger in the shadow of %s stumbled", self._workshop.deployment.name)
        self._helper.end()

    def _tell(self) -> None:
        """Log once when the challenger has fallen behind, and once when it has caught up."""
        seconds = self.seconds_behind() or 0.0
        late = seconds > BEHIND_SECONDS
        if late and not self._told:
            _LOG.warning(
                "The challenger in the shadow of %s is %.0f seconds behind. Nothing is left out, it goes on "
                "with the oldest. How many wait: flyball release status. End it: flyball release stop",
                self._workshop.deployment.name,
                seconds,
            )
        elif self._told and not late:
            _LOG.info("The challenger in the shadow of %s has caught up", self._workshop.deployment.name)
        self._told = late

    def _look(self, traffic: Traffic) -> None:
        """Let the challenge be judged where anything was reported since the last time."""
        size, begun = self._workshop.ledger.size(), time.monotonic()
        if self._judge is None or traffic.challenge is None or size == self._judged:
            return
        if begun < self._next_look:
            return
        since, self._judged = self._judged, size
        if any(True for kind in (OUTCOME, SHADOW) for _ in self._workshop.ledger.entries(kind, since, size)):
            self._judge(self._workshop)
        took = time.monotonic() - begun
        self._next_look = begun + max(_LOOKS_APART * self._every, _LOOKS_APART * 2 * took)

    def _follow(self, traffic: Traffic) -> None:
        challenge = traffic.challenge
        if challenge is None or challenge.mode != "shadow":
            self._helper.end()
            return
        start = self._done.get(challenge.release, 0)
        if start < self._workshop.ledger.size():
            for index in catch_up(self._workshop, start=start, helper=self._helper):
                self._done[challenge.release] = index
                self._tell()
                if self._stop.is_set() or self._watch.now().challenge != challenge:
                    return


class _Helper:
    """A process that decides; started when it is first asked, ended at any time."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def decide(self, task: _Task) -> list[Outcome] | None:
        """Return what came of each document; None where it was told to stop meanwhile."""
        try:
            line = self._connected()
            line.send(task)
            waited = 0.0
            while not line.poll(_PATIENCE_SECONDS):
                waited += _PATIENCE_SECONDS
                if self._stop.is_set():
                    return None
                if waited > _LONGEST_SECONDS:
                    raise EOFError
            found: list[Outcome]
            found, spans = line.recv()
            now_tracing().adopt(spans)
            return found
        except (EOFError, OSError):  # it died, or hangs: one document did that, so each goes alone
            self.end()
            if len(task.documents) == 1:
                return [("decisions.process_ended", "The process that decided it died, or took too long.")]
        results: list[Outcome] = []
        for document, context in zip(task.documents, task.contexts, strict=True):
            alone = self.decide(replace(task, documents=(document,), contexts=(context,)))
            if alone is None:
                return None
            results += alone
        return results

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self) -> Connection:
        if self._line is None:
            spawn = get_context("spawn")
            self._line, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(theirs,), name="shadow", daemon=True)
            process.start()
            self._process = process  # only now: one that has not begun cannot be killed
            if process.pid is not None:  # from its first moment on, for loading a release is work, too
                os.setpriority(os.PRIO_PROCESS, process.pid, _LOWEST)
            theirs.close()
        return self._line


def _serve(line: Connection) -> None:
    """Decide what comes through the line, until it ends."""
    engines: dict[Path, Engine] = {}
    with suppress(EOFError, OSError):
        while True:
            task, trace = line.recv(), Trace("shadow")
            with trace.root:
                found = _decide(task, engines)
            trace.close()
            line.send((found, trace.records()))


def _waiting(workshop: Workshop, traffic: Traffic, start: int, stop: int) -> Iterator[list[Entry]]:
    """Yield decisions of the champion that the challenger has not seen, a few at a time, oldest first.

    What guards refused goes to no expert, so not to those of a challenger either.
    """
    release = "" if traffic.challenge is None else traffic.challenge.release
    few: list[Entry] = []
    for entry in workshop.ledger.entries("decision", start, stop):
        own = entry.body.get("release") == traffic.champion
        if not own or refused_by_guards(entry.body):
            continue
        if workshop.ledger.entry_by_key(_key(release, entry.index)) is None:
            few.append(entry)
        if len(few) == _TOGETHER:
            yield few
            few = []
    if few:
        yield few


def _document(workshop: Workshop, entry: Entry) -> Document | None:
    """Return the text of a decision; None where it was erased, or cannot be had."""
    try:
        return from_json(workshop.blobs.get(entry.refs[0]), Document) if entry.refs else None
    except BlobErased:
        return None
    except FlyballError as err:
        _LOG.warning("The text of entry %d cannot be read: %s", entry.index, err)
        return None


def _write(workshop: Workshop, release: str, entries: Sequence[Entry], found: Sequence[Outcome]) -> None:
    drafts = []
    for entry, (what, more) in zip(entries, found, strict=True):
        key = _key(release, entry.index)
        if isinstance(what, Decision):
            trail = (workshop.blobs.put(more),) if isinstance(more, bytes) and more else ()
            drafts.append(Draft(SHADOW, what, "system:shadow", (*entry.refs[:1], *trail), key))
        else:
            body = {
                "decision": entry.index,
                "release": release,
                "case_id": entry.body["case_id"],
                "code": what,
                "message": more,
            }
            drafts.append(Draft(SHADOW_FAILED, body, "system:shadow", entry.refs[:1], key))
    try:
        workshop.ledger.append_many(drafts)
    except KeyReused:  # another process was quicker with one of them: what it wrote stands
        for draft in drafts:
            with suppress(KeyReused):
                workshop.ledger.append_many([draft])


def _key(release: str, decision: int) -> str:
    return f"shadow/{release}/{decision}"


def _decide(task: _Task, engines: dict[Path, Engine]) -> list[Outcome]:
    """Decide each document; what breaks becomes the reason why there is no decision."""
    found: list[Outcome] = []
    for document, context in zip(task.documents, task.contexts, strict=True):
        try:
            if task.kit not in engines:
                engines[task.kit] = engine_of_kit(task.kit)
            # No release is live here: the decision gate refuses, so nothing of this may ever leave.
            trails: dict[str, ReviewedDecision] = {}
            (decision,) = engines[task.kit].decide(
                [document], context=context, release=task.release, live=frozenset(), at=task.at, trails=trails
            )
            trail = trails.get(decision.content_digest)
            found.append((decision, b"" if trail is None else bytes_of_trail(trail)))
        except FlyballError as err:
            found.append((err.code, err.message[:500]))
        except Exception as err:  # noqa: BLE001 - an expert may break in any way; it becomes a record
            found.append(("decisions.failed", type(err).__name__))
    return found
