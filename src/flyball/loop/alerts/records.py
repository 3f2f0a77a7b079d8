"""What is told and kept about alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from flyball.evaluation.objectives.burn import Severity

__all__ = [
    "ACKNOWLEDGED",
    "DELIVERED",
    "RAISED",
    "RESOLVED",
    "SILENCED",
    "UNACKNOWLEDGED",
    "UNDELIVERED",
    "Alert",
    "AlertState",
    "Cause",
    "Silence",
]

RAISED = "alert.raised"
ACKNOWLEDGED = "alert.acknowledged"
UNACKNOWLEDGED = "alert.unacknowledged"
SILENCED = "alert.silenced"
RESOLVED = "alert.resolved"
DELIVERED = "alert.delivered"
UNDELIVERED = "alert.undelivered"

AlertState = Literal["open", "acknowledged", "silenced", "resolved"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong.

    Parameters
    ----------
    name : str
        Stays the same while it lasts: "slo/availability".
    title : str
    severity : {"page", "ticket"}
    why : str
        One sentence with numbers, never words of a case.
    """

    name: str
    title: str
    severity: Severity
    why: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told about some alerts for a while.

    Parameters
    ----------
    name : str
        Of the alert, or a pattern: "drift*".
    until : datetime
    by, why : str
    entry : int
    """

    name: str
    until: datetime
    by: str
    why: str
    entry: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, from raising to resolving.

    Parameters
    ----------
    name : str
        Of its group; no two open ones have the same.
    severity : {"page", "ticket"}
        The worst it ever had.
    state : {"open", "acknowledged", "silenced", "resolved"}
    causes : tuple of Cause
        As they were last written down, the worst first; of many the first ones.
    more : int
        How many more there were.
    runbook : str
        Address, or the name of a page that `flyball alert runbook` shows.
    raised_at : datetime
    entry : int
        Ledger entry of the first raising: names this alert among others of its name.
    last_entry : int
        Of the last raising, growing or reminder.
    told_at : datetime
        When the last message was written down.
    waits_since : datetime
        Since when it waits that somebody acknowledges it: told, and not silenced.
    told : tuple of str
        Channels that were told of it.
    acknowledged_by, silenced_until, silenced_by : str, datetime or None, str
    resolved_at : datetime or None
    undelivered : tuple of str
        Channels that did not take a message of it.
    asks_for_turn : bool
    seen : dict of str to {"page", "ticket"}
        Every cause it ever had, with its worst severity.
    kept_quiet : bool
        Whether nobody was told when it was last written down, because it was silenced.
    """

    name: str
    severity: Severity
    state: AlertState
    causes: tuple[Cause, ...]
    runbook: str
    raised_at: datetime
    entry: int
    last_entry: int
    told_at: datetime
    waits_since: datetime
    more: int = 0
    told: tuple[str, ...] = ()
    acknowledged_by: str = ""
    silenced_until: datetime | None = None
    silenced_by: str = ""
    resolved_at: datetime | None = None
    undelivered: tuple[str, ...] = ()
    asks_for_turn: bool = False
    seen: Mapping[str, Severity] = field(default_factory=dict)
    kept_quiet: bool = False
