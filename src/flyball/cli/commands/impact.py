"""`flyball impact`: what a change touches, in one deployment or in several, before it bites."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import UnknownName
from flyball.core.text import count
from flyball.loop.impact import Impact, impact_of

__all__ = ["command"]

_KINDS = (
    ("fields", "field"),
    ("rules", "rule"),
    ("obligations", "obligation"),
    ("policies", "policy"),
    ("principles", "principle"),
    ("checks", "check"),
    ("experts", "expert"),
    ("releases", "release"),
    ("deployments", "deployment"),
)
_SHOWN = 12
_NAMED = 3


def command(
    change: Annotated[
        list[str] | None,
        typer.Argument(
            help="rule:ID, obligation:ID, principle:ID, field:KEY, expert:NAME, threshold:EXPERT, "
            "model:NAME, date:YYYY-MM-DD, or a file of rules, duties or principles. Left out: what "
            "differs from the live release.",
            show_default=False,
        ),
    ] = None,
    deployment: Annotated[
        list[str] | None,
        typer.Option(
            "--deployment",
            "-d",
            help="Folder with flyball.toml, or its name; may be given several times. Default: this folder.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what a change touches; without one, what differs from the live release."""
    output = Output(json)
    found = _in_each(change or [], deployment or [], output)
    if json:
        output.json({"ok": True, "impact": as_json(found)})
        return
    for number, one in enumerate(found):
        if number:
            output.text()
        _show(output, one, several=len(found) > 1, asked=bool(change))


def _in_each(change: Sequence[str], deployments: Sequence[str], output: Output) -> list[Impact]:
    """Ask every deployment; what only some of them know is no mistake, what none knows is."""
    found: list[Impact] = []
    unknown: UnknownName | None = None
    names: list[str | None] = [*deployments] or [None]
    for named in names:
        with open_workshop(named, output) as workshop:
            try:
                found.append(impact_of(workshop, change))
            except UnknownName as err:
                if len(deployments) < 2:
                    raise
                unknown = err
                found.append(Impact(workshop.deployment.name, (), (), (), (), (), (), (), live=False))
    if unknown is not None and not any(one.changes for one in found):
        raise unknown
    return found


def as_json(found: Sequence[Impact]) -> dict[str, object]:
    """Return impacts as plain data: a list for each kind of thing, each item with deployment and path."""
    sets: dict[str, object] = {
        "changes": [
            {"deployment": one.deployment, "kind": change.kind, "id": change.id, "what": change.what}
            for one in found
            for change in one.changes
        ]
    }
    for name, kind in _KINDS:
        sets[name] = [
            {"deployment": one.deployment, "id": touched.id, "path": touched.path}
            for one in found
            for touched in one.touched
            if touched.kind == kind
        ]
    sets["tests"] = [
        {"deployment": one.deployment, "n": group.n, "path": group.path, "cases": group.names}
        for one in found
        for group in one.tests
    ]
    for name in ("open_cases", "decisions"):
        sets[name] = [
            {"deployment": one.deployment, "n": group.n, "path": group.path, "entries": group.entries}
            for one in found
            for group in getattr(one, name)
        ]
    sets["out_of_date"] = [
        {
            "deployment": one.deployment,
            "kind": stale.kind,
            "id": stale.about,
            "why": stale.said,
            "fix": stale.fix,
            "cited_by": stale.cited_by,
        }
        for one in found
        for stale in one.out_of_date
    ]
    sets["stages"] = {one.deployment: one.stages for one in found}
    sets["live"] = {one.deployment: one.live for one in found}
    return sets


def _show(output: Output, found: Impact, *, several: bool, asked: bool) -> None:
    if several:
        output.text(f"[bold]{escape(found.deployment)}[/]")
    stages = ", ".join(found.stages) or "none"
    if not found.changes:
        output.text(
            "Nothing of this changes here."
            if asked or several
            else "Nothing differs from the live release."
            if found.live
            else "No release is live, so there is nothing to compare with. Make one: flyball turn."
        )
        output.text(f"Stages that a turn would run: {stages}.")
        return
    output.table(["change", "", ""], ([one.kind, one.id, one.what] for one in found.changes))
    output.text()
    rows = list(_rows(found))
    for what, groups in (
        ("test cases", found.tests),
        ("open cases", found.open_cases),
        ("past decisions", found.decisions),
    ):
        rows += [[what, f"{group.n:,}", " -> ".join(group.path)] for group in groups]
    if rows:
        output.table(["touches", "", "because"], rows)
        output.text()
    for stale in found.out_of_date[:_SHOWN]:
        output.text(f"Out of date: {escape(stale.said)} {escape(stale.fix)}")
    if len(found.out_of_date) > _SHOWN:
        output.text(f"... and {len(found.out_of_date) - _SHOWN} more that are out of date; --json has all.")
    output.text(f"In all: {in_all(found)}.")
    output.text(f"Stages that a turn would run: {stages}.")


def in_all(found: Impact) -> str:
    """Return how many of each kind are touched, each once."""
    plurals = {"obligation": "duties", "policy": "policies"}
    parts = []
    for _, kind in _KINDS:
        ids = found.ids(kind)  # type: ignore[arg-type]
        if ids and kind != "deployment":
            parts.append(count(len(ids), "duty" if kind == "obligation" else kind, plurals.get(kind)))
    tests = {name for group in found.tests for name in group.names}
    parts.append(count(len(tests), "test case"))
    parts.append(count(len({n for group in found.open_cases for n in group.numbers()}), "open case"))
    parts.append(count(len({n for group in found.decisions for n in group.numbers()}), "past decision"))
    return ", ".join(parts)


def _rows(found: Impact) -> Iterator[list[str]]:
    """Yield what is touched, things that are reached in the same way on one line."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in found.touched:
        own = one.path[-1].endswith(f" {one.id}") and len(one.path) > 1
        way = (*one.path[:-1], one.path[-1].removesuffix(one.id) + "...") if own else one.path
        together.setdefault((one.kind, way), []).append(short(one.id) if one.kind == "release" else one.id)
    for (kind, way), names in together.items():
        if len(names) == 1:
            way = (*way[:-1], way[-1].removesuffix("...") + names[0]) if way[-1].endswith(" ...") else way
        shown = ", ".join(names[:_NAMED]) + (
            f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        )
        yield [kind, shown, " -> ".join(way)]
