"""`[alerts]` and `[watch]`: whom to tell, how often, and what is looked at when."""

import math
import re
from typing import Any, Literal

import msgspec

from flyball.core.errors import BadInput

__all__ = ["AlertSettings", "ChannelSettings", "HeartbeatSettings", "WatchSettings"]

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
    after_minutes : float
        0: at once. Otherwise only what nobody has acknowledged for so long: the next ones to be called.
    settings : dict
        As the kind says; a password or a token is a reference: `{ env = "NAME" }`.
    """

    name: str
    kind: str
    severities: tuple[Literal["page", "ticket"], ...] = ("page", "ticket")
    after_minutes: float = 0.0
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadInput(
                f"[[alerts.channel]] {self.name!r} cannot be a name.",
                fix="Use lower case letters, digits and _ -, beginning with a letter.",
            )
        if not self.severities:
            raise BadInput(
                f"[[alerts.channel]] {self.name}: severities is empty, so nothing would go there.",
                fix='Write "page", "ticket" or both, or leave it out for both.',
            )
        _refuse_odd(f"[[alerts.channel]] {self.name}", after_minutes=(self.after_minutes, 0.0, 10_080.0))


class HeartbeatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[watch.heartbeat]`: an outside monitor that tells somebody when the watcher goes silent.

    Parameters
    ----------
    url : dict
        A reference to the address that is asked after each look that went well: whoever knows it may call.
    host : str
        Where that address lies; what is not listed is not reached.
    """

    url: dict[str, Any]
    host: str


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[alerts]`: how alerts behave.

    Parameters
    ----------
    channel : tuple of ChannelSettings
    runbooks : str
        Address under which yours lie: "https://wiki.example.com/runbooks/"; "" for pages of the folder
        `runbooks` of the deployment, and the shipped ones.
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
        if self.runbooks and not re.match(r"https?://[^\s]+\Z", self.runbooks):
            raise BadInput(
                f"[alerts]: runbooks is the beginning of an address, got {self.runbooks!r}.",
                fix='Write runbooks = "https://wiki.example.com/runbooks/".',
            )
        if self.channel and all(one.after_minutes for one in self.channel):
            raise BadInput(
                "[alerts]: every channel has after_minutes, so nobody would be told at once.",
                fix="Leave after_minutes out of the first one to be called.",
            )
        _refuse_odd(
            "[alerts]",
            remind_hours=(self.remind_hours, 0.0, 8_760.0),
            resolve_minutes=(self.resolve_minutes, 0.0, 10_080.0),
            deliver_hours=(self.deliver_hours, 0.0, 8_760.0),
            disk_free_gb=(self.disk_free_gb, 0.0, 1e9),
            budget_share=(self.budget_share, 0.001, 1.0),
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
    run_retention : bool
        Whether it takes away once a day what `[[retention]]` says is due; otherwise that waits for somebody.
    heartbeat : HeartbeatSettings, optional
        Whom to tell that it still watches; None for nobody.
    """

    every_seconds: float = 60.0
    run_turns: bool = True
    turn_every_hours: float = 0.0
    verify_every_hours: float = 24.0
    drift_every_hours: float = 24.0
    kpi_every_hours: float = 24.0
    run_retention: bool = False
    heartbeat: HeartbeatSettings | None = None

    def __post_init__(self) -> None:
        _refuse_odd(
            "[watch]",
            every_seconds=(self.every_seconds, 1.0, 3_600.0),
            turn_every_hours=(self.turn_every_hours, 0.0, 8_760.0),
            verify_every_hours=(self.verify_every_hours, 0.0, 8_760.0),
            drift_every_hours=(self.drift_every_hours, 0.0, 8_760.0),
            kpi_every_hours=(self.kpi_every_hours, 0.0, 8_760.0),
        )


def _refuse_odd(where: str, **given: tuple[float, float, float]) -> None:
    """Refuse a number outside of its ends; one that is not a number, or not finite, lies outside."""
    for name, (value, least, most) in given.items():
        if not (math.isfinite(value) and least <= value <= most):
            raise BadInput(
                f"{where}: {name} must be {least:g} to {most:g}, got {value:g}.",
                fix="Leave it out for the default; docs/objectives.md says what it is.",
                name=name,
            )
