"""Watching: one process that looks, raises alerts, tells people, and runs turns that are asked for.

Killed at any point it goes on where it was: alerts, messages that wait and turns that are asked for stand in
the ledger. Beside it lies only when each look was last made, and since when causes have been gone; without
that a look is made sooner, and an alert is over a few minutes later. That it still looks is told to whoever
asks (`watched`), and after each look that went well to an outside monitor, which misses it when it ends.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flyball.core.digests import digest_of
from flyball.core.errors import FlyballError
from flyball.core.tracing import begin
from flyball.loop.alerts.alerting import raise_and_resolve
from flyball.loop.alerts.condition import CONDITIONS, Condition, Source
from flyball.loop.alerts.heartbeat import Heartbeat
from flyball.loop.alerts.records import Alert
from flyball.loop.alerts.sending import Sender
from flyball.loop.alerts.standing import Standing
from flyball.loop.asked_turns import ask_for_turn, asked_turns
from flyball.loop.full_turn import BeforeRelease, full_turn
from flyball.loop.kpis import kpis_view, record_kpis
from flyball.loop.plan import make_plan
from flyball.loop.settings import talks_only
from flyball.loop.stages.ahead import ahead
from flyball.loop.stages.obligations import obligations
from flyball.loop.turn import TurnBusy
from flyball.loop.watched import KEPT, read_kept, write_kept
from flyball.loop.workshop import Workshop

__all__ = ["AlreadyWatched", "Looked", "Watcher", "only_one_watcher"]

_LOG = logging.getLogger(__name__)
_ACTOR = "system:watch"
_KPI_DAYS = 28
_RARE_SECONDS = 3600.0
_LONGEST_LOOK = timedelta(hours=6)
_FIRST_PAUSE = timedelta(minutes=10)
_LONGEST_PAUSE = timedelta(hours=6)


class AlreadyWatched(FlyballError):
    """Another process watches this deployment."""

    code = "loop.already_watched"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look came to.

    Parameters
    ----------
    at : datetime
    raised, resolved : tuple of Alert
        Since the look before.
    open : int
        Alerts that are open now.
    delivered : int
        Messages.
    waiting : int
        Messages that could not be delivered yet.
    turn : str
        What was done about turns: "", "began", "under way", "done: ...", "failed: ...".
    """

    at: datetime
    raised: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    open: int
    delivered: int
    waiting: int
    turn: str


@contextmanager
def only_one_watcher(state: Path) -> Iterator[None]:
    """Hold the lock of watching; the kernel lets go of it when the process dies.

    Raises
    ------
    AlreadyWatched
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "watch.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise AlreadyWatched(
                f"Another process watches {state.parent.name} already.",
                fix="Leave it to that one, or stop it first: two would tell everybody twice.",
            ) from err
        yield


class Watcher:
    """Watches one deployment. Hold `only_one_watcher` around it.

    Parameters
    ----------
    workshop : Workshop
    told : callable (Looked)
        Called after each look.
    turns : callable () -> str, optional
        Runs a turn and says what came of it; by default `full_turn`. Called in a thread.
    before_release : callable (workshop, digest)
        As of `full_turn`.
    """

    def __init__(
        self,
        workshop: Workshop,
        *,
        told: Callable[[Looked], None] = lambda looked: None,
        turns: Callable[[], str] | None = None,
        before_release: BeforeRelease = lambda workshop, digest: None,
    ) -> None:
        self._workshop = workshop
        self._settings = workshop.deployment.settings
        self._told = told
        self._path = workshop.state / KEPT
        self._kept = read_kept(self._path)
        self._sources: dict[str, Source] = {name: CONDITIONS.load(name) for name in CONDITIONS.names()}
        self._found: dict[str, list[Condition]] = {}
        self._lock = threading.Lock()  # of what was found: a rare look is made in a thread of its own
        self._sender = Sender(
            workshop.deployment.name, workshop.ledger, self._settings.alerts, workshop.clock
        )
        beat = self._settings.watch.heartbeat
        self._heartbeat = None if beat is None else Heartbeat(beat)
        self._open: dict[str, Alert] = {}
        self._turns = turns or self._run_turn
        self._before_release = before_release
        self._rare: threading.Thread | None = None
        self._rare_look: tuple[str, datetime] | None = None
        self._turn: threading.Thread | None = None
        self._turn_said = ""
        self._failures = 0
        self._turn_not_before = datetime.min.replace(tzinfo=workshop.clock().tzinfo)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop. What goes wrong at one look does not end the next."""
        while not stop.is_set():
            try:
                with begin("watch", self._workshop.traces, minor=True):
                    looked = self.look()
                self._told(looked)
            except FlyballError as err:
                _LOG.error("A look at %s failed: %s", self._workshop.deployment.name, err)
            except Exception:  # noqa: BLE001 - whatever broke one look, the next one is made
                _LOG.exception("A look at %s failed", self._workshop.deployment.name)
            stop.wait(self._settings.watch.every_seconds)
        self.close()

    def close(self, seconds: float = 15.0) -> None:
        """Let messages that are under way arrive, and begin none."""
        self._sender.close(seconds)

    def look(self) -> Looked:
        """Look once: what is due is measured, alerts are raised or resolved, messages are sent."""
        now = self._workshop.clock()
        self._measure_kpis(now)
        looked = self._ask_conditions(now)
        before = self._open
        standing = raise_and_resolve(
            self._workshop.ledger,
            self._settings.alerts,
            self._conditions(),
            now,
            looked=looked,
            clear_since=self._kept.clear_since,
        )
        delivered = self._sender.send(standing)
        turn = "" if talks_only(self._settings) else self._care_for_turns(now)
        self._open = dict(standing.open)
        with self._lock:
            self._kept.looked_at = now
            write_kept(self._path, self._kept)
        self._beat(standing)
        numbers = {one.entry for one in before.values()}
        left = {one.entry for one in standing.open.values()}
        return Looked(
            now,
            tuple(one for one in standing.open.values() if one.entry not in numbers),
            tuple(one for one in before.values() if one.entry not in left),
            len(standing.open),
            delivered,
            max(len(standing.waiting) - delivered, 0),
            turn,
        )

    def _beat(self, standing: Standing) -> None:
        """Tell the outside monitor that all is well with watching.

        Not where no channel takes a message: then it is the only one left that can tell anybody.
        """
        channels = {one.name for one in self._settings.alerts.channel}
        if self._heartbeat is None or (channels and channels <= standing.failing.keys()):
            return
        self._note_failure("heartbeat", self._heartbeat.beat())

    def wait(self, seconds: float) -> bool:
        """Wait for a turn and a rare look that are under way; return whether there was one."""
        under_way = [one for one in (self._turn, self._rare) if one is not None]
        for one in under_way:
            one.join(seconds)
        return bool(under_way)

    def _ask_conditions(self, now: datetime) -> set[str]:
        """Make the looks that are due; a rare one is long, so it is made beside the others.

        Returns
        -------
        set of str
            Looks of which something is known: what they no longer speak of is over. What is not to be looked
            at any more is over, too.
        """
        never = {"kpi"} if not self._settings.watch.kpi_every_hours or not self._settings.kpi else set()
        never |= {"heartbeat"} if self._heartbeat is None else set()
        rare: list[tuple[str, Source]] = []
        for name, source in self._sources.items():
            every = source.every_seconds(self._workshop)
            if every < 0:
                never.add(name)
            if every < 0 or not self._is_due(name, every, now, again=name not in self._found):
                continue
            if every < _RARE_SECONDS:
                self._look_at(name, source, now)
            else:
                rare.append((name, source))
        under_way = self._rare_look
        if under_way is not None and now - under_way[1] > _LONGEST_LOOK:
            self._note_failure(under_way[0], f"under way since {under_way[1]:%Y-%m-%d %H:%M} UTC")
        if rare and (self._rare is None or not self._rare.is_alive()):
            self._rare = threading.Thread(
                target=self._look_rarely, args=(rare, now), name="look", daemon=True
            )
            self._rare.start()
        with self._lock:
            return never | (set(self._found) - {"watch"})

    def _conditions(self) -> list[Condition]:
        with self._lock:
            return [one for some in self._found.values() for one in some]

    def _look_rarely(self, rare: list[tuple[str, Source]], now: datetime) -> None:
        for name, source in rare:
            self._rare_look = name, self._workshop.clock()
            self._look_at(name, source, now)
        self._rare_look = None

    def _look_at(self, name: str, source: Source, now: datetime) -> None:
        """Make one look. Failing is itself something to tell, and leaves what was known before."""
        try:
            found = list(source.look(self._workshop, now))
            with self._lock:
                self._found[name] = found
            self._note_failure(name, "")
        except FlyballError as err:
            _LOG.error("The look %s failed: %s", name, err)
            self._note_failure(name, err.code)
        except Exception as err:  # noqa: BLE001 - a look may break in any way; the others go on
            _LOG.exception("The look %s failed", name)
            self._note_failure(name, type(err).__name__)
        self._note_look(name, now)

    def _note_look(self, name: str, now: datetime) -> None:
        with self._lock:
            self._kept.last[name] = now

    def _note_failure(self, name: str, why: str) -> None:
        """Note whether a look failed; only the kind of the error, for its text may hold words of a case."""
        failed = Condition(
            f"watch/{name}", bool(why), "ticket", f"The look {name} fails", why, "watch", "watch"
        )
        with self._lock:
            others = [one for one in self._found.get("watch", ()) if one.name != failed.name]
            self._found["watch"] = [*others, failed]

    def _is_due(self, name: str, every: float, now: datetime, *, again: bool = False) -> bool:
        last = self._kept.last.get(name)
        # At once where nothing is known yet, except for what is rare: a restart is no reason to read it all.
        if last is None or last > now or (again and every < _RARE_SECONDS):
            return True
        return (now - last).total_seconds() >= every

    def _measure_kpis(self, now: datetime) -> None:
        hours = self._settings.watch.kpi_every_hours
        if not hours or not self._settings.kpi or not self._is_due("kpi", hours * 3600, now):
            return
        business = [one for one in self._settings.slo if one.indicator == "business"]
        windows = {_KPI_DAYS: ()} | {one.window_days: () for one in business}
        try:
            for days in windows:
                record_kpis(self._workshop, kpis_view(self._workshop, since=now - timedelta(days=days)))
            self._note_failure("kpi", "")
        except FlyballError as err:
            _LOG.error("KPIs cannot be measured: %s", err)
            self._note_failure("kpi", err.code)
        except Exception as err:  # noqa: BLE001 - it becomes an alert; the other looks are made
            _LOG.exception("KPIs cannot be measured")
            self._note_failure("kpi", type(err).__name__)
        self._note_look("kpi", now)

    def _care_for_turns(self, now: datetime) -> str:
        self._ask_by_schedule(now)
        self._ask_for_duties(now)
        asked = bool(asked_turns(self._workshop.ledger))
        if self._turn is not None:
            if self._turn.is_alive():
                return "under way"
            self._turn, said = None, self._turn_said
            failed = said.startswith("failed")
            self._failures = self._failures + 1 if failed else 0
            if failed:
                self._turn_not_before = now + min(
                    _FIRST_PAUSE * 2 ** min(self._failures - 1, 10), _LONGEST_PAUSE
                )
            self._note_turn(said if failed else "")
            return said
        if not asked:  # nobody waits: whatever had failed, a turn was run since
            self._note_turn("")
            return ""
        early = timedelta(0) < self._turn_not_before - now <= _LONGEST_PAUSE
        if not self._settings.watch.run_turns or early:
            return ""
        self._turn = threading.Thread(target=self._run, name="turn", daemon=True)
        self._turn.start()
        return "began"

    def _note_turn(self, failed: str) -> None:
        found = Condition("turn/run", bool(failed), "ticket", "A turn failed", failed, "turn", "turn")
        with self._lock:
            self._found["turn"] = [found]

    def _run(self) -> None:
        try:
            self._turn_said = self._turns()
        except TurnBusy:
            self._turn_said = "busy: another turn is under way"
        except FlyballError as err:
            _LOG.error("A turn failed: %s", err)
            self._turn_said = f"failed: {err.code}"
        except Exception as err:  # noqa: BLE001 - it becomes an alert
            _LOG.exception("A turn failed")
            self._turn_said = f"failed: {type(err).__name__}"

    def _run_turn(self) -> str:
        """Run a turn with a workshop of its own, so that looks go on meanwhile."""
        deployment = self._workshop.deployment
        with Workshop(
            deployment, self._workshop.clock, workers=os.cpu_count() or 1, actor=_ACTOR
        ) as workshop:
            done = full_turn(workshop, before_release=self._before_release)
        if done.promoted.live:
            return "done: live" if done.promoted.changed else "done: nothing changed"
        return "done: waits for approval" if done.promoted.waits_for_people else "done: refused by its gate"

    def _ask_by_schedule(self, now: datetime) -> None:
        hours = self._settings.watch.turn_every_hours
        if not hours:
            return
        period = int(now.timestamp() // (hours * 3600))
        if self._kept.last.get("schedule") is None or _period(self._kept.last["schedule"], hours) != period:
            ask_for_turn(
                self._workshop.ledger, by="schedule", why=f"every {hours:g} hours", key=f"schedule/{period}"
            )
            self._note_look("schedule", now)

    def _ask_for_duties(self, now: datetime) -> None:
        """Ask for a turn when a duty begins, ends, is worded anew or moved after the last."""
        if not self._is_due("duties", 3600.0, now) or self._workshop.memo.last("obligations") is None:
            return
        self._note_look("duties", now)
        try:
            looks = [
                one for one in (obligations(), ahead()) if self._workshop.memo.last(one.name) is not None
            ]
            due = [one for one in make_plan(looks, self._workshop).stages if one.action == "run"]
            if due:
                law = digest_of([dict(one.inputs(self._workshop)) for one in looks])
                what = {"obligations": "in force", "ahead": "ahead"}
                ask_for_turn(
                    self._workshop.ledger,
                    by="obligations",
                    why="; ".join(f"duties {what[one.stage]} on {now:%Y-%m-%d}: {one.why}" for one in due),
                    key=f"obligations/{law.removeprefix('sha256:')}",
                )
            self._note_failure("duties", "")
        except FlyballError as err:
            _LOG.error("Duties cannot be read: %s", err)
            self._note_failure("duties", err.code)


def _period(at: datetime, hours: float) -> int:
    return int(at.timestamp() // (hours * 3600))
