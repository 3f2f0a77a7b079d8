"""`/v1/decisions`: decide one case or many, and see what was decided."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from flyball.core.errors import BadInput, FlyballError
from flyball.core.text import sayable
from flyball.data.documents.records import Document, Unreadable
from flyball.data.documents.rows import document_of_row
from flyball.evaluation.history.records import Wanted
from flyball.gateway.asked import asked_for
from flyball.gateway.deciding import plain_document
from flyball.gateway.desk import Desk, TheDesks
from flyball.gateway.errors import BadRequest
from flyball.gateway.house import Served
from flyball.gateway.metrics.figures import Figures
from flyball.gateway.naming import served_for, served_of_decision
from flyball.gateway.once import once
from flyball.gateway.principal import Principal
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.loop.decided import decision_id, document_of, entry_of_id, find_decision
from flyball.loop.issue import Issued
from flyball.loop.shown import decision_as_json
from flyball.loop.sources import document_sources, limits_of, row_sources

__all__ = ["decisions"]

Value = str | int | float | bool | None
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), "\N{REPLACEMENT CHARACTER}")


class Case(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One case: a text, a file, or a row. Exactly one of the three.

    `name` is for people. `base64` holds the bytes of a file: PDF, Word, mail, HTML or plain text.
    """

    name: Annotated[str, msgspec.Meta(max_length=300)] = ""
    text: str | None = None
    base64: str | None = None
    row: dict[str, Value] | None = None


class DecisionRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to be decided: `case` for one, `cases` for many.

    `deployment` may be left out where the caller may use only one.
    """

    deployment: Annotated[str, msgspec.Meta(max_length=200)] = ""
    case: Case | None = None
    cases: list[Case] | None = None


class Undecided(BadInput):
    """The case could not be decided."""

    code = "gateway.undecided"
    status = 422


_REQUEST = msgspec.json.Decoder(DecisionRequest)
Outcome = tuple[Document | None, Issued | None, Unreadable | None]


@post("/v1/decisions", status_code=200, opt={"scope": "decisions", "request": DecisionRequest})
async def decide(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    figures: NamedDependency[Figures],
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Decide. Each decision stands in the ledger before the reply leaves."""
    body, asked = await asked_for(request, settings, _REQUEST)
    served = served_for(house, principal, asked.deployment)
    if (asked.case is None) == (asked.cases is None):
        raise BadRequest(
            "The request holds neither or both of case and cases.",
            fix='Send {"case": {"text": "..."}} for one, or {"cases": [...]} for many.',
        )
    cases = asked.cases if asked.cases is not None else [asked.case] if asked.case is not None else []
    if not 0 < len(cases) <= settings.limits.batch:
        raise BadRequest(
            f"The request holds {len(cases):,} cases; 1 to {settings.limits.batch:,} are taken.",
            fix="Send them in several requests.",
        )
    desk = desks.of(served)

    async def answer() -> Whole:
        outcomes = await _decided(served, desk, cases, principal)
        _count(figures, served, outcomes)
        if asked.case is not None:
            return _one(served, outcomes[0])
        told = [_told(served, outcome) for outcome in outcomes]
        decided = sum(issued is not None for _, issued, _ in outcomes)
        return json_reply(
            {"ok": True, "decided": decided, "not_decided": len(told) - decided, "decisions": told}
        )

    return await once(request, body, principal, desk.replies, answer)


@get("/v1/decisions", opt={"scope": "decisions.read"})
async def list_decisions(
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    deployment: FromQuery[str] = "",
    after: FromQuery[int] = -1,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> Reply:
    """List the decisions of the tenant, oldest first; go on behind `next`."""
    served = served_for(house, principal, deployment)
    found = await asyncio.to_thread(
        desks.of(served).history.decisions, Wanted(tenant=principal.tenant), after=after, limit=limit
    )
    told = [
        {
            "id": decision_id(served.name, one.entry),
            "case_id": one.case_id,
            "decided_at": one.decided_at,
            "for_people": list(one.for_people),
        }
        for one in found
    ]
    further = found[-1].entry if len(found) == limit else None
    return json_reply({"ok": True, "decisions": told, "next": further})


@get("/v1/decisions/{id:str}", opt={"scope": "decisions.read"})
async def show_decision(id: FromPath[str], house: TheHouse, principal: Caller) -> Reply:
    """Show one decision, with the quoted words as long as the text is there."""

    def found() -> dict[str, object]:
        name, entry = entry_of_id(id)
        served = served_of_decision(house, principal, name, id)
        known = find_decision(served.workshop, entry, principal.tenant)
        return _shown(served, known.issued, document_of(served.workshop, known))

    return json_reply({"ok": True, "decision": await asyncio.to_thread(found)})


@get("/v1/decisions/{id:str}/text", opt={"scope": "decisions.read"})
async def show_text(id: FromPath[str], house: TheHouse, principal: Caller) -> Reply:
    """Show the text that was decided about; offsets count its characters."""

    def found() -> dict[str, object]:
        name, entry = entry_of_id(id)
        served = served_of_decision(house, principal, name, id)
        document = document_of(served.workshop, find_decision(served.workshop, entry, principal.tenant))
        return {
            "ok": True,
            "id": id,
            "erased": document is None,
            "text": None if document is None else document.text,
        }

    return json_reply(await asyncio.to_thread(found))


async def _decided(served: Served, desk: Desk, cases: list[Case], principal: Principal) -> list[Outcome]:
    """Read, decide and write down; what is wrong with one case stops no other."""
    if served.decider is None:
        raise BadRequest(
            f"{served.name} has no fields, so there is nothing to decide.",
            fix="Talk to it instead.",
        )
    read = await asyncio.to_thread(_read, served, desk, cases, principal.tenant)
    documents = {one.content_digest: one for one in read if isinstance(one, Document)}
    issued: dict[str, Issued] = {}
    problems: dict[str, Unreadable] = {}
    try:
        done = await served.decider.decide(
            list(documents.values()), tenant=principal.tenant, actor=principal.id
        )
        issued = dict(zip(documents, done, strict=True))
    except Exception as err:
        if len(documents) <= 1 or (isinstance(err, FlyballError) and err.retry):
            raise
        for digest, document in documents.items():
            try:
                done = await served.decider.decide([document], tenant=principal.tenant, actor=principal.id)
                issued[digest] = done[0]
            except FlyballError as one:
                problems[digest] = Unreadable.from_error(document.name, one)
    return [
        (None, None, one)
        if isinstance(one, Unreadable)
        else (one, issued.get(one.content_digest), problems.get(one.content_digest))
        for one in read
    ]


def _read(served: Served, desk: Desk, cases: list[Case], tenant: str) -> list[Document | Unreadable]:
    sources = served.workshop.deployment.settings.source
    rows, limits = row_sources(sources), limits_of(document_sources(sources))
    unseen = {column for one in rows for column in (*one.leave_out, *one.label_columns.values())}
    found: dict[int, Document | Unreadable] = {}
    files: dict[int, tuple[str, str]] = {}
    told: dict[int, tuple[str, dict[str, object]]] = {}
    for number, case in enumerate(cases):
        name = sayable(case.name).translate(_CONTROLS) or f"case {number + 1}"
        try:
            if [case.text, case.base64, case.row].count(None) != 2:
                raise BadRequest(
                    f"{name} holds none or several of text, base64, row.",
                    fix='Send, for instance, {"text": "..."}.',
                )
            if (case.row is not None) != bool(rows):
                raise BadRequest(
                    f"{served.name} decides about {'rows' if rows else 'documents'}, and {name} is "
                    f"{'none' if rows else 'a row'}.",
                    fix="Send row." if rows else "Send text or base64.",
                )
            if case.row is not None:
                told[number] = (name, {k: value for k, value in case.row.items() if k not in unseen})
            elif case.text is not None:
                found[number] = plain_document(case.text, name, limits)
            else:
                files[number] = (name, case.base64 or "")
        except FlyballError as err:
            found[number] = Unreadable.from_error(name, err)
    found |= _rows_read(served, told, tenant)
    if files:
        found |= dict(zip(files, desk.incoming.read(list(files.values()), limits), strict=True))
    return [found[number] for number in range(len(cases))]


def _rows_read(
    served: Served, rows: Mapping[int, tuple[str, dict[str, object]]], tenant: str
) -> dict[int, Document | Unreadable]:
    """Return rows as documents; transfers with what their accounts had done, all in one go."""
    asked = [row for _, row in rows.values()]
    told: Sequence[dict[str, object] | FlyballError] = asked
    if asked and served.remembered is not None:
        told = served.remembered.told(asked, tenant=tenant)
    found: dict[int, Document | Unreadable] = {}
    for (number, (name, _)), row in zip(rows.items(), told, strict=True):
        try:
            if isinstance(row, FlyballError):
                raise row
            found[number] = document_of_row(row, name=name)
        except FlyballError as err:
            found[number] = Unreadable.from_error(name, err)
    return found


def _count(figures: Figures, served: Served, outcomes: list[Outcome]) -> None:
    for _, issued, _ in outcomes:
        if issued is not None:
            people = any(field.outcome != "automated" for field in issued.decision.fields)
            figures.decided(served.name, refused=not issued.decision.verdict.allowed, for_people=people)


def _one(served: Served, outcome: Outcome) -> Whole:
    document, issued, problem = outcome
    if issued is None:
        raise Undecided(
            problem.message if problem else "The case could not be decided.",
            fix=problem.fix if problem else "Look at it by hand.",
            cause=problem.code if problem else "",
        )
    return json_reply({"ok": True, "decision": _shown(served, issued, document)})


def _told(served: Served, outcome: Outcome) -> Mapping[str, object]:
    document, issued, problem = outcome
    if issued is not None:
        return _shown(served, issued, document)
    if problem is None:
        raise Undecided("A case was neither decided nor refused.", fix="Report it.")
    return {
        "ok": False,
        "case": problem.name,
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
        "retry": problem.retry,
    }


def _shown(served: Served, issued: Issued, document: Document | None) -> dict[str, object]:
    return {"id": decision_id(served.name, issued.entry), **decision_as_json(issued, document)}


decisions = (decide, list_decisions, show_decision, show_text)
