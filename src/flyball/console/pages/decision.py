"""One decision: what was answered and why, on which words, under which duties, and what proves it."""

from dataclasses import dataclass

import msgspec

from flyball.console.charts.records import Chart, Step
from flyball.console.charts.waterfall import waterfall
from flyball.console.page import Asked, File, Page, Shown
from flyball.core.errors import FlyballError
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import Standing, standings
from flyball.evaluation.reports.phrases import value_words
from flyball.evaluation.traces.view import view_of_trace
from flyball.gateway.reporting import told_about
from flyball.gateway.reviewing import reviewer_of, visible_reports
from flyball.ledger.proofs import prove
from flyball.loop.decided import Known, UnknownDecision, decision_id, find_decision
from flyball.loop.decision_view import decision_view

__all__ = ["decision", "known_decision"]


@dataclass(frozen=True, slots=True)
class _Turned:
    """What was reported about one field, and what stands."""

    title: str
    reports: tuple[tuple[ReportedOutcome, str], ...]
    stands: str
    disputed: bool


def known_decision(asked: Asked) -> Known:
    """Return the decision that the path names, to somebody of its tenant.

    Raises
    ------
    UnknownDecision
    """
    desk, text = asked.desk, asked.path["entry"]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise UnknownDecision(
            f"{text[:60]!r} is not the number of a decision.",
            fix="Look for it by the name of the case: in the box in the head of the console, or with "
            "flyball lineage NAME.",
        )
    return find_decision(desk.served.workshop, int(text), asked.principal.tenant)


def _show(asked: Asked) -> Shown:
    desk, known = asked.desk, known_decision(asked)
    view = decision_view(desk.served.workshop, known)
    tenant = Wanted(tenant=asked.principal.tenant)
    row = next(iter(desk.history.decisions(tenant, after=view.entry - 1, limit=1)), None)
    waits = row is not None and row.entry == view.entry and row.waits
    return {
        "title": view.decision.case_name or view.decision.case_id,
        "view": view,
        "id": decision_id(desk.served.name, view.entry),
        "turned": _turned(asked, known, {one.field: one.title for one in view.answers}),
        "waits": waits,
        "may_review": asked.principal.may("review.read"),
        "trace": _trace(asked, known),
    }


def _turned(asked: Asked, known: Known, titles: dict[str, str]) -> list[_Turned]:
    """Return what was reported, as far as who asks may see it while readers have not all answered."""
    desk = asked.desk
    told = told_about(desk.served.workshop, desk.history, known.issued.entry)
    told = visible_reports(desk.reviews, known, told, reviewer_of(asked.principal))
    names = dict.fromkeys(one.name for one in told)
    standing = {one.name: one for one in standings(told)}
    return [_of(titles, [one for one in told if one.name == name], standing[name]) for name in names]


def _of(titles: dict[str, str], reports: list[ReportedOutcome], standing: Standing) -> _Turned:
    unit = next((one.unit for one in reports if one.answer == standing.answer), "")
    return _Turned(
        titles.get(standing.name, standing.name.replace("_", " ")),
        tuple((one, _words(one.answer, one.unit)) for one in reports),
        _words(standing.answer, unit) if standing.answer else "",
        standing.state == "disputed",
    )


def _words(answer: str, unit: str) -> str:
    try:
        return value_words(msgspec.json.decode(answer), unit)
    except msgspec.DecodeError:
        return answer


def _trace(asked: Asked, known: Known) -> tuple[Chart | None, str]:
    """Return the spans as a picture, or why there are none."""
    traces, entry = asked.desk.served.workshop.traces, known.issued.entry
    try:
        found = view_of_trace(traces, entry=entry, tenant=asked.principal.tenant)
    except FlyballError as err:
        return None, f"{err.message} {err.fix}"
    steps = [
        Step(one.name, one.offset_ms / 1000, one.ms / 1000, depth=one.depth, failed=bool(one.error))
        for one in found.spans
    ]
    words = "The parts of the work on this decision, by when each began and how long it took."
    return waterfall(steps, name="spans", title="Trace", description=words), ""


def _proof(asked: Asked) -> File:
    known = known_decision(asked)
    bundle = prove(asked.desk.served.workshop.ledger, known.issued.entry)
    return File(bundle.to_json(), f"proof-{known.issued.entry}.json", "application/json")


decision = Page(
    "Decision",
    "/d/{deployment}/decisions/{entry}",
    _show,
    scope="decisions.read",
    files={"proof.json": _proof},
)
