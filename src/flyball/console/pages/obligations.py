"""Duties on a timeline: what applied on a day, what changes between two, what comes."""

from datetime import date

from flyball.console.charts import Chart, Period, Reference, timeline
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.core.errors import BadInput, FlyballError
from flyball.loop.law_check import check_law
from flyball.loop.law_view import LawView, law_view, span_of

__all__ = ["obligations"]


def _show(asked: Asked) -> Shown:
    view = _view(asked)
    check, problem = None, ""
    try:
        check = check_law(asked.desk.served.workshop, view.on)
    except FlyballError as err:  # a folder that somebody is working on hides no duty
        problem = err.message
    return {"view": view, "charts": _charts_of(asked, view), "check": check, "problem": problem}


def _view(asked: Asked) -> LawView:
    on, against = (_day(asked.query.get(name, "")) for name in ("on", "against"))
    return law_view(asked.desk.served.workshop, on, against)


def _day(written: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as err:
        raise BadInput(f"{written[:40]!r} is not a day.", fix="Write it as YYYY-MM-DD.") from err


def _charts(asked: Asked) -> dict[str, Chart]:
    return _charts_of(asked, _view(asked))


def _charts_of(asked: Asked, view: LawView) -> dict[str, Chart]:
    in_force = {duty.key for duty in view.duties}
    rows = [
        Period(
            label=duty.title,
            start=duty.effective_from,
            end=duty.effective_to if duty.withdrawn_on is None else duty.withdrawn_on,
            note=duty.key,
            href=asked.link("obligations", duty.id),
            on=duty.key in in_force,
        )
        for duty in view.ever
    ]
    first, last = span_of(view)
    marks = [Reference(view.on, "today" if view.on == view.today else view.on.isoformat())]
    if view.on != view.today:
        marks.append(Reference(view.today, "today"))
    if view.against is not None:
        marks.append(Reference(view.against, view.against.isoformat()))
    chart = timeline(
        rows,
        name="duties",
        title="Duties of this deployment over time",
        description="Filled: in force on the day asked about. Outlined: at another time.",
        first=first,
        last=last,
        marks=marks,
        column="duty",
    )
    return {"duties": chart}


obligations = Page(
    "Obligations",
    "/d/{deployment}/obligations",
    _show,
    scope="governance.read",
    place=60,
    files=chart_files(_charts, "duties"),
)
