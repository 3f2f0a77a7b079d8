"""`/v1/objectives` and `/v1/alerts`: what must hold, what is open, who looks at it, what is silenced."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.params import FromPath, FromQuery, QueryParameter

from flyball.gateway.asked import asked_for
from flyball.gateway.bodies import read_body
from flyball.gateway.desk import Desks, TheDesks
from flyball.gateway.house import House
from flyball.gateway.naming import served_for
from flyball.gateway.once import once
from flyball.gateway.principal import Principal
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.loop.alerts.alerting import acknowledge, lift_silence, silence, unacknowledge
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.objectives import measure_objectives, objective_as_json
from flyball.loop.watched import last_look
from flyball.loop.workshop import Workshop

__all__ = ["alerts"]

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class SilenceRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom nobody is told about, for how long, and why."""

    name: Name
    hours: Annotated[float, msgspec.Meta(gt=0, le=8760)]
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class LiftRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which silence ends now."""

    name: Name


_SILENCE = msgspec.json.Decoder(SilenceRequest)
_LIFT = msgspec.json.Decoder(LiftRequest)


@get("/v1/objectives", opt={"scope": "governance.read", "uncounted": True})
async def show_objectives(house: TheHouse, principal: Caller, deployment: FromQuery[str] = "") -> Reply:
    """Measure the objectives now."""
    workshop = served_for(house, principal, deployment).workshop

    def found() -> dict[str, object]:
        return {"ok": True, "objectives": [objective_as_json(one) for one in measure_objectives(workshop)]}

    return json_reply(await asyncio.to_thread(found))


@get("/v1/alerts", opt={"scope": "governance.read", "uncounted": True})
async def list_alerts(
    house: TheHouse,
    principal: Caller,
    deployment: FromQuery[str] = "",
    resolved: Annotated[int, QueryParameter(ge=0, le=500)] = 0,
) -> Reply:
    """List the alerts that are open, pages first; silences; channels that do not deliver; the last look."""
    workshop = served_for(house, principal, deployment).workshop
    return json_reply(await asyncio.to_thread(_shown, workshop, resolved))


@post("/v1/alerts/{name:str}/acknowledge", status_code=200, opt={"scope": "alerts", "uncounted": True})
async def acknowledge_alert(
    name: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
    deployment: FromQuery[str] = "",
) -> Reply:
    """Say that you look at an alert: no more reminders until it grows worse."""
    body = await read_body(request, settings)

    def act(workshop: Workshop) -> None:
        acknowledge(workshop.ledger, name, by=principal.id, now=workshop.clock())

    return await _done(request, body, house, desks, principal, deployment, act)


@post("/v1/alerts/{name:str}/unacknowledge", status_code=200, opt={"scope": "alerts", "uncounted": True})
async def unacknowledge_alert(
    name: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
    deployment: FromQuery[str] = "",
) -> Reply:
    """Take an acknowledgement back: reminders and escalation begin anew."""
    body = await read_body(request, settings)

    def act(workshop: Workshop) -> None:
        unacknowledge(workshop.ledger, name, by=principal.id, now=workshop.clock())

    return await _done(request, body, house, desks, principal, deployment, act)


@post(
    "/v1/alerts/silence",
    status_code=200,
    opt={"scope": "alerts", "request": SilenceRequest, "uncounted": True},
)
async def silence_alerts(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
    deployment: FromQuery[str] = "",
) -> Reply:
    """Tell nobody about some alerts for a while; they are raised and listed all the same."""
    body, asked = await asked_for(request, settings, _SILENCE)

    def act(workshop: Workshop) -> None:
        now = workshop.clock()
        until = now + timedelta(hours=asked.hours)
        silence(workshop.ledger, asked.name, until=until, by=principal.id, why=asked.why, now=now)

    return await _done(request, body, house, desks, principal, deployment, act)


@post(
    "/v1/alerts/unsilence",
    status_code=200,
    opt={"scope": "alerts", "request": LiftRequest, "uncounted": True},
)
async def lift_a_silence(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
    deployment: FromQuery[str] = "",
) -> Reply:
    """End a silence."""
    body, asked = await asked_for(request, settings, _LIFT)

    def act(workshop: Workshop) -> None:
        lift_silence(workshop.ledger, asked.name, by=principal.id, now=workshop.clock())

    return await _done(request, body, house, desks, principal, deployment, act)


async def _done(
    request: Request[Any, Any, Any],
    body: bytes,
    house: House,
    desks: Desks,
    principal: Principal,
    deployment: str,
    act: Callable[[Workshop], None],
) -> Reply:
    desk = desks.of(served_for(house, principal, deployment))

    def done() -> Whole:
        act(desk.served.workshop)
        return json_reply(_shown(desk.served.workshop, 0))

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


def _shown(workshop: Workshop, resolved: int) -> dict[str, object]:
    now = workshop.clock()
    standing = standing_of(workshop.ledger, now)
    return {
        "ok": True,
        "alerts": alerts_of(workshop.ledger, now, resolved=resolved),
        "silences": standing.silences,
        "failing": standing.failing,
        "last_look": last_look(workshop),
    }


alerts = (
    show_objectives,
    list_alerts,
    acknowledge_alert,
    unacknowledge_alert,
    silence_alerts,
    lift_a_silence,
)
