"""`[alerts]` and `[watch]`: whom to tell, how often, and what is looked at when."""

import re
from typing import Any, Literal

import msgspec

from flyball.core.errors import BadInput

__all__ = ["AlertSettings", "ChannelSettings", "WatchSettings"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")


class ChannelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[alerts.channel]]`: one way to tell somebody.

    Parameters
    ----------
    name : str
    kind : str
        Name of a file in `channels/`: "webhook", "email", "slack", "pagerduty", "file", "stdout".
    severities : tuple of {"page", "ticket"}
        Which alerts go there.
    settings : dict
        As the kind says; a password or a token is a reference: `{ env = "NAME" }`.
    """

    name: str
    kind: str
    severities: tuple[Literal["page", "ticket"], ...] = ("page", "ticket")
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadInput(
                f"[[alerts.channel]] {self.name!r} cannot be a name.",
                fix="Use lower case letters, digits and _ -, beginning with a letter.",
            )


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[alerts]`: how alerts behave.

    Parameters
    ----------
    channel : tuple of ChannelSettings
    runbooks : str
        Address under which yours lie: "https://wiki.example.com/runbooks/"; "" for the shipped ones.
    remind_hours : float
        An alert that nobody acknowledged is told again so often; 0 for never.
    resolve_minutes : float
        It is over when its cause has been gone for so long.
    deliver_hours : float
        How long delivering one message is tried; after that it counts as undelivered.
    disk_free_gb : float
        Below it an alert is raised; 0 for never.
    budget_share : float
        Share of a day's budget of money from which on a ticket is raised; all of it is a page.
    """

    channel: tuple[ChannelSettings, ...] = ()
    runbooks: str = ""
    remind_hours: float = 4.0
    resolve_minutes: float = 5.0
    deliver_hours: float = 24.0
    disk_free_gb: float = 1.0
    budget_share: float = 0.9

    def __post_init__(self) -> None:
        names = [one.name for one in self.channel]
        twice = sorted({one for one in names if names.count(one) > 1})
        if twice:
            raise BadInput(
                f"Two of [[alerts.channel]] are called {twice[0]!r}.", fix="Give each a name of its own."
            )
        least = min(self.remind_hours, self.resolve_minutes, self.deliver_hours, self.disk_free_gb)
        if not least >= 0.0 or not 0.0 < self.budget_share <= 1.0:
            raise BadInput(
                "[alerts]: times and disk_free_gb must be 0 or more, budget_share above 0 and at most 1.",
                fix="See docs/objectives.md for the defaults.",
            )


class WatchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[watch]`: what `flyball watch` does when.

    Parameters
    ----------
    every_seconds : float
        Between two looks at objectives and alerts.
    run_turns : bool
        Whether it runs turns that are asked for; otherwise they wait for a person.
    turn_every_hours : float
        A turn by schedule; 0 for none.
    verify_every_hours, drift_every_hours, kpi_every_hours : float
        How often the ledger is verified, drift is looked for, KPIs are measured; 0 for never.
    """

    every_seconds: float = 60.0
    run_turns: bool = True
    turn_every_hours: float = 0.0
    verify_every_hours: float = 24.0
    drift_every_hours: float = 24.0
    kpi_every_hours: float = 24.0

    def __post_init__(self) -> None:
        hours = (self.turn_every_hours, self.verify_every_hours, self.drift_every_hours, self.kpi_every_hours)
        if self.every_seconds < 1.0 or not min(hours) >= 0.0:
            raise BadInput(
                "[watch]: every_seconds must be 1 or more, hours 0 or more.",
                fix="Leave them out for the defaults.",
            )
