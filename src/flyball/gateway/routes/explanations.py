"""`/v1/decisions/{id}/explanation`: why a decision came out as it did, and what a letter would say."""

import asyncio

from litestar import get
from litestar.params import FromPath, FromQuery

from flyball.gateway.naming import served_of_decision
from flyball.gateway.replies import json_reply
from flyball.gateway.route import Caller, Reply, TheHouse
from flyball.loop.decided import entry_of_id, find_decision
from flyball.loop.explanation_view import explanation_as_json, letter_as_json
from flyball.loop.letters import draft_letter, keep_draft

__all__ = ["explanations"]


@get("/v1/decisions/{id:str}/explanation", opt={"scope": "decisions.read"})
async def show_explanation(
    id: FromPath[str],
    house: TheHouse,
    principal: Caller,
    field: FromQuery[str] = "",
    letter: FromQuery[str] = "",
    language: FromQuery[str] = "",
) -> Reply:
    """Explain one decision by the release that made it; with `letter`, draft that letter.

    `letter` is a kind such as adverse_action, or "default" for what the decision calls for. That a letter was
    drafted, and by whom, is written down before it is handed out; the same one once.
    """

    def found() -> dict[str, object]:
        name, entry = entry_of_id(id)
        served = served_of_decision(house, principal, name, id)
        known = find_decision(served.workshop, entry, principal.tenant)
        told = served.explainer.explain(served.workshop.ledger.entry(known.issued.entry), field=field)
        reply: dict[str, object] = {"ok": True, "id": id, "explanation": explanation_as_json(told)}
        if letter:
            kind = "" if letter == "default" else letter
            draft = draft_letter(served.workshop, told, kind=kind, language=language, field=field)
            reply["entry"] = keep_draft(served.workshop, told, draft, actor=principal.id)
            reply["letter"] = letter_as_json(draft)
        return reply

    return json_reply(await asyncio.to_thread(found))


explanations = (show_explanation,)
