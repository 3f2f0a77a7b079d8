"""`/v1/review`: the cases that people decide: list, claim, answer, give back, settle."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.params import FromPath, FromQuery, QueryParameter

from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import DecisionRow, Wanted
from flyball.gateway.asked import asked_for
from flyball.gateway.bodies import read_body
from flyball.gateway.cases import Known, decision_id, document_of, entry_of_id, find_decision
from flyball.gateway.desk import Desk, Desks, TheDesks
from flyball.gateway.house import House
from flyball.gateway.naming import served_for, served_of_decision
from flyball.gateway.once import once
from flyball.gateway.principal import Principal
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.reviewing import GivenAnswer, Review, waits_for_people
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.shown import decision_as_json

__all__ = ["review"]

Only = Literal["open", "mine", "claimed", "disputed", "all"]
Comment = Annotated[str, msgspec.Meta(max_length=10_000)]


class AnswerRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One answer for each field that people decide."""

    answers: Annotated[tuple[GivenAnswer, ...], msgspec.Meta(max_length=1000)]
    comment: Comment = ""
    minutes: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None


class DeclineRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why the case is given back."""

    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


_ANSWER = msgspec.json.Decoder(AnswerRequest)
_DECLINE = msgspec.json.Decoder(DeclineRequest)


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
    """List the cases of the tenant that hold something for people, oldest first; go on behind `next`."""
    served = served_for(house, principal, deployment)
    desk = desks.of(served)

    def found() -> dict[str, object]:
        seen: dict[int, Review] = {}

        def wanted(one: DecisionRow) -> bool:
            seen[one.entry] = desk.reviews.state(one.entry, one.for_people)
            return _is_wanted(seen[one.entry], only, principal)

        listed, further = _waiting(desk.history, principal.tenant, after=after, limit=limit, wanted=wanted)
        items = [
            {
                "id": decision_id(served.name, one.entry),
                "case_id": one.case_id,
                "decided_at": one.decided_at,
                "fields": list(one.for_people),
                **_state(desk, seen[one.entry], principal),
            }
            for one in listed
        ]
        return {"ok": True, "items": items, "next": None if further < 0 else further}

    return json_reply(await asyncio.to_thread(found))


@get("/v1/review/{id:str}", opt={"scope": "review.read"})
async def show_case(id: FromPath[str], house: TheHouse, desks: TheDesks, principal: Caller) -> Reply:
    """Show one case with its decision, its passages, and how its review stands."""

    def found() -> dict[str, object]:
        desk, known = _found(id, house, desks, principal)
        return _shown(desk, known, desk.reviews.state(known.issued.entry, waits_for_people(known)), principal)

    return json_reply(await asyncio.to_thread(found))


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

    def done() -> Whole:
        return json_reply(_shown(desk, known, desk.reviews.claim(known, principal), principal))

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
    desk, known = await asyncio.to_thread(_found, id, house, desks, principal)

    def done() -> Whole:
        after = desk.reviews.answer(
            known, principal, given.answers, comment=given.comment, minutes=given.minutes
        )
        return json_reply({"ok": True, "id": id, **_state(desk, after, principal)})

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


@post("/v1/review/{id:str}/decline", status_code=200, opt={"scope": "review", "request": DeclineRequest})
async def decline(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Give a case back, and say why."""
    body, given = await asked_for(request, settings, _DECLINE)
    desk, known = await asyncio.to_thread(_found, id, house, desks, principal)

    def done() -> Whole:
        after = desk.reviews.decline(known, principal, comment=given.comment)
        return json_reply({"ok": True, "id": id, **_state(desk, after, principal)})

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


@post("/v1/review/{id:str}/settle", status_code=200, opt={"scope": "review.settle", "request": AnswerRequest})
async def settle(
    id: FromPath[str],
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Settle what two people disagree about; their answers stay."""
    body, given = await asked_for(request, settings, _ANSWER)
    desk, known = await asyncio.to_thread(_found, id, house, desks, principal)

    def done() -> Whole:
        after = desk.reviews.settle(known, principal, given.answers, comment=given.comment)
        return json_reply({"ok": True, "id": id, **_state(desk, after, principal)})

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(done))


def _waiting(
    history: History, tenant: str, *, after: int, limit: int, wanted: Callable[[DecisionRow], bool]
) -> tuple[list[DecisionRow], int]:
    """Return what waits for people and is wanted, oldest first, and where to go on: -1 for no further."""
    found: list[DecisionRow] = []
    while page := history.decisions(Wanted(tenant=tenant, waiting=True), after=after, limit=200):
        for one in page:
            after = one.entry
            if wanted(one):
                found.append(one)
                if len(found) == limit:
                    return found, after
        if len(page) < 200:
            break
    return found, -1


def _found(id: str, house: House, desks: Desks, principal: Principal) -> tuple[Desk, Known]:
    name, entry = entry_of_id(id)
    served = served_of_decision(house, principal, name, id)
    return desks.of(served), find_decision(served.workshop, entry, principal.tenant)


def _is_wanted(one: Review, state: Only, principal: Principal) -> bool:
    mine = one.holder == principal.id
    if state == "open":
        return one.state == "open" and all(given.by != principal.id for given in one.answered)
    return state == "all" or (mine if state == "mine" else one.state == state)


def _state(desk: Desk, one: Review, principal: Principal) -> dict[str, object]:
    """Return how a review stands; what others answered is seen once it is done, or by who settles it."""
    sees = one.state == "settled" or (one.state == "disputed" and principal.may("review.settle"))
    return {
        "state": one.state,
        "holder": one.holder,
        "until": one.until,
        "people": one.people,
        "answered": len(one.answered),
        "declined": list(one.declined),
        "answers": [
            {
                "by": given.by,
                "comment": _comment(desk, given.note),
                "answers": [
                    {
                        "field": each.field,
                        "answer": msgspec.json.decode(each.answer),
                        "evidence": [{"start": span.start, "end": span.end} for span in each.evidence],
                    }
                    for each in given.answers
                ],
            }
            for given in one.answered
            if sees or given.by == principal.id
        ],
    }


def _comment(desk: Desk, note: str) -> str | None:
    """Return what was said in words; None where nothing was, or where it was erased."""
    try:
        return desk.served.workshop.blobs.get(note).decode("utf-8", "replace") if note else None
    except (BlobErased, BlobMissing):
        return None


def _shown(desk: Desk, known: Known, one: Review, principal: Principal) -> dict[str, object]:
    document = document_of(desk.served.workshop, known)
    return {
        "ok": True,
        "id": decision_id(desk.served.name, known.issued.entry),
        "fields": waits_for_people(known),
        **_state(desk, one, principal),
        "decision": decision_as_json(known.issued, document),
    }


review = (list_cases, show_case, claim, answer, decline, settle)
