"""The contract of a channel: settings are checked when it is made, and one message is delivered or not."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from flyball.core.errors import FlyballError
from flyball.core.shelves import Shelf
from flyball.core.text import one_line
from flyball.evaluation.objectives.burn import Severity
from flyball.loop.alerts.records import Cause
from flyball.loop.alerts.runbook import what_to_do

__all__ = [
    "CHANNELS",
    "MOST_SHOWN",
    "Address",
    "Channel",
    "ChannelMaker",
    "Event",
    "Message",
    "NotDelivered",
    "channel",
]

CHANNELS = Shelf(kind="channel", package="flyball.loop.alerts.channels")

Event = Literal["raised", "reminded", "escalated", "acknowledged", "unacknowledged", "resolved"]
MOST_SHOWN = 20
"""Causes that one message tells of; it says how many more there are."""
LONGEST_HEADLINE = 300
_WORDS = {"escalated": "NOBODY ANSWERS", "unacknowledged": "NOBODY LOOKS AT IT ANY MORE"}


class NotDelivered(FlyballError):
    """A channel did not take a message."""

    code = "loop.not_delivered"
    retry = True
    exit_code = 3

    def __init__(
        self, message: str, *, fix: str, again: bool = True, after_seconds: float = 0.0, **values: object
    ) -> None:
        super().__init__(message, fix=fix, **values)
        self.again = again
        self.after_seconds = after_seconds  # what the receiver asked for, 0 where it did not say


@dataclass(frozen=True, slots=True)
class Message:
    """What is told.

    Parameters
    ----------
    event : {"raised", "reminded", "escalated", "acknowledged", "unacknowledged", "resolved"}
    deployment, alert : str
    number : int
        Ledger entry of the first raising; with deployment and alert it names this one alert.
    severity : {"page", "ticket"}
    causes : tuple of Cause
    more : int
        Causes that are not among them.
    runbook : str
    at : datetime
    by : str
        Who acknowledged it, or took that back.
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
    more: int = 0

    @property
    def dedup_key(self) -> str:
        """Name of the alert over all of its messages."""
        return f"flyball/{self.deployment}/{self.alert}/{self.number}"

    @property
    def headline(self) -> str:
        """One line for people."""
        severity = self.severity.upper()
        word = _WORDS.get(self.event, self.event.upper())
        if self.event in ("raised", "reminded"):
            word = severity if self.event == "raised" else f"STILL {severity}"
        elif self.event == "escalated":
            word = f"{severity}, {word}"
        by = f" by {self.by}" if self.event == "acknowledged" and self.by else ""
        titles = ", ".join(dict.fromkeys(one.title for one in self.causes[:MOST_SHOWN]))
        return one_line(f"[{word}{by}] {self.deployment}: {titles or self.alert}", LONGEST_HEADLINE)

    @property
    def text(self) -> str:
        """Headline, causes and runbook, in lines."""
        causes = (f"- {one_line(f'{one.title}: {one.why}', 700)}" for one in self.causes[:MOST_SHOWN])
        lines = [self.headline, *causes]
        hidden = self.more + len(self.causes[MOST_SHOWN:])
        if hidden:
            lines.append(f"- and {hidden:,} more: flyball alert list")
        return "\n".join([*lines, f"What to do: {self.what_to_do}"])

    def told(self) -> dict[str, object]:
        """Return it as plain data, for programs; of many causes the first ones."""
        causes = self.causes[:MOST_SHOWN]
        return asdict(self) | {
            "causes": [asdict(one) for one in causes],
            "more": self.more + len(self.causes) - len(causes),
            "headline": self.headline,
            "dedup_key": self.dedup_key,
            "what_to_do": self.what_to_do,
        }

    @property
    def what_to_do(self) -> str:
        """The address of the runbook, or the command that shows it."""
        return what_to_do(self.runbook)


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
