"""One release: what it is made of, what its gate said, who signed, and what can be done with it."""

from flyball.console.charts import Chart, Dot, dots
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.core.digests import short
from flyball.core.estimates import Estimate
from flyball.loop.release_view import ReleaseView, release_view
from flyball.loop.releases import find_release
from flyball.loop.traffic import traffic_now

__all__ = ["release"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    view = release_view(workshop, digest)
    traffic = traffic_now(workshop.ledger)
    return {
        "title": f"Release {short(digest)}",
        "view": view,
        "traffic": traffic,
        "charts": _charts_of(view),
        "tested": [] if view.tested is None else list(view.tested.metrics.values()),
        "acts": _acts(view, traffic.champion, traffic.challenge is not None)
        if asked.principal.may("releases")
        else (),
    }


def _acts(view: ReleaseView, champion: str, challenged: bool) -> tuple[tuple[str, str], ...]:
    """Return what can be done with a release in its state: name of the act, words of its link."""
    state = view.line.state
    if state == "live":
        return (("back", "Go back to the one before"),) if view.promotions[0].before else ()
    if state in ("shadow", "canary"):
        end = ("stop", f"End the {state}")
        grow = ("canary", "Let it answer some cases" if state == "shadow" else "Change its share")
        return (
            (("promote", "Put it live"), grow, end)
            if state == "canary"
            else (("promote", "Put it live"), end)
        )
    acts = [("promote", "Put it live")]
    if champion and not challenged:
        acts += [("shadow", "Try it in the shadow"), ("canary", "Let it answer some cases")]
    if state == "was live":
        acts.append(("back", "Go back to it"))
    return tuple(acts)


def _charts(asked: Asked) -> dict[str, Chart]:
    workshop = asked.desk.served.workshop
    return _charts_of(release_view(workshop, find_release(workshop.state, asked.path["release"])))


def _charts_of(view: ReleaseView) -> dict[str, Chart]:
    if view.tested is None:
        return {}
    rows = [
        Dot(one.title, one.estimate, one.unit)
        for one in view.tested.metrics.values()
        if one.unit.startswith("share") and isinstance(one.estimate, Estimate)
    ]
    chart = dots(
        rows,
        name="tested-shares",
        title="Shares measured on the release's own test",
        description=f"On {view.tested.n_cases:,} labelled cases, each with its interval at 95 %.",
        unit="share",
        column="measure",
        from_zero=True,
    )
    return {"tested-shares": chart}


release = Page(
    "Release",
    "/d/{deployment}/releases/{release}",
    _show,
    scope="governance.read",
    files=chart_files(_charts, "tested-shares"),
)
