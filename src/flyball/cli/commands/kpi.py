"""`flyball kpi`: the figures by which the business judges a deployment, each with its interval."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.cli.times import time_of
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured, as_plain
from flyball.core.text import count
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.behind import Behind
from flyball.evaluation.kpis.records import Kpi, KpisView, Stated
from flyball.loop.decided import decision_id, entry_of_id
from flyball.loop.kpis import kpi_decisions, kpis_view, record_kpis

__all__ = ["command"]

_HELD = {
    "period": "before and after, not proof of cause",
    "canary": "chosen at random",
    "release": "not chosen at random",
    "tenant": "not chosen at random",
    "value": "stated, not measured",
}


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which KPIs; all by default.", show_default=False)
    ] = None,
    on: Annotated[str | None, typer.Option("--on", help="One day, UTC: 2026-03-31.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day or time on, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or time, UTC.")] = None,
    by: Annotated[
        Literal["day", "week", "month"] | None,
        typer.Option("--by", help="Also period by period: day, week or month."),
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only the decisions of this one.")] = None,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Instead: which decisions one KPI rests on, page by page.")
    ] = False,
    part: Annotated[
        int, typer.Option("--part", help="With --decisions: which total of the formula.", min=1)
    ] = 1,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="With --decisions: those left out of it as not known.")
    ] = False,
    after: Annotated[
        str | None, typer.Option("--after", help="With --decisions: those behind this one.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="With --decisions: at most so many.", min=1, max=1_000_000)
    ] = 50,
    record: Annotated[bool, typer.Option("--record", help="Write the figures to the ledger.")] = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the KPIs that flyball.toml declares, with intervals, and what was saved."""
    output = Output(json)
    begin, end = _period(on, since, until)
    with open_workshop(deployment, output, person) as workshop:
        if decisions:
            if len(names or ()) != 1:
                raise BadInput("--decisions is about one KPI.", fix="flyball kpi NAME --decisions")
            behind = kpi_decisions(
                workshop,
                (names or [""])[0],
                Wanted(tenant=tenant, since=begin, until=end),
                part=part,
                unknown=unknown,
                after=-1 if after is None else entry_of_id(after)[1],
                limit=limit,
            )
            _show_behind(output, behind, workshop.deployment.name, json=json)
            return
        view = kpis_view(
            workshop, tenant=tenant, since=begin, until=end, by=by or "", names=tuple(names or ())
        )
        entry = record_kpis(workshop, view) if record else None
    if json:
        output.json(_as_json(view, entry))
        return
    _show(output, view)
    if entry is not None:
        output.text(f"Written down as ledger entry {entry}.")


def _show(output: Output, view: KpisView) -> None:
    if not view.kpis:
        output.text(escape("No KPI is declared. Write one as [[kpi]] in flyball.toml; see docs/kpis.md."))
        return
    output.text(f"[bold]{escape(view.deployment)}[/]: {count(view.decisions, 'decision')}{_in_period(view)}")
    output.table(
        ["KPI", ">value", ">from", ">to", "unit", ">n"],
        ([kpi.title, *_cells(kpi.estimate), kpi.unit, _n(kpi.estimate)] for kpi in view.kpis),
    )
    for kpi in view.kpis:
        for line in _lines(kpi):
            output.text(f"[dim]{escape(kpi.title)}:[/] {escape(line)}")
    if view.by:
        output.table(
            ["KPI", view.by, ">value", ">from", ">to", ">n"],
            (
                [kpi.title, f"{one.since:%Y-%m-%d}", *_cells(one.estimate), _n(one.estimate)]
                for kpi in view.kpis
                for one in kpi.series
            ),
        )


def _show_behind(output: Output, behind: Behind, deployment: str, *, json: bool) -> None:
    ids = [decision_id(deployment, entry) for entry in behind.entries]
    further = ids[-1] if behind.more else None
    if json:
        output.json(
            {
                "ok": True,
                "part": behind.part,
                "unknown": behind.unknown,
                "decisions": ids,
                "n": behind.n,
                "next": further,
            }
        )
        return
    how = "left out of" if behind.unknown else "in"
    output.text(escape(f"{count(behind.n, 'decision')} {how} {behind.part}."))
    for one in ids:
        output.text(escape(one))
    if further:
        output.text(escape(f"There are more: add --after {further}."))


def _lines(kpi: Kpi) -> list[str]:
    if isinstance(kpi.estimate, Estimate):
        found = [f"{count(n, 'decision')} left out of {said}: not known (yet)." for said, n in kpi.unknown]
    else:
        found = [f"not measured: {kpi.estimate.reason}."]
    found += list(kpi.notes)
    baseline, saving = kpi.baseline, kpi.saving
    if baseline is None or saving is None:
        return found
    found.append(f"baseline {_written(baseline.estimate, kpi.unit)}; {baseline.about}.")
    held = _HELD[baseline.against]
    if isinstance(saving.each, NotMeasured):
        return [*found, f"what was saved is not measured: {saving.each.reason}."]
    found.append(f"better by {_written(saving.each, kpi.unit)} ({held}).")
    if saving.total is not None:
        found.append(f"in all {_written(saving.total, saving.total_unit)} ({held}).")
    return found


def _written(found: Estimate | NotMeasured | Stated, unit: str) -> str:
    if isinstance(found, NotMeasured):
        return f"not measured: {found.reason}"
    ends = (found.low, found.high)
    within = f" [{', '.join(_figure(end) for end in ends if end is not None)}]" if None not in ends else ""
    return f"{_figure(found.value)}{within} {unit}".rstrip()


def _as_json(view: KpisView, entry: int | None) -> dict[str, object]:
    return {
        "ok": True,
        "deployment": view.deployment,
        "since": view.since,
        "until": view.until,
        "decisions": view.decisions,
        "measured_at": view.measured_at,
        "ledger_size": view.ledger_size,
        "entry": entry,
        "kpis": [_kpi_as_json(one) for one in view.kpis],
    }


def _kpi_as_json(kpi: Kpi) -> dict[str, object]:
    baseline, saving = kpi.baseline, kpi.saving
    return {
        "name": kpi.name,
        "title": kpi.title,
        "formula": kpi.formula,
        "unit": kpi.unit,
        "better": kpi.better,
        **as_plain(kpi.estimate),
        "unknown": [{"part": said, "decisions": n} for said, n in kpi.unknown],
        "notes": list(kpi.notes),
        "entries": list(kpi.entries),
        "totals": [{"part": said, "decisions": n} for said, n in kpi.totals],
        "decisions": _asked(kpi.of),
        "series": [{"since": one.since, "until": one.until, **as_plain(one.estimate)} for one in kpi.series],
        "baseline": None
        if baseline is None
        else {
            "against": baseline.against,
            "about": baseline.about,
            "causal": baseline.causal,
            **_plain(baseline.estimate),
            "compared": as_plain(baseline.compared),
            "decisions": None if baseline.of is None else _asked(baseline.of),
        },
        "savings": None
        if saving is None
        else {
            "each": as_plain(saving.each),
            "total": None if saving.total is None else as_plain(saving.total),
            "total_unit": saving.total_unit,
            "volume": saving.volume,
        },
    }


def _plain(found: Estimate | NotMeasured | Stated) -> dict[str, object]:
    if isinstance(found, Stated):  # rests on no decision here
        return {"value": found.value, "low": found.low, "high": found.high, "n": None}
    return as_plain(found)


def _asked(wanted: Wanted) -> dict[str, object]:
    return {
        "tenant": wanted.tenant,
        "since": wanted.since,
        "until": wanted.until,
        "release": wanted.release or None,
    }


def _cells(found: Estimate | NotMeasured) -> list[str]:
    if not isinstance(found, Estimate):
        return ["not measured", "", ""]
    ends = (found.low, found.high)
    return [_figure(found.value), *("" if end is None else _figure(end) for end in ends)]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.4g}"


def _n(found: Estimate | NotMeasured) -> str:
    return f"{found.n:,}" if isinstance(found, Estimate) else ""


def _in_period(view: KpisView) -> str:
    since = f" from {view.since:%Y-%m-%d %H:%M}" if view.since else ""
    until = f" before {view.until:%Y-%m-%d %H:%M}" if view.until else ""
    return f"{since}{until}{' UTC' if since or until else ''}"


def _period(on: str | None, since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    if on is not None and (since is not None or until is not None):
        raise BadInput("--on is one day; --since and --until are a period.", fix="Give one or the other.")
    if on is not None:
        day = datetime.combine(time_of("--on", on).date(), time(), UTC)
        if day.date() == date.max:
            raise BadInput(f"--on has no day after {on}.", fix="Write 2026-03-31.")
        return day, day + timedelta(days=1)
    return time_of("--since", since), time_of("--until", until)
