"""The contract of a channel: settings are checked when it is made, and one message is delivered or not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from flyball.core.errors import FlyballError
from flyball.core.shelves import Shelf
from flyball.evaluation.objectives.burn import Severity
from flyball.loop.alerts.records import Cause

__all__ = ["CHANNELS", "Address", "Channel", "ChannelMaker", "Event", "Message", "NotDelivered", "channel"]

CHANNELS = Shelf(kind="channel", package="flyball.loop.alerts.channels")

Event = Literal["raised", "reminded", "acknowledged", "resolved"]


class NotDelivered(FlyballError):
    """A channel did not take a message."""

    code = "loop.not_delivered"
    retry = True
    exit_code = 3

    def __init__(self, message: str, *, fix: str, again: bool = True, **values: object) -> None:
        super().__init__(message, fix=fix, **values)
        self.again = again


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Parameters
    ----------
    event : {"raised", "reminded", "acknowledged", "resolved"}
    deployment, alert : str
    number : int
        Ledger entry of the first raising; with deployment and alert it names this one alert.
    severity : {"page", "ticket"}
    causes : tuple of Cause
    runbook : str
    at : datetime
    by : str
        Who acknowledged it.
    entry : int
        Ledger entry that this message tells of; the same entry may come twice.
    """

    event: Event
    deployment: str
    alert: str
    number: int
    severity: Severity
    causes: tuple[Cause, ...]
    runbook: str
    at: datetime
    by: str
    entry: int

    @property
    def dedup_key(self) -> str:
        """Name of the alert over all of its messages."""
        return f"flyball/{self.deployment}/{self.alert}/{self.number}"

    @property
    def headline(self) -> str:
        """One line for people."""
        word = {"raised": self.severity.upper(), "reminded": f"STILL {self.severity.upper()}"}.get(
            self.event, self.event.upper()
        )
        by = f" by {self.by}" if self.event == "acknowledged" and self.by else ""
        titles = ", ".join(dict.fromkeys(one.title for one in self.causes))
        return f"[{word}{by}] {self.deployment}: {titles or self.alert}"

    @property
    def text(self) -> str:
        """Headline, causes and runbook, in lines."""
        lines = [self.headline, *(f"- {one.title}: {one.why}" for one in self.causes)]
        return "\n".join([*lines, f"What to do: {self.runbook}"])


@dataclass(frozen=True, slots=True)
class Address:
    """A host that a channel reaches, for `flyball egress`."""

    host: str
    setting: str


class Channel(Protocol):
    """Delivers messages."""

    def addresses(self) -> tuple[Address, ...]:
        """Return the hosts it reaches."""
        ...

    def deliver(self, message: Message) -> None:
        """Deliver one message.

        Raises
        ------
        NotDelivered
        """
        ...


ChannelMaker = Callable[[str, Mapping[str, Any]], Channel]
"""Makes a channel of its name and settings; raises `BadInput` where they do not fit."""


def channel(make: ChannelMaker) -> ChannelMaker:
    """Mark a function that makes a channel."""
    return make
