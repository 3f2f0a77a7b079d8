"""The KPIs of a deployment: measured over its own decisions, and written down where that is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from flyball.core.errors import UnknownName
from flyball.core.tracing import traced
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.behind import Behind, decisions_behind
from flyball.evaluation.kpis.checking import CheckedKpi, checked_kpis
from flyball.evaluation.kpis.measure import By, Group
from flyball.evaluation.kpis.records import KpisView, Stated
from flyball.evaluation.kpis.saving import Compared, measured_kpis
from flyball.loop.traffic import traffic_steps
from flyball.loop.workshop import Workshop

__all__ = ["KPI_MEASURED", "kpi_decisions", "kpis_of", "kpis_view", "record_kpis"]

KPI_MEASURED = "kpi.measured"
"""Kind of the ledger entries that hold measured KPIs."""


def kpis_of(workshop: Workshop) -> dict[str, CheckedKpi]:
    """Return the KPIs that the deployment declares, checked.

    Raises
    ------
    BadFormula
        One of them cannot be measured; the message says where.
    """
    fields = [field.key for field in workshop.deployment.fields]
    return checked_kpis(workshop.deployment.settings.kpi, fields)


@traced("kpi", minor=True)
def kpis_view(
    workshop: Workshop,
    *,
    tenant: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    by: By = "",
    names: Sequence[str] = (),
) -> KpisView:
    """Measure the KPIs of a deployment.

    Parameters
    ----------
    workshop : Workshop
    tenant : str or None
        Only the decisions of this one; None for those of all.
    since, until : datetime or None
        UTC; from the first, before the second.
    by : {"", "day", "week", "month"}
        Also period by period.
    names : sequence of str
        Which; () for all.

    Returns
    -------
    KpisView

    Raises
    ------
    BadFormula, UnknownName, BadInput
    """
    kpis = _known(workshop, names)
    size = workshop.ledger.size()
    wanted = Wanted(tenant=tenant, since=since, until=until)
    chosen = [one for name, one in kpis.items() if not names or name in names]
    found = measured_kpis(
        workshop.history,
        [(one, _compared(workshop, one, wanted)) for one in chosen],
        wanted,
        minutes=_minutes(workshop),
        by=by,
    )
    return KpisView(
        deployment=workshop.deployment.name,
        since=since,
        until=until,
        by=by,
        measured_at=workshop.clock(),
        ledger_size=size,
        decisions=workshop.history.count(wanted, at_most=2**62).n,
        kpis=found,
    )


def kpi_decisions(
    workshop: Workshop,
    name: str,
    wanted: Wanted,
    *,
    part: int = 1,
    unknown: bool = False,
    after: int = -1,
    limit: int = 50,
) -> Behind:
    """Return decisions behind a KPI, page by page; see `decisions_behind`.

    Raises
    ------
    BadFormula, UnknownName, BadInput
    """
    checked = _known(workshop, [name])[name]
    return decisions_behind(
        workshop.history,
        checked,
        wanted,
        minutes=_minutes(workshop),
        part=part,
        unknown=unknown,
        after=after,
        limit=limit,
    )


def _known(workshop: Workshop, names: Sequence[str]) -> dict[str, CheckedKpi]:
    kpis = kpis_of(workshop)
    unknown = [name for name in names if name not in kpis]
    if unknown:
        raise UnknownName(
            f"The deployment {workshop.deployment.name} has no KPI {unknown[0]!r}.",
            fix=f"Known: {', '.join(kpis) or 'none; declare one as [[kpi]] in flyball.toml'}.",
            kpi=unknown[0],
        )
    return kpis


def _minutes(workshop: Workshop) -> dict[str, float]:
    return {field.key: field.minutes for field in workshop.deployment.fields}


def record_kpis(workshop: Workshop, view: KpisView) -> int:
    """Write measured KPIs to the ledger.

    Returns
    -------
    int
        Index of the entry.
    """
    kept = replace(view, kpis=tuple(replace(one, series=()) for one in view.kpis))
    return workshop.ledger.append(kind=KPI_MEASURED, actor=workshop.actor, body=kept).index


def _compared(workshop: Workshop, checked: CheckedKpi, wanted: Wanted) -> Compared | None:
    about = checked.settings.baseline
    if about is None:
        return None
    if about.value is not None:
        stated = Stated(about.value, about.low, about.high)
        return Compared("value", f"stated: {about.source}", stated=stated)
    kind, _, name = about.control.partition(":")
    if kind == "canary":
        return _canary(workshop, wanted)
    if kind in ("release", "tenant"):
        one = replace(wanted, release=name) if kind == "release" else replace(wanted, tenant=name)
        return Compared(
            "release" if kind == "release" else "tenant",
            f"decisions of {kind} {name}, not chosen at random",
            current=Group((wanted,), (one,)),
            baseline=Group((one,)),
        )
    before = replace(wanted, since=_midnight(about.since), until=_midnight(about.until))
    return Compared(
        "period",
        f"decisions from {about.since} to {about.until}: before and after, other things may have changed too",
        current=Group((wanted,), (before,)),
        baseline=Group((before,)),
    )


def _canary(workshop: Workshop, wanted: Wanted) -> Compared:
    """Compare what a share of the cases got from a new release with what the others got meanwhile."""
    steps = traffic_steps(workshop.ledger)
    ends = [at for _, at, _ in steps[1:]] + [workshop.clock()]
    new, old = [], []
    for (_, at, traffic), end in zip(steps, ends, strict=False):
        one = traffic.challenge
        if one is None or one.mode != "canary" or one.tenants or not 0.0 < one.share < 1.0:
            continue
        since = at if wanted.since is None else max(at, wanted.since)
        until = end if wanted.until is None else min(end, wanted.until)
        if since < until:
            new.append(replace(wanted, since=since, until=until, release=one.release))
            old.append(replace(wanted, since=since, until=until, release=one.against))
    about = "cases that the release in place answered while chance sent a share of them to a new one"
    if not new:
        return Compared(
            "canary", about, causal=True, missing="no share of the cases went to a new release in this period"
        )
    return Compared("canary", about, causal=True, current=Group(tuple(new)), baseline=Group(tuple(old)))


def _midnight(day: object) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)  # type: ignore[arg-type]
