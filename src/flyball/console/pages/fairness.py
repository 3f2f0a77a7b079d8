"""How groups of people were decided about: in what was really decided, and in the re-tests of releases."""

from collections.abc import Sequence

from flyball.console.charts import Chart, Dot, Point, Reference, Series, dots, line
from flyball.console.keeping import chart_files
from flyball.console.page import Asked, NoSuchPage, Page, Shown
from flyball.core.digests import short
from flyball.core.errors import FlyballError
from flyball.loop.by_group import TraitShares
from flyball.loop.fairness import measured_view
from flyball.loop.fairness_view import Comparison, FairnessView, fairness_view
from flyball.loop.served_groups import ServedGroups, ServedTrait, served_groups

__all__ = ["fairness"]

_SERVED = ("served-ratios", "served-yes", "served-right")
_NAMES = (*_SERVED, "ratios", "yes-by-group", "person-by-group", "yes-over-time", "ratio-over-time")


def _show(asked: Asked) -> Shown:
    view, served = fairness_view(asked.desk.served.workshop), _served(asked)
    chosen = _chosen(asked, view)
    latest, trait = (None, None) if chosen is None else chosen
    known = served if isinstance(served, ServedGroups) else None
    return {
        "view": view,
        "latest": latest,
        "trait": trait,
        "titles": {one.key: one.title for one in asked.desk.served.workshop.deployment.fields},
        "served": known,
        "served_problem": served if isinstance(served, FlyballError) else None,
        "served_field": "" if known is None else _field(asked, known),
        "measured": measured_view(asked.desk.served.workshop),
        "charts": _charts_of(asked, view, chosen) | _served_charts(asked, known),
    }


def _served(asked: Asked) -> ServedGroups | FlyballError | None:
    """Return what was really decided as of a moment ago; None where it is being worked out."""
    workshop, tenant = asked.desk.served.workshop, asked.principal.tenant
    name = f"groups of {asked.desk.served.name} for {tenant}"
    return asked.worked_out({name: lambda: served_groups(workshop, tenant)})[name]


def _field(asked: Asked, served: ServedGroups) -> str:
    known, wanted = [one.shares.field for one in served.everybody], asked.query.get("of", "")
    return wanted if wanted in known else known[0] if known else ""


def _served_charts(asked: Asked, served: ServedGroups | None) -> dict[str, Chart]:
    if served is None or not served.everybody:
        return {}
    field = _field(asked, served)
    [everybody] = [one for one in served.everybody if one.shares.field == field]
    traits = [one for one in served.traits if one.shares.field == field]
    found = [_served_shares("yes", everybody, traits), _served_shares("right", everybody, traits)]
    if traits:
        rows = [
            Dot(one.shares.trait, one.shares.ratio, note=f"{one.shares.lowest} to {one.shares.highest}")
            for one in traits
        ]
        found.append(
            dots(
                rows,
                name="served-ratios",
                title="Ratio of yes: the group with least to the group with most",
                description="1 means the same share. With intervals at 95 %; read it beside the shares.",
                column="trait",
                references=[Reference(1.0, "the same")],
            )
        )
    return {one.name: one for one in found}


def _served_shares(which: str, everybody: ServedTrait, traits: Sequence[ServedTrait]) -> Chart:
    def of(one: ServedTrait, trait: str) -> list[Dot]:
        groups = one.shares.groups
        values = [group.yes if which == "yes" else one.right[group.group] for group in groups]
        names = [f"{trait}: {group.group}" if trait else "everybody" for group in groups]
        return [Dot(name, value) for name, value in zip(names, values, strict=True)]

    yes = which == "yes"
    return dots(
        [*of(everybody, ""), *(dot for one in traits for dot in of(one, one.shares.trait))],
        name=f"served-{which}",
        title="Answered yes by a machine" if yes else "Turned out as a machine had answered",
        description="Share of the cases of each group, with its interval at 95 %."
        if yes
        else "Of what a machine answered and somebody reported on. Nobody reports at random.",
        unit="share",
        column="group",
        from_zero=yes,
    )


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
    view, served = fairness_view(asked.desk.served.workshop), _served(asked)
    known = served if isinstance(served, ServedGroups) else None
    return _charts_of(asked, view, _chosen(asked, view)) | _served_charts(asked, known)


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
