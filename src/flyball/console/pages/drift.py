"""Drift: how far the decisions of each window are from what is normal, in what, and how accuracy went."""

from flyball.console.charts import Chart, Dot, Point, Reference, Series, dots, line
from flyball.console.keeping import chart_files
from flyball.console.page import Act, Asked, Go, NoSuchPage, Page, Shown
from flyball.core.errors import FlyballError
from flyball.core.text import count
from flyball.loop.drifting import DriftView, WindowShown, check_drift, drift_view

__all__ = ["drift"]

_MOST_COLUMNS = 20
_MOST_LOOKS = 50
"""In one request, some seconds of a processor; flyball drift and flyball watch take all that are due."""
_MOST_WINDOWS = 100
"""Of the newest; the ledger has the others."""


def _show(asked: Asked) -> Shown:
    view = _view(asked)
    if view is None:
        return {"view": None}
    return {
        "view": view,
        "chosen": _chosen(asked, view),
        "windows": view.windows[::-1][:_MOST_WINDOWS],
        "fields": _fields(view),
        "field": _field(asked, view),
        "titles": {one.key: one.title for one in asked.desk.served.workshop.deployment.fields},
        "charts": _charts_of(asked, view),
        "looking": asked.underway.since(_known_as(asked)),
        "most_looks": _MOST_LOOKS,
        "may": asked.principal.may("releases"),
    }


def _view(asked: Asked) -> DriftView | None:
    """Return what was seen as of a moment ago; None where it is being worked out for the first time.

    Raises
    ------
    FlyballError
        Why it cannot be worked out.
    """
    workshop, name = asked.desk.served.workshop, _known_as(asked)
    found = asked.worked_out({name: lambda: drift_view(workshop)})[name]
    if isinstance(found, FlyballError):
        raise found
    return found


def _known_as(asked: Asked) -> str:
    return f"drift of {asked.desk.served.name}"


def _look(asked: Asked) -> Go:
    """Look at every whole window that nobody has looked at, in the name of who asks."""
    workshop, name = asked.desk.served.workshop, _known_as(asked)
    with asked.underway.only(name, workshop.clock()) as mine:
        if not mine:
            return Go(asked.link("drift"), "Windows are being looked at already; load the page again.")
        before = workshop.ledger.size()
        view = check_drift(workshop.acting(asked.principal.id), at_most=_MOST_LOOKS)
    if asked.lately is not None:
        asked.lately.forget(name)
    new = [one for one in view.windows if one.entry >= before]
    drifted = sum(one.drifted is True for one in new)
    if not new:
        said = view.reason or f"no whole window waits; {count(view.waiting, 'decision')} since the last one"
        return Go(asked.link("drift"), f"Nothing to look at: {said}.")
    more = f" {count(view.due, 'look')} more {'is' if view.due == 1 else 'are'} due." if view.due else ""
    return Go(
        asked.link("drift"),
        f"Looked {count(len(new), 'time')}: {f'{drifted:,} drifted' if drifted else 'no drift'}.{more}",
    )


def _chosen(asked: Asked, view: DriftView) -> WindowShown | None:
    """Return the look that is asked for; by default the last one."""
    wanted = asked.query.get("entry", "")
    if not wanted:
        return view.windows[-1] if view.windows else None
    found = next((one for one in view.windows if str(one.entry) == wanted), None)
    if found is None:
        raise NoSuchPage(f"Entry {wanted[:20]} is no look at these windows.", fix="Choose one of the list.")
    return found


def _fields(view: DriftView) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.field for one in view.accuracy))


def _field(asked: Asked, view: DriftView) -> str:
    known, wanted = _fields(view), asked.query.get("field", "")
    return wanted if wanted in known else known[0] if known else ""


def _charts(asked: Asked) -> dict[str, Chart]:
    view = _view(asked)
    return {} if view is None else _charts_of(asked, view)


def _charts_of(asked: Asked, view: DriftView) -> dict[str, Chart]:
    made = [_over_time(asked, view)]
    chosen = _chosen(asked, view)
    if chosen is not None:
        made.append(_columns(chosen, view))
    field = _field(asked, view)
    if field:
        made.append(_accuracy(asked, view, field))
    return {one.name: one for one in made}


def _over_time(asked: Asked, view: DriftView) -> Chart:
    looks = view.windows[-_MOST_WINDOWS:]
    lengths = list(dict.fromkeys(one.windows for one in looks))
    series = [
        Series(
            "one window" if length == 1 else f"{length} windows together",
            tuple(
                Point(one.number, one.effect, asked.link("drift", entry=one.entry))
                for one in looks
                if one.windows == length
            ),
        )
        for length in lengths
    ]
    return line(
        series,
        name="drift-over-time",
        title="Share of decisions that differ from what is normal",
        description=f"The column that differs most, with its interval, by window; {len(looks)} looks.",
        unit="share",
        x_title="up to window",
        references=[Reference(view.smallest_effect, "smallest that matters")],
        from_zero=True,
    )


def _columns(chosen: WindowShown, view: DriftView) -> Chart:
    signs = {True: "drifted", False: "no drift", None: "not compared"}
    rows = [
        Dot(f"{one.name} ({signs[one.drifted]})", one.effect, note=one.what or one.reason)
        for one in chosen.columns[:_MOST_COLUMNS]
    ]
    return dots(
        rows,
        name="columns",
        title=f"What differs up to window {chosen.number}",
        description="Share of decisions that differ in each column, with its interval; most important first.",
        unit="share",
        column="column",
        references=[Reference(view.smallest_effect, "smallest that matters")],
        from_zero=True,
    )


def _accuracy(asked: Asked, view: DriftView, field: str) -> Chart:
    mine = [one for one in view.accuracy if one.field == field][-_MOST_WINDOWS:]
    link = asked.link("decisions", field=field)
    return line(
        [
            Series(
                "as confidences promise",
                tuple(Point(one.number, one.figures.estimated, link) for one in mine),
            ),
            Series("as labels say", tuple(Point(one.number, one.figures.realised, link) for one in mine)),
        ],
        name="accuracy",
        title=f"Right answers, window by window: {field}",
        description="What the confidences promise, before any label came, beside what labels then said.",
        unit="share",
        x_title="window",
    )


drift = Page(
    "Drift",
    "/d/{deployment}/drift",
    _show,
    scope="governance.read",
    place=50,
    live=True,
    acts={"look": Act("releases", _look)},
    files=chart_files(_charts, "drift-over-time", "columns", "accuracy"),
)
