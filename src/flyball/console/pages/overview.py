"""One deployment at a glance: what it is worth, what it promises, what it spends, and what needs somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from flyball.console.asking import link_for
from flyball.console.charts.line import line
from flyball.console.charts.records import Chart, Point, Series
from flyball.console.charts.sparkline import sparkline
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.console.pages.decisions import tells_reports
from flyball.console.pages.home import places_of, waiting_of
from flyball.core.errors import FlyballError
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.records import Kpi, KpisView
from flyball.evaluation.objectives.records import ObjectiveState
from flyball.gateway.house import Served
from flyball.loop.kpis import kpis_view
from flyball.loop.money import Spending, spending_of
from flyball.loop.objectives import ObjectivesView, objectives_view
from flyball.loop.picture import LoopView, loop_view

__all__ = ["overview"]

_DAYS = 30
_No = FlyballError | None
"""Why something is not known, or None where it is being worked out."""


@dataclass(frozen=True, slots=True)
class _Days:
    """What was decided in the last days."""

    decisions: int
    automated: int
    since: datetime
    chart: Chart
    href: str
    href_automated: str


def _show(asked: Asked) -> Shown:
    served = asked.desk.served
    workshop, name = served.workshop, served.name
    kpis, objectives, loop, days = _looked_at(asked, served)
    view = loop if isinstance(loop, LoopView) else None
    return {
        "title": name,
        "about": workshop.deployment.settings.deployment,
        "loop": view,
        "waiting": waiting_of(asked, served, view),
        "places": places_of(asked, name, view),
        "coming": [
            name
            for name, found in (("kpis", kpis), ("objectives", objectives), ("days", days))
            if found is None
        ],
        "kpis": _kpis(asked, kpis) if isinstance(kpis, KpisView) else (),
        "kpis_problem": _why(kpis),
        "kpis_at": kpis.measured_at if isinstance(kpis, KpisView) else None,
        "objectives": _objectives(asked, objectives) if isinstance(objectives, ObjectivesView) else (),
        "objectives_problem": _why(objectives),
        "alerts": [one for one in objectives.alerts if one.state != "resolved"]
        if isinstance(objectives, ObjectivesView)
        else (),
        "governs": asked.principal.may("governance.read"),
        "spending": _spending(asked, served),
        "tenant": asked.principal.tenant,
        "days": days if isinstance(days, _Days) else None,
        "days_problem": _why(days),
    }


def _looked_at(
    asked: Asked, served: Served
) -> tuple[KpisView | _No, ObjectivesView | _No, LoopView | _No, _Days | _No]:
    workshop, tenant, name = served.workshop, asked.principal.tenant, served.name
    kpis, objectives, loop = f"kpis/{name}/{tenant}", f"slo/{name}", f"loop/{name}"
    days = f"days/{name}/{tenant}"
    found: Mapping[str, Any] = asked.worked_out(
        {
            loop: partial(loop_view, workshop),
            days: partial(_days, asked, workshop.history, workshop.clock()),
            kpis: partial(kpis_view, workshop, tenant=tenant, by="week"),
            objectives: partial(objectives_view, workshop),
        }
    )
    return found[kpis], found[objectives], found[loop], found[days]


def _why(found: object) -> str:
    return f"{found.message} {found.fix}" if isinstance(found, FlyballError) else ""


def _kpis(asked: Asked, view: KpisView) -> list[tuple[Kpi, str, str, Chart]]:
    """Return each KPI with where its decisions are, where those of its baseline are, and its line."""

    def behind(of: Wanted | None) -> str:
        if of is None or not asked.principal.may("decisions.read"):
            return ""
        return asked.link("decisions", **link_for(of))

    return [
        (one, behind(one.of), behind(one.baseline.of if one.baseline else None), _line_of(one))
        for one in view.kpis
    ]


def _line_of(one: Kpi) -> Chart:
    return sparkline(
        [each.estimate for each in one.series[-26:]],
        name=f"kpi-{one.name}",
        title=f"{one.title}, week by week",
        description=f"The last {len(one.series[-26:])} weeks.",
    )


def _objectives(asked: Asked, view: ObjectivesView) -> list[tuple[ObjectiveState, str, str, Chart]]:
    """Return each objective with where its records are, what they are called, and its window."""
    return [(one, *_records_of(asked, one), _window_of(one)) for one in view.objectives]


def _records_of(asked: Asked, one: ObjectiveState) -> tuple[str, str]:
    """Return where what an objective counts can be looked at; "" where there is no list of it."""
    if one.entry is not None and asked.principal.may("governance.read"):
        return asked.link("ledger", one.entry), "The entry of the ledger"
    if not asked.principal.may("decisions.read"):
        return "", ""
    since = (one.measured_at - timedelta(days=one.window_days)).date()
    if one.indicator == "cost":
        return asked.link("decisions", since=since), "The decisions"
    if one.indicator == "quality" and tells_reports(asked):
        return asked.link("decisions", reported="yes"), "The decisions with an outcome"
    return "", ""


def _window_of(one: ObjectiveState) -> Chart:
    values = [
        NotMeasured("nothing happened") if each.value is None else Estimate(each.value, max(1, each.n))
        for each in one.points
    ]
    return sparkline(values, name=f"slo-{one.name}", title=f"{one.title}, over its window", description="")


def _spending(asked: Asked, served: Served) -> Sequence[Spending] | FlyballError:
    """Return the budgets of the deployment and of the tenant of who asks, and of no other tenant."""
    try:
        spending = spending_of(served.workshop)
    except FlyballError as err:
        return err
    return [one for one in spending if one.tenant in ("", asked.principal.tenant)]


def _days(asked: Asked, history: History, now: datetime) -> _Days:
    since = datetime.combine((now - timedelta(days=_DAYS - 1)).date(), time(), UTC)
    table = history.by_period(Wanted(tenant=asked.principal.tenant, since=since))
    rows = {one["start"].date(): one for one in table.to_pylist()}
    days = [(since + timedelta(days=number)).date() for number in range(_DAYS)]
    series = [
        Series(
            title,
            tuple(
                Point(
                    day,
                    _count(rows.get(day), column),
                    asked.link("decisions", since=day, until=day, alone=alone),
                )
                for day in days
            ),
        )
        for title, column, alone in (("decided", "decisions", ""), ("without a person", "automated", "yes"))
    ]
    chart = line(
        series,
        name="decisions-by-day",
        title="Decisions by day",
        description=f"The last {_DAYS} days, UTC. Every decision is counted, so there is no interval.",
        x_title="day",
        from_zero=True,
    )
    total = sum(one["decisions"] for one in rows.values())
    automated = sum(one["automated"] for one in rows.values())
    every = asked.link("decisions", since=since.date())
    alone = asked.link("decisions", since=since.date(), alone="yes")
    return _Days(total, automated, since, chart, every, alone)


def _count(row: Mapping[str, int] | None, column: str) -> Estimate:
    return Estimate(0.0, 1) if row is None else Estimate(float(row[column]), max(1, row["decisions"]))


def _charts(asked: Asked) -> dict[str, Chart]:
    workshop = asked.desk.served.workshop
    return {"decisions-by-day": _days(asked, workshop.history, workshop.clock()).chart}


overview = Page(
    "Overview",
    "/d/{deployment}",
    _show,
    place=10,
    live=True,
    files=chart_files(_charts, "decisions-by-day"),
)
