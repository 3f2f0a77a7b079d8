"""`/v1/review`: the cases that people decide: list, choose, claim, answer, give back, hand up, settle."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.params import FromPath, FromQuery, QueryParameter

from flyball.gateway.asked import asked_for
from flyball.gateway.bodies import read_body
from flyball.gateway.desk import Desk, Desks, TheDesks
from flyball.gateway.house import House
from flyball.gateway.naming import served_for, served_of_decision
from flyball.gateway.once import once
from flyball.gateway.principal import Principal
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.reviewing import reviewer_of
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.loop.decided import Known, entry_of_id, find_decision
from flyball.loop.given import GivenAnswer
from flyball.loop.review_choosing import choose_cases
from flyball.loop.review_queue import Only
from flyball.loop.review_shown import (
    agreement_as_json,
    item_as_json,
    page_as_json,
    round_as_json,
    state_as_json,
)
from flyball.loop.review_state import Review, Reviewer
from flyball.loop.review_views import ItemView, agreement_view, item_view

__all__ = ["review"]

Comment = Annotated[str, msgspec.Meta(max_length=10_000)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


class AnswerRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One answer for each field that people decide.

    `seen` is the one that came with the case: so the answer is about these bytes and no others.
    """

    answers: Annotated[tuple[GivenAnswer, ...], msgspec.Meta(max_length=1000)]
    comment: Comment = ""
    minutes: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None
    seen: Annotated[str, msgspec.Meta(max_length=100)] = ""


class ReasonRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why the case is given back, or closed."""

    comment: Reason


class EscalateRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why the case is handed up, and to which role; by default the first, or next, of review.escalate_to."""

    comment: Reason
    role: Annotated[str, msgspec.Meta(max_length=100)] = ""


class ChooseRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How many decided cases are looked at as well, and which share of them is drawn at random.

    `since` and `until` say of when the decisions are.
    """

    number: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    drawn: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.3
    since: datetime | None = None
    until: datetime | None = None


_CHOOSE = msgspec.json.Decoder(ChooseRequest)
_ANSWER = msgspec.json.Decoder(AnswerRequest)
_REASON = msgspec.json.Decoder(ReasonRequest)
_ESCALATE = msgspec.json.Decoder(EscalateRequest)
_Act = Callable[[Desk, Known, Reviewer], Review]


@get("/v1/review", opt={"scope": "review.read"})
async def list_cases(
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    deployment: FromQuery[str] = "",
    only: FromQuery[Only] = "open",
    after: FromQuery[int] = -1,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
) -> Reply:
    """List the cases of the tenant that wait for people, the most urgent first; go on behind `next`."""
    served = served_for(house, principal, deployment)
    desk, reviewer = desks.of(served), reviewer_of(principal)

    def found() -> dict[str, object]:
        return page_as_json(desk.queue.page(reviewer, only=only, after=after, limit=limit))

    return json_reply(await asyncio.to_thread(found))


@get("/v1/review/agreement", opt={"scope": "review.settle"})
async def agreement(
    house: TheHouse, desks: TheDesks, principal: Caller, deployment: FromQuery[str] = ""
) -> Reply:
    """Show how far readers agree, how long cases take, and what chosen cases say of the machine's answers."""
    served = served_for(house, principal, deployment)

    def found() -> dict[str, object]:
        return agreement_as_json(agreement_view(served.workshop, tenant=principal.tenant, names=True))

    return json_reply(await asyncio.to_thread(found))


@get("/v1/review/{id:str}", opt={"scope": "review.read"})
async def show_case(id: FromPath[str], house: TheHouse, desks: TheDesks, principal: Caller) -> Reply:
    """Show one case with its decision, its passages, and how its review stands."""

    def found() -> dict[str, object]:
        desk, known = _found(id, house, desks, principal)
        return _shown(desk, known, reviewer_of(principal))

    return json_reply(await asyncio.to_thread(found))


@post("/v1/review/choose", status_code=200, opt={"scope": "review.settle", "request": ChooseRequest})
async def choose(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
    deployment: FromQuery[str] = "",
) -> Reply:
    """Put decided cases on the list: those that teach most, and some at random to measure quality by."""
    body, given = await asked_for(request, settings, _CHOOSE)
    desk = desks.of(served_for(house, principal, deployment))

    def done() -> Whole:
        made = choose_cases(
            desk.served.workshop,
            given.number,
            tenant=principal.tenant,
            drawn_share=given.drawn,
            since=given.since,
            until=given.until,
            actor=principal.id,
        )
        return json_reply({"ok": True, **round_as_json(made)})

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


@post("/v1/review/{id:str}/claim", status_code=200, opt={"scope": "review"})
async def claim(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Take a case in hand. Of two people at once, one gets it."""
    body = await read_body(request, settings)
    desk, known = await asyncio.to_thread(_found, id, house, desks, principal)
    reviewer = reviewer_of(principal)

    def done() -> Whole:
        desk.reviews.claim(known, reviewer)
        return json_reply(_shown(desk, known, reviewer))

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


@post("/v1/review/{id:str}/answer", status_code=200, opt={"scope": "review", "request": AnswerRequest})
async def answer(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Answer every field that people decide, with the passages that show it."""
    body, given = await asked_for(request, settings, _ANSWER)

    def act(desk: Desk, known: Known, reviewer: Reviewer) -> Review:
        return desk.reviews.answer(
            known, reviewer, given.answers, comment=given.comment, minutes=given.minutes, seen=given.seen
        )

    return await _done(id, request, body, house, desks, principal, act)


@post("/v1/review/{id:str}/decline", status_code=200, opt={"scope": "review", "request": ReasonRequest})
async def decline(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Give a case back, and say why."""
    body, given = await asked_for(request, settings, _REASON)

    def act(desk: Desk, known: Known, reviewer: Reviewer) -> Review:
        return desk.reviews.decline(known, reviewer, comment=given.comment)

    return await _done(id, request, body, house, desks, principal, act)


@post(
    "/v1/review/{id:str}/escalate", status_code=200, opt={"scope": "review.read", "request": EscalateRequest}
)
async def escalate(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Hand up a case in one's hands, or what was handed up to oneself; whoever has the role settles it."""
    body, given = await asked_for(request, settings, _ESCALATE)

    def act(desk: Desk, known: Known, reviewer: Reviewer) -> Review:
        return desk.reviews.escalate(known, reviewer, comment=given.comment, role=given.role)

    return await _done(id, request, body, house, desks, principal, act)


@post("/v1/review/{id:str}/settle", status_code=200, opt={"scope": "review.settle", "request": AnswerRequest})
async def settle(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Settle a dispute, or what was handed up; the answers of others stay."""
    body, given = await asked_for(request, settings, _ANSWER)

    def act(desk: Desk, known: Known, reviewer: Reviewer) -> Review:
        return desk.reviews.settle(known, reviewer, given.answers, comment=given.comment, seen=given.seen)

    return await _done(id, request, body, house, desks, principal, act)


@post("/v1/review/{id:str}/close", status_code=200, opt={"scope": "review.settle", "request": ReasonRequest})
async def close(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Take a case off the list without an answer, and say why."""
    body, given = await asked_for(request, settings, _REASON)

    def act(desk: Desk, known: Known, reviewer: Reviewer) -> Review:
        return desk.reviews.close(known, reviewer, comment=given.comment)

    return await _done(id, request, body, house, desks, principal, act)


async def _done(
    id: str,
    request: Request[Any, Any, Any],
    body: bytes,
    house: House,
    desks: Desks,
    principal: Principal,
    act: _Act,
) -> Reply:
    desk, known = await asyncio.to_thread(_found, id, house, desks, principal)
    reviewer = reviewer_of(principal)

    def done() -> Whole:
        act(desk, known, reviewer)
        return json_reply(state_as_json(_view(desk, known, reviewer)))

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


def _found(id: str, house: House, desks: Desks, principal: Principal) -> tuple[Desk, Known]:
    name, entry = entry_of_id(id)
    served = served_of_decision(house, principal, name, id)
    return desks.of(served), find_decision(served.workshop, entry, principal.tenant)


def _shown(desk: Desk, known: Known, reviewer: Reviewer) -> dict[str, object]:
    return item_as_json(_view(desk, known, reviewer), known)


def _view(desk: Desk, known: Known, reviewer: Reviewer) -> ItemView:
    return item_view(desk.served.workshop, desk.reviews, desk.queue, reviewer, known)


review = (list_cases, agreement, choose, show_case, claim, answer, decline, escalate, settle, close)
