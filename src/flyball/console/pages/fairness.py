"""How releases decided about groups of people: shares with intervals, ratios, and how both went over time."""

from collections.abc import Sequence

from flyball.console.charts import Chart, Dot, Point, Reference, Series, dots, line
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, NoSuchPage, Page, Shown
from flyball.core.digests import short
from flyball.loop.by_group import TraitShares
from flyball.loop.fairness_view import Comparison, FairnessView, fairness_view

__all__ = ["fairness"]

_NAMES = ("ratios", "yes-by-group", "person-by-group", "yes-over-time", "ratio-over-time")


def _show(asked: Asked) -> Shown:
    view = fairness_view(asked.desk.served.workshop)
    chosen = _chosen(asked, view)
    latest, trait = (None, None) if chosen is None else chosen
    return {
        "view": view,
        "latest": latest,
        "trait": trait,
        "titles": {one.key: one.title for one in asked.desk.served.workshop.deployment.fields},
        "charts": _charts_of(asked, view, chosen),
    }


def _chosen(asked: Asked, view: FairnessView) -> tuple[Comparison, TraitShares] | None:
    """Return the comparison and the trait that are asked for; by default the newest and its first."""
    if not view.comparisons:
        return None
    entry = asked.query.get("entry", "")
    latest = next((one for one in view.comparisons if str(one.entry) == entry), None)
    if entry and latest is None:
        raise NoSuchPage(f"Entry {entry[:20]} is no comparison by group.", fix="Choose one of the list.")
    latest = latest or view.comparisons[0]
    if not latest.traits:
        return None
    field, trait = asked.query.get("field", ""), asked.query.get("trait", "")
    if not field and not trait:
        return latest, latest.traits[0]
    found = latest.of(field, trait)
    if found is None:
        raise NoSuchPage(
            f"{field[:60]!r} by {trait[:60]!r} was not compared.", fix="Choose one of the list of traits."
        )
    return latest, found


def _charts(asked: Asked) -> dict[str, Chart]:
    view = fairness_view(asked.desk.served.workshop)
    return _charts_of(asked, view, _chosen(asked, view))


def _charts_of(
    asked: Asked, view: FairnessView, chosen: tuple[Comparison, TraitShares] | None
) -> dict[str, Chart]:
    if chosen is None:
        return {}
    latest, trait = chosen
    what = f"{trait.field} by {trait.trait}"
    made = [
        _ratios(asked, latest),
        _by_group(trait, "yes", what),
        _by_group(trait, "person", what),
        *_over_time(asked, view.comparisons, trait, what),
    ]
    return {chart.name: chart for chart in made}


def _ratios(asked: Asked, latest: Comparison) -> Chart:
    rows = [
        Dot(
            f"{one.field} by {one.trait}",
            one.ratio,
            note=f"{one.lowest or 'unnamed'} to {one.highest or 'unnamed'}" if one.lowest else "",
            href=asked.link("fairness", entry=latest.entry, field=one.field, trait=one.trait),
        )
        for one in latest.traits
    ]
    return dots(
        rows,
        name="ratios",
        title="Ratio of yes: the group with least to the group with most",
        description="1 means the same share. With intervals at 95 %; read it beside the share of yes.",
        column="trait",
        references=[Reference(1.0, "the same")],
    )


def _by_group(trait: TraitShares, which: str, what: str) -> Chart:
    yes = which == "yes"
    overall = [Dot("all", trait.yes_of_all)] if yes else []
    rows = [
        Dot(f"{one.group or 'not in the file'} (n = {one.n:,})", getattr(one, which)) for one in trait.groups
    ]
    return dots(
        [*overall, *rows],
        name="yes-by-group" if yes else "person-by-group",
        title=f"{'Answered yes by a machine' if yes else 'Sent to a person'}: {what}",
        description="Share of the cases of each group, with its interval at 95 %.",
        unit="share",
        column="group",
        from_zero=True,
    )


def _over_time(
    asked: Asked, comparisons: Sequence[Comparison], trait: TraitShares, what: str
) -> tuple[Chart, Chart]:
    then = [(one, found) for one in reversed(comparisons) if (found := one.of(trait.field, trait.trait))]
    names = list(dict.fromkeys(group.group for _, found in then for group in found.groups))[:6]
    series = [
        Series(
            name or "not in the file",
            tuple(
                Point(one.at, group.yes, asked.link("fairness", entry=one.entry))
                for one, found in then
                for group in found.groups
                if group.group == name
            ),
        )
        for name in names
    ]
    events = [
        Reference(one.at, short(one.release))
        for place, (one, _) in enumerate(then)
        if place and then[place - 1][0].release != one.release
    ]
    yes = line(
        series,
        name="yes-over-time",
        title=f"Answered yes by a machine, over time: {what}",
        description="Each time that groups were compared; a dotted line: from there on another release.",
        unit="share",
        events=events,
    )
    points = tuple(Point(one.at, found.ratio, asked.link("fairness", entry=one.entry)) for one, found in then)
    ratio = line(
        [Series("ratio of yes", points)],
        name="ratio-over-time",
        title=f"Ratio of yes, over time: {what}",
        description="1 means the same share in both groups.",
        references=[Reference(1.0, "the same")],
        events=events,
    )
    return yes, ratio


fairness = Page(
    "Fairness",
    "/d/{deployment}/fairness",
    _show,
    scope="governance.read",
    place=55,
    files=chart_files(_charts, *_NAMES),
)
