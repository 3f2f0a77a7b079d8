"""Alerts: what somebody should know now, who looks at it, what is silenced, and what is over."""

from datetime import timedelta

from flyball.console.page import Act, Asked, Go, Page, Shown
from flyball.core.errors import BadInput
from flyball.loop.alerts.alerting import acknowledge, lift_silence, silence, unacknowledge
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.watched import last_look

__all__ = ["alerts"]

_MOST_HOURS = 8784.0


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    now = workshop.clock()
    all_ = alerts_of(workshop.ledger, now, resolved=50)
    standing = standing_of(workshop.ledger, now)
    chosen = asked.query.get("silence", "") or asked.sent("name")
    return {
        "open": [one for one in all_ if one.state != "resolved"],
        "over": [one for one in all_ if one.state == "resolved"],
        "silences": standing.silences,
        "failing": standing.failing,
        "channels": workshop.deployment.settings.alerts.channel,
        "look": last_look(workshop),
        "now": now,
        "silencing": chosen,
        "sent": {name: asked.sent(name) for name in ("hours", "why")},
        "may": asked.principal.may("alerts"),
    }


def _acknowledge(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    alert = acknowledge(workshop.ledger, asked.sent("alert"), by=asked.principal.id, now=workshop.clock())
    return Go(asked.link("alerts"), f"You look at {alert.name}; nobody is reminded until it grows worse.")


def _unacknowledge(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    alert = unacknowledge(workshop.ledger, asked.sent("alert"), by=asked.principal.id, now=workshop.clock())
    return Go(asked.link("alerts"), f"Nobody looks at {alert.name} any more; reminders begin anew.")


def _silence(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    name, written, now = asked.sent("name").strip(), asked.sent("hours").strip(), workshop.clock()
    try:
        hours = float(written)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= _MOST_HOURS:
        raise BadInput(
            f"A silence lasts more than 0 and at most {_MOST_HOURS:g} hours, got {written[:40]!r}.",
            fix="Write a number of hours, such as 4.",
        )
    until = now + timedelta(hours=hours)
    silence(workshop.ledger, name, until=until, by=asked.principal.id, why=asked.sent("why"), now=now)
    return Go(asked.link("alerts"), f"Nobody is told about {name} until {until:%Y-%m-%d %H:%M} UTC.")


def _lift(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    lift_silence(workshop.ledger, asked.sent("alert"), by=asked.principal.id, now=workshop.clock())
    return Go(asked.link("alerts"), f"The silence {asked.sent('alert')} is over.")


alerts = Page(
    "Alerts",
    "/d/{deployment}/alerts",
    _show,
    scope="governance.read",
    place=35,
    acts={
        "acknowledge": Act("alerts", _acknowledge),
        "unacknowledge": Act("alerts", _unacknowledge),
        "silence": Act("alerts", _silence),
        "lift": Act("alerts", _lift),
    },
    live=True,
)
