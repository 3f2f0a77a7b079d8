"""The difference of two releases: parts, promises, measures, and the lines that changed."""

from flyball.console.charts import Chart, Dot, dots
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate
from flyball.loop.release_view import DifferenceView, difference_view, releases_view
from flyball.loop.releases import find_release

__all__ = ["difference"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    view = _view(asked)
    return {
        "title": f"From {short(view.before.digest)} to {short(view.after.digest)}",
        "view": view,
        "lines": releases_view(workshop).lines[:200],
        "charts": _charts_of(view),
    }


def _view(asked: Asked) -> DifferenceView:
    workshop = asked.desk.served.workshop
    before, after = asked.query.get("before", ""), asked.query.get("after", "")
    if not before or not after:
        raise BadInput("Two releases are needed.", fix="Choose both in the list of releases.")
    return difference_view(
        workshop, find_release(workshop.state, before), find_release(workshop.state, after)
    )


def _charts(asked: Asked) -> dict[str, Chart]:
    return _charts_of(_view(asked))


def _charts_of(view: DifferenceView) -> dict[str, Chart]:
    rows: list[Dot] = []
    for title, was, now, unit in view.tested:
        if unit.startswith("share") and isinstance(was, Estimate) and isinstance(now, Estimate):
            rows += [Dot(f"{title}: before", was), Dot("after", now)]
    if not rows:
        return {}
    chart = dots(
        rows,
        name="tested-shares",
        title="Shares measured on each release's own test",
        description="Each with its interval at 95 %. The two tests may have had other cases.",
        unit="share",
        column="measure",
        from_zero=True,
    )
    return {"tested-shares": chart}


difference = Page(
    "Difference",
    "/d/{deployment}/difference",
    _show,
    scope="governance.read",
    files=chart_files(_charts, "tested-shares"),
    under="releases",
)
