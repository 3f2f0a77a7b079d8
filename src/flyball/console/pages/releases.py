"""Every release of a deployment, which one answers what, and how a challenger compares."""

from flyball.console.charts import Chart, Dot, dots
from flyball.console.charts.records import Reference
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.loop.comparing import Compared
from flyball.loop.release_view import compared_now, releases_view

__all__ = ["releases"]

_MOST = 100


def _show(asked: Asked) -> Shown:
    view = releases_view(asked.desk.served.workshop)
    before = asked.query.get("before", "")
    if before and not before.isdecimal():
        raise BadInput(f"{before!r} is no number of an entry.", fix="Follow the link at the end of the list.")
    lines = [one for one in view.lines if not before or one.entry < int(before)]
    compared = compared_now(asked.desk.served.workshop) if view.traffic.challenge is not None else None
    return {
        "view": view,
        "lines": lines[:_MOST],
        "older": lines[_MOST - 1].entry if len(lines) > _MOST else None,
        "compared": compared,
        "charts": _charts(asked, compared),
        "may": asked.principal.may("releases"),
    }


def _charts(asked: Asked, compared: Compared | None = None) -> dict[str, Chart]:
    compared = compared or compared_now(asked.desk.served.workshop)
    if compared is None:
        return {}
    sides = (
        ("champion", compared.champion, compared.champion_right),
        ("challenger", compared.challenger, compared.challenger_right),
    )
    rows = [
        Dot(f"{name} {short(digest)}", value, href=asked.link("releases", short(digest)))
        for name, digest, value in sides
    ]
    right = dots(
        rows,
        name="right-answers",
        title="Share of right answers of a case",
        description="As seen in the cases whose outcome was reported; without an interval of its own.",
        unit="share",
        column="release",
    )
    difference = dots(
        [Dot("challenger minus champion", compared.difference)],
        name="difference",
        title="Difference in the share of right answers",
        description="The interval holds however often one looks; left of the line the challenger is worse.",
        unit="share",
        references=[Reference(0.0, "no difference")],
    )
    return {"right-answers": right, "difference": difference}


releases = Page(
    "Releases",
    "/d/{deployment}/releases",
    _show,
    scope="governance.read",
    place=40,
    files=chart_files(_charts, "right-answers", "difference"),
)
