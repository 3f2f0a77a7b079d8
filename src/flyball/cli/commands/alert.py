"""`flyball alert`: what somebody should know now: list, acknowledge, silence, what to do, try a channel."""

import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.loop.alerts.alerting import (
    acknowledge,
    lift_silence,
    runbook_of,
    silence,
    unacknowledge,
)
from flyball.loop.alerts.channel import Message
from flyball.loop.alerts.records import DELIVERED, Alert, Cause
from flyball.loop.alerts.runbook import runbook_named, runbook_names, what_to_do
from flyball.loop.alerts.sending import channel_of
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.watched import LastLook, last_look

__all__ = ["command"]

command = typer.Typer()

_LONGEST_HOURS = 8_760.0

Name = Annotated[str, typer.Argument(help="Of the alert.")]


@command.command("list")
def list_(
    resolved: Annotated[int, typer.Option(min=0, help="So many of those that are over, too.")] = 0,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Leave with 1 where one is open.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List alerts that are open, and what keeps anybody from being told."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        now = workshop.clock()
        alerts = alerts_of(workshop.ledger, now, resolved=resolved)
        standing = standing_of(workshop.ledger, now)
        look = last_look(workshop)
    waiting = [
        {"channel": channel, "entry": entry.index, "since": entry.at}
        for entry, _, channel in standing.waiting
    ]
    if json:
        output.json(
            {
                "ok": True,
                "alerts": alerts,
                "silences": standing.silences,
                "failing": standing.failing,
                "waiting": waiting,
                "last_look": look,
            }
        )
    else:
        if look is None or look.late:
            output.say(_not_watched(look))
        _show(output, alerts)
        for one in standing.silences:
            until = f"{one.until:%Y-%m-%d %H:%M}"
            output.text(f"Silence {escape(one.name)} until {until} by {escape(one.by)}: {escape(one.why)}")
        for name, reason in standing.failing.items():
            output.text(f"The channel {escape(name)} did not deliver: {escape(reason)}")
        if waiting:
            output.text(f"{count(len(waiting), 'message')} wait to be delivered.")
    if exit_code and any(one.state != "resolved" for one in alerts):
        sys.exit(1)


@command.command()
def ack(
    name: Name, deployment: DeploymentOption = None, person: AsOption = None, json: JsonOption = False
) -> None:
    """Say that you look at an alert: no more reminders until it grows worse."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        alert = acknowledge(workshop.ledger, name, by=workshop.actor, now=workshop.clock())
    if json:
        output.json({"ok": True, "alert": alert})
    else:
        output.text(
            f"{escape(name)} is acknowledged by {escape(alert.acknowledged_by)}. {_what_to_do(alert)}"
        )


@command.command()
def unack(
    name: Name, deployment: DeploymentOption = None, person: AsOption = None, json: JsonOption = False
) -> None:
    """Take an acknowledgement back: who was told learns it, reminders begin anew."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        alert = unacknowledge(workshop.ledger, name, by=workshop.actor, now=workshop.clock())
    if json:
        output.json({"ok": True, "alert": alert})
    else:
        output.text(f"Nobody looks at {escape(name)} any more.")


@command.command("silence")
def silence_(
    name: Annotated[
        str,
        typer.Argument(help='Of alerts, open or not, or a pattern: "drift*"; or of causes: "money/*/acme".'),
    ],
    hours: Annotated[float, typer.Option(help="How long.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Tell nobody about some alerts for a while; they are raised and listed all the same."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        now = workshop.clock()
        if not 0.0 < hours <= _LONGEST_HOURS:
            raise BadInput(
                f"A silence lasts between 0 and {_LONGEST_HOURS:,.0f} hours, got {hours}.",
                fix="Write, for instance, --hours 2.",
            )
        until = now + timedelta(hours=hours)
        silence(workshop.ledger, name, until=until, by=workshop.actor, why=why, now=now)
    if json:
        output.json({"ok": True, "name": name, "until": until})
    else:
        output.text(f"{escape(name)} is silenced until {until:%Y-%m-%d %H:%M} UTC.")


@command.command()
def unsilence(
    name: Annotated[str, typer.Argument(help="Of the silence.")],
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """End a silence."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        lift_silence(workshop.ledger, name, by=workshop.actor, now=workshop.clock())
    if json:
        output.json({"ok": True, "name": name})
    else:
        output.text(f"{escape(name)} is no longer silenced.")


@command.command("runbook")
def runbook_(
    name: Annotated[
        str,
        typer.Argument(
            help="Of a runbook, an open alert or an objective. Default: list them.", show_default=False
        ),
    ] = "",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show what to do."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        root = workshop.deployment.root
        if not name:
            names = runbook_names(root)
            output.json({"ok": True, "runbooks": names}) if json else output.text("\n".join(names))
            return
        alert = standing_of(workshop.ledger, workshop.clock()).open.get(name)
        objectives = {one.name: one.runbook or one.indicator for one in workshop.deployment.settings.slo}
        written = objectives.get(name, name) if alert is None else alert.runbook
        if "://" in written:
            output.json({"ok": True, "address": written}) if json else output.text(escape(written))
            return
        page = runbook_named(root, written)
    if json:
        output.json({"ok": True, "name": page.name, "own": page.own, "text": page.text})
    else:
        output.text(escape(page.text.strip()))


@command.command("test")
def try_(
    channel: Annotated[str, typer.Argument(help="Name of an [[alerts.channel]].")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Send a message to a channel and take it back, to see that it arrives; written down."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        settings = workshop.deployment.settings.alerts
        made = channel_of(settings, channel)
        now = workshop.clock()
        cause = Cause("test", "A test of this channel", "ticket", "nothing is wrong")
        for event in ("raised", "resolved"):
            made.deliver(
                Message(
                    event=event,
                    deployment=workshop.deployment.name,
                    alert="test",
                    number=int(now.timestamp()),
                    severity="ticket",
                    causes=(cause,),
                    runbook=runbook_of(settings, "channels"),
                    at=now,
                    by="",
                    entry=-1,
                )
            )
        body = {"channel": channel, "entry": -1, "name": "test"}
        workshop.ledger.append(kind=DELIVERED, actor=workshop.actor, body=body)
    if json:
        output.json({"ok": True, "channel": channel})
    else:
        output.text(f"The channel {escape(channel)} took two messages: raised and resolved.")


def _not_watched(look: LastLook | None) -> str:
    if look is None:
        return "Nothing has ever watched this deployment: flyball watch."
    return f"The watcher last looked at {look.at:%Y-%m-%d %H:%M} UTC: see whether flyball watch still runs."


def _show(output: Output, alerts: list[Alert]) -> None:
    if not alerts:
        output.text("Nothing is open.")
        return
    output.table(
        ["alert", "severity", "state", "since", "why", "what to do"],
        (
            [
                one.name,
                one.severity,
                _state(one),
                f"{one.raised_at:%Y-%m-%d %H:%M}",
                "; ".join(f"{cause.title}: {cause.why}" for cause in one.causes),
                what_to_do(one.runbook),
            ]
            for one in alerts
        ),
    )


def _state(one: Alert) -> str:
    if one.state == "acknowledged":
        return f"acknowledged by {one.acknowledged_by}"
    if one.state == "silenced" and one.silenced_until is not None:
        return f"silenced until {one.silenced_until:%Y-%m-%d %H:%M}"
    return one.state


def _what_to_do(alert: Alert) -> str:
    return f"What to do: {escape(what_to_do(alert.runbook))}"
