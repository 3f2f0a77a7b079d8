"""Send what waits: each message to each of its channels, in order, until it is delivered or given up.

What waits stands in the ledger, and so does what was delivered. A process that is killed between delivering
and writing that down delivers once more after its restart: at least once, and twice only then. Each channel
is served in a thread of its own, so that a slow one keeps neither the others nor the next look waiting.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flyball.core.clock import Clock
from flyball.core.errors import BadInput, FlyballError
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry
from flyball.loop.alerts.channel import CHANNELS, Channel, Event, Message, NotDelivered
from flyball.loop.alerts.records import (
    ACKNOWLEDGED,
    DELIVERED,
    RESOLVED,
    UNACKNOWLEDGED,
    UNDELIVERED,
    Alert,
)
from flyball.loop.alerts.settings import AlertSettings
from flyball.loop.alerts.standing import Standing

__all__ = ["Sender", "channel_of"]

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)
_PATIENCE_SECONDS = 5.0
"""How long a look waits for its channels; what takes longer goes on beside it."""

_Waiting = tuple[Entry, Alert, str]


def channel_of(settings: AlertSettings, name: str) -> Channel:
    """Make a channel.

    Raises
    ------
    UnknownName, BadInput
        There is none of that kind, or its settings do not fit.
    """
    found = next((one for one in settings.channel if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in settings.channel) or "none"
        raise BadInput(f"No [[alerts.channel]] is called {name!r}.", fix=f"Known: {known}.")
    return cast("Channel", CHANNELS.load(found.kind)(found.name, found.settings))


@dataclass(slots=True)
class _Line:
    """What goes to one channel."""

    thread: threading.Thread | None = None
    tries: int = 0
    not_before: datetime | None = None
    delivered: int = 0


class Sender:
    """Sends messages of one deployment.

    Parameters
    ----------
    deployment : str
    ledger : Ledger
    settings : AlertSettings
    clock : Clock
    """

    def __init__(self, deployment: str, ledger: Ledger, settings: AlertSettings, clock: Clock) -> None:
        self._deployment = deployment
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._made: dict[str, Channel] = {}
        self._lines: dict[str, _Line] = {}
        self._stopped = threading.Event()

    def send(self, standing: Standing, *, patience_seconds: float = _PATIENCE_SECONDS) -> int:
        """Try what waits and whose time has come.

        Returns
        -------
        int
            How many messages were delivered within `patience_seconds`; others may be under way.
        """
        waiting: dict[str, list[_Waiting]] = {}
        for one in standing.waiting:
            waiting.setdefault(one[2], []).append(one)
        begun = []
        for channel, messages in waiting.items():
            line = self._lines.setdefault(channel, _Line())
            if self._stopped.is_set() or (line.thread and line.thread.is_alive()) or self._is_early(line):
                continue
            line.delivered = 0
            line.thread = threading.Thread(
                target=self._work, args=(line, messages), name=f"channel {channel}", daemon=True
            )
            line.thread.start()
            begun.append(line)
        until = time.monotonic() + patience_seconds
        for line in begun:
            if line.thread is not None:
                line.thread.join(max(until - time.monotonic(), 0.0))
        return sum(line.delivered for line in begun)

    def close(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Begin no other message, and wait a little for those that are under way."""
        self._stopped.set()
        until = time.monotonic() + seconds
        for line in self._lines.values():
            if line.thread is not None:
                line.thread.join(max(until - time.monotonic(), 0.0))

    def _is_early(self, line: _Line) -> bool:
        """Return whether a channel rests; a clock that was put back does not make it rest longer."""
        if line.not_before is None:
            return False
        return timedelta(0) < line.not_before - self._clock() <= _LONGEST_PAUSE

    def _work(self, line: _Line, messages: Sequence[_Waiting]) -> None:
        """Deliver in order: a later message does not overtake one that has to be tried again."""
        try:
            for entry, alert, channel in messages:
                if self._stopped.is_set() or not self._deliver(line, entry, alert, channel):
                    return
        except Exception:  # noqa: BLE001 - the ledger cannot be written: the same messages wait for the next look
            _LOG.exception("What became of an alert could not be written down")

    def _deliver(self, line: _Line, entry: Entry, alert: Alert, channel: str) -> bool:
        """Deliver one message, or give it up; return False where it has to be tried again."""
        try:
            self._channel(channel).deliver(self._message(entry, alert))
        except FlyballError as err:
            if self._goes_on(err, entry, channel):
                self._rest(line, err)
                return False
            self._write(UNDELIVERED, entry, alert, channel, {"code": err.code, "reason": err.message[:300]})
            _LOG.error("An alert was not delivered: %s", err)
        except Exception as err:  # noqa: BLE001 - a channel may break in any way; the others go on
            reason = f"the channel {channel} broke: {type(err).__name__}"
            self._write(UNDELIVERED, entry, alert, channel, {"code": NotDelivered.code, "reason": reason})
            _LOG.error("An alert was not delivered: %s", reason)
        else:
            self._write(DELIVERED, entry, alert, channel, {})
            line.delivered += 1
        line.tries, line.not_before = 0, None
        return True

    def _channel(self, name: str) -> Channel:
        if name not in self._made:
            self._made[name] = channel_of(self._settings, name)
        return self._made[name]

    def _goes_on(self, err: FlyballError, entry: Entry, channel: str) -> bool:
        """Return whether it is tried again: a secret that cannot be had may be had later, too."""
        if isinstance(err, NotDelivered) and not err.again:
            return False
        if all(one.name != channel for one in self._settings.channel):
            return False
        return self._clock() - entry.at < timedelta(hours=self._settings.deliver_hours)

    def _rest(self, line: _Line, err: FlyballError) -> None:
        line.tries += 1
        pause = min(_FIRST_PAUSE * 2 ** min(line.tries - 1, 10), _LONGEST_PAUSE)
        if isinstance(err, NotDelivered):
            pause = min(max(pause, timedelta(seconds=err.after_seconds)), _LONGEST_PAUSE)
        line.not_before = self._clock() + pause
        if line.tries == 1:
            _LOG.warning("An alert waits: %s", err)

    def _write(self, kind: str, entry: Entry, alert: Alert, channel: str, more: dict[str, Any]) -> None:
        self._ledger.append(
            kind=kind,
            actor="system:watch",
            body={"channel": channel, "entry": entry.index, "name": alert.name, **more},
        )

    def _message(self, entry: Entry, alert: Alert) -> Message:
        event = {
            ACKNOWLEDGED: "acknowledged",
            UNACKNOWLEDGED: "unacknowledged",
            RESOLVED: "resolved",
        }.get(entry.kind, str(entry.body.get("event", "raised")))
        return Message(
            event=cast("Event", event),
            deployment=self._deployment,
            alert=alert.name,
            number=alert.entry,
            severity=alert.severity,
            causes=alert.causes,
            runbook=alert.runbook,
            at=entry.at,
            by=entry.actor if event in ("acknowledged", "unacknowledged") else "",
            entry=entry.index,
            more=alert.more,
        )
