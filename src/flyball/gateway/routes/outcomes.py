"""`/v1/outcomes`: what later turned out, reported by decision; disagreement is kept."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.params import FromQuery

from flyball.core.estimates import as_plain
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.agreement import automated_agreement
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import Standing, standings
from flyball.gateway.asked import asked_for
from flyball.gateway.desk import TheDesks
from flyball.gateway.errors import BadRequest
from flyball.gateway.naming import served_for, served_of_decision
from flyball.gateway.once import once
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.reporting import Report, report_outcomes, told_about
from flyball.gateway.reviewing import reviewer_of, visible_reports
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.loop.decided import decision_id, entry_of_id, find_decision

__all__ = ["outcomes"]


class OutcomeRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One report or many, about decisions of one deployment."""

    outcomes: Annotated[list[Report], msgspec.Meta(min_length=1)]


_REQUEST = msgspec.json.Decoder(OutcomeRequest)


@post("/v1/outcomes", status_code=200, opt={"scope": "outcomes", "request": OutcomeRequest})
async def report(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Write reports down, all or none. The same report twice is one."""
    body, asked = await asked_for(request, settings, _REQUEST)
    if len(asked.outcomes) > settings.limits.batch:
        raise BadRequest(
            f"The request holds {len(asked.outcomes):,} outcomes; {settings.limits.batch:,} are the most.",
            fix="Send them in several requests.",
        )
    named = [entry_of_id(one.decision) for one in asked.outcomes]
    deployments = {name for name, _ in named}
    if len(deployments) != 1:
        raise BadRequest(
            f"The outcomes are about decisions of {len(deployments)} deployments.",
            fix="Send those of each in a request of its own: they are written together or not at all.",
        )
    served = served_of_decision(house, principal, named[0][0], asked.outcomes[0].decision)
    desk = desks.of(served)

    def written() -> Whole:
        reports = [(entry, one) for (_, entry), one in zip(named, asked.outcomes, strict=True)]
        done = report_outcomes(
            served.workshop,
            desk.history,
            reports,
            principal,
            visible=lambda known, told: visible_reports(desk.reviews, known, told, reviewer_of(principal)),
        )
        told = [
            {
                "decision": decision_id(served.name, entry),
                "ledger_entry": one.entry,
                "repeated": one.repeated,
                "standing": one.standing,
                "before_decision": one.early,
            }
            for (_, entry), one in zip(named, done, strict=True)
        ]
        return json_reply({"ok": True, "outcomes": told})

    return await once(request, body, principal, desk.replies, lambda: asyncio.to_thread(written))


@get("/v1/outcomes", opt={"scope": "outcomes.read"})
async def show(decision: FromQuery[str], house: TheHouse, desks: TheDesks, principal: Caller) -> Reply:
    """Show every report about a decision, and what stands."""

    def found() -> dict[str, object]:
        name, entry = entry_of_id(decision)
        served = served_of_decision(house, principal, name, decision)
        known = find_decision(served.workshop, entry, principal.tenant)
        desk = desks.of(served)
        told = told_about(served.workshop, desk.history, entry)
        seen = visible_reports(desk.reviews, known, told, reviewer_of(principal))
        return {
            "ok": True,
            "decision": decision,
            "outcomes": [_told(one) for one in seen],
            "standing": [_stands(one) for one in standings(seen)],
        }

    return json_reply(await asyncio.to_thread(found))


@get("/v1/outcomes/agreement", opt={"scope": "outcomes.read"})
async def agreement(
    house: TheHouse, desks: TheDesks, principal: Caller, deployment: FromQuery[str] = ""
) -> Reply:
    """Show how often automated answers agree with what was reported, with its interval.

    Of what reviewers answered, only settled cases that were drawn at random count.
    """
    served = served_for(house, principal, deployment)

    def measured() -> dict[str, object]:
        history = desks.of(served).history
        reports = history.reports_table(Wanted(tenant=principal.tenant, reported=True), fair=True)
        told: dict[int, list[ReportedOutcome]] = {}
        for entry, decision in zip(
            *(reports[name].to_pylist() for name in ("entry", "decision")), strict=True
        ):
            body = served.workshop.ledger.entry(entry).body
            told.setdefault(decision, []).append(msgspec.convert(body, ReportedOutcome))
        pairs = (
            (find_decision(served.workshop, entry, principal.tenant).issued.decision.fields, standings(some))
            for entry, some in sorted(told.items())
        )
        agreed = as_plain(automated_agreement(pairs))
        return {"ok": True, "deployment": served.name, "decisions": len(told), "agreement": agreed}

    return json_reply(await asyncio.to_thread(measured))


def _told(one: ReportedOutcome) -> dict[str, object]:
    return {
        "kind": one.kind,
        "name": one.name,
        "answer": msgspec.json.decode(one.answer),
        "unit": one.unit,
        "by": one.by,
        "source": one.source,
        "observed_at": one.observed_at,
        "minutes": one.minutes,
        "evidence": [{"start": span.start, "end": span.end} for span in one.evidence],
        "commented": bool(one.note),
    }


def _stands(one: Standing) -> dict[str, object]:
    return {
        "name": one.name,
        "about": one.about,
        "state": one.state,
        "answer": msgspec.json.decode(one.answer) if one.answer else None,
        "voices": [
            {
                "by": voice.by,
                "answer": msgspec.json.decode(voice.answer),
                "unit": voice.unit,
                "changed": voice.changed,
            }
            for voice in one.voices
        ],
    }


outcomes = (report, show, agreement)
