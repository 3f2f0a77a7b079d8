"""What the checks of a release show about each duty, which duties nothing shows, and packs for auditors."""

from flyball.console.charts import Bar, Chart, bars
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, Page, Shown
from flyball.core.digests import short
from flyball.loop.packs_view import packs_view
from flyball.loop.release_view import Evidence, evidence_of_release
from flyball.loop.releases import find_release, live_release
from flyball.loop.stages.obligations import catalogue_of

__all__ = ["evidence"]

_STANDINGS = {
    "met": "met: all its checks passed",
    "partly": "partly: its checks passed, and show part of it",
    "watched": "watched: rules look for it, people judge",
    "not_met": "not met: a check failed",
    "not_covered": "not covered: a check is missing",
}


def _show(asked: Asked) -> Shown:
    digest, found = _found(asked)
    return {
        "title": f"Evidence for release {short(digest)}" if digest else "Evidence",
        "digest": digest,
        "found": found,
        "charts": _charts_of(found),
        "titles": {
            one.key: one.title for one in catalogue_of(asked.desk.served.workshop.deployment).obligations
        },
        "records": {} if found is None else {one.id: one for one in found.records},
        "packs": packs_view(asked.desk.served.workshop),
    }


def _found(asked: Asked) -> tuple[str, Evidence | None]:
    workshop = asked.desk.served.workshop
    wanted = asked.query.get("release", "")
    live = live_release(workshop.ledger)
    digest = find_release(workshop.state, wanted) if wanted else "" if live is None else live.release
    return digest, evidence_of_release(workshop, digest) if digest else None


def _charts(asked: Asked) -> dict[str, Chart]:
    return _charts_of(_found(asked)[1])


def _charts_of(found: Evidence | None) -> dict[str, Chart]:
    if found is None:
        return {}
    standings: list[str] = [one.standing for one in found.coverage]
    chart = bars(
        [Bar(words, standings.count(name)) for name, words in _STANDINGS.items()],
        name="duties-by-standing",
        title="Duties by what the evidence says",
        description=f"{len(standings)} duties were in force when the gate was asked.",
        column="standing",
    )
    return {"duties-by-standing": chart}


evidence = Page(
    "Evidence",
    "/d/{deployment}/evidence",
    _show,
    scope="governance.read",
    place=65,
    files=chart_files(_charts, "duties-by-standing"),
)
