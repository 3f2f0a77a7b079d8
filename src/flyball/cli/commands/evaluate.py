"""`flyball evaluate`: measure a deployment on labelled cases."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.evaluation.outside import as_json, comparison_as_json
from flyball.evaluation.table import render_comparison, render_table
from flyball.loop.by_group import TraitShares, by_group
from flyball.loop.measuring import measure, measure_pair
from flyball.loop.releases import find_release

__all__ = ["command"]


def command(
    deployment: Annotated[
        str | None, typer.Argument(help="Folder or name; default: this folder.", show_default=False)
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases", help="CUAD's JSON (also .gz), or a folder with labels.csv.", show_default=False
        ),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(help="First digits; default: as it stands in the folder.", show_default=False),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Compare, case by case, with this release (first digits).", show_default=False),
    ] = None,
    without_seen: Annotated[
        bool, typer.Option("--without-seen", help="Leave out cases that an expert was trained on.")
    ] = False,
    by: Annotated[
        Path | None,
        typer.Option(
            "--by",
            help="Instead: how the live release decided about groups of people, by a CSV of them.",
            show_default=False,
        ),
    ] = None,
    fields: Annotated[bool, typer.Option("--fields", help="Show every field.")] = False,
    json: JsonOption = False,
) -> None:
    """Measure a deployment on labelled cases that no expert has seen."""
    output = Output(json)
    if by is not None:
        with open_workshop(deployment, output) as workshop:
            _show(output, by_group(workshop, by.absolute()))
        return
    if cases is None:
        raise BadInput("No cases are named.", fix="Add --cases FILE, with labels that people gave.")
    with open_workshop(deployment, output) as workshop:
        digest = find_release(workshop.state, release) if release else None
        if against:
            champion = find_release(workshop.state, against)
            compared = measure_pair(
                workshop,
                cases.absolute(),
                champion=champion,
                challenger=digest,
                without_seen=without_seen,
            )
            if json:
                output.json(comparison_as_json(compared))
            else:
                output.out.print(render_comparison(compared), markup=False)
            return
        report = measure(workshop, cases.absolute(), release=digest, without_seen=without_seen)
    if json:
        output.json(as_json(report))
    else:
        output.out.print(render_table(report, fields=fields), markup=False)


def _show(output: Output, found: tuple[TraitShares, ...]) -> None:
    if output.as_json:
        output.json({"ok": True, "traits": [msgspec.to_builtins(one) for one in found]})
        return
    for one in found:
        output.table(
            [f"{one.field} by {one.trait}", ">cases", "yes by machine", "no by machine", "for a person"],
            [
                [
                    group.group or "(not said)",
                    f"{group.n:,}",
                    str(group.yes),
                    str(group.no),
                    str(group.person),
                ]
                for group in one.groups
            ],
        )
        who = f" ({one.lowest} to {one.highest})" if one.lowest else ""
        output.text(escape(f"Ratio of yes{who}: {one.ratio}; yes of all: {one.yes_of_all}."))
        output.text()
