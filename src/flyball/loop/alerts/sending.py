"""Send what waits: each message to each of its channels, in order, until it is delivered or given up.

What waits stands in the ledger, and so does what was delivered. A process that is killed between delivering
and writing that down delivers once more after its restart: at least once, and twice only then.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, cast

from flyball.core.errors import BadInput, FlyballError
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry
from flyball.loop.alerts.channel import CHANNELS, Channel, Event, Message, NotDelivered
from flyball.loop.alerts.records import ACKNOWLEDGED, DELIVERED, RESOLVED, UNDELIVERED, Alert
from flyball.loop.alerts.settings import AlertSettings
from flyball.loop.alerts.standing import Standing

__all__ = ["Sender", "channel_of"]

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)


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


class Sender:
    """Sends messages of one deployment.

    Parameters
    ----------
    deployment : str
    ledger : Ledger
    settings : AlertSettings
    """

    def __init__(self, deployment: str, ledger: Ledger, settings: AlertSettings) -> None:
        self._deployment = deployment
        self._ledger = ledger
        self._settings = settings
        self._made: dict[str, Channel] = {}
        self._tries: dict[str, int] = {}
        self._next: dict[str, datetime] = {}

    def send(self, standing: Standing, now: datetime) -> int:
        """Try what waits and whose time has come.

        Returns
        -------
        int
            How many messages were delivered.
        """
        stuck: set[str] = set()
        delivered = 0
        for entry, alert, channel in standing.waiting:
            if channel in stuck or self._next.get(channel, now) > now:
                stuck.add(channel)  # in order: a later message does not overtake
                continue
            try:
                self._channel(channel).deliver(self._message(entry, alert))
            except FlyballError as err:
                if self._goes_on(err, entry, now):
                    stuck.add(channel)
                    self._wait(channel, now, err)
                    continue
                self._write(
                    UNDELIVERED, entry, alert, channel, {"code": err.code, "reason": err.message[:300]}
                )
                _LOG.error("An alert was not delivered: %s", err)
            except Exception as err:  # noqa: BLE001 - a channel may break in any way; the others go on
                reason = f"the channel {channel} broke: {type(err).__name__}"
                self._write(
                    UNDELIVERED, entry, alert, channel, {"code": "loop.not_delivered", "reason": reason}
                )
            else:
                delivered += 1
                self._write(DELIVERED, entry, alert, channel, {})
            self._tries.pop(channel, None)
            self._next.pop(channel, None)
        return delivered

    def _channel(self, name: str) -> Channel:
        if name not in self._made:
            self._made[name] = channel_of(self._settings, name)
        return self._made[name]

    def _goes_on(self, err: FlyballError, entry: Entry, now: datetime) -> bool:
        if isinstance(err, NotDelivered) and not err.again:
            return False
        if isinstance(err, BadInput) and "secret" not in err.message.lower():
            return False
        return now - entry.at < timedelta(hours=self._settings.deliver_hours)

    def _wait(self, channel: str, now: datetime, err: FlyballError) -> None:
        tries = self._tries[channel] = self._tries.get(channel, 0) + 1
        self._next[channel] = now + min(_FIRST_PAUSE * 2 ** min(tries - 1, 10), _LONGEST_PAUSE)
        if tries == 1:
            _LOG.warning("An alert waits: %s", err)

    def _write(self, kind: str, entry: Entry, alert: Alert, channel: str, more: dict[str, Any]) -> None:
        self._ledger.append(
            kind=kind,
            actor="system:watch",
            body={"channel": channel, "entry": entry.index, "name": alert.name, **more},
        )

    def _message(self, entry: Entry, alert: Alert) -> Message:
        event = {ACKNOWLEDGED: "acknowledged", RESOLVED: "resolved"}.get(
            entry.kind, str(entry.body.get("event", "raised"))
        )
        return Message(
            event=cast("Event", event),
            deployment=self._deployment,
            alert=alert.name,
            number=alert.entry,
            severity=alert.severity,
            causes=alert.causes,
            runbook=alert.runbook,
            at=entry.at,
            by=entry.actor if event == "acknowledged" else "",
            entry=entry.index,
        )
