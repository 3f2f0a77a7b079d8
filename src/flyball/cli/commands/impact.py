"""`flyball impact`: what a changed rule, duty, principle, expert or field touches, before it bites."""

from collections import Counter
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.impact import Change, Impact, Kind, impact_of

__all__ = ["command"]


def command(
    rule: Annotated[list[str] | None, typer.Option(help="Ask about a rule.", show_default=False)] = None,
    obligation: Annotated[list[str] | None, typer.Option(help="... a duty.", show_default=False)] = None,
    principle: Annotated[list[str] | None, typer.Option(help="... a principle.", show_default=False)] = None,
    expert: Annotated[list[str] | None, typer.Option(help="... an expert.", show_default=False)] = None,
    field: Annotated[list[str] | None, typer.Option(help="... a field.", show_default=False)] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show what a change touches; without options, what differs from the live release."""
    output = Output(json)
    given: list[tuple[Kind, list[str] | None]] = [
        ("rule", rule),
        ("duty", obligation),
        ("principle", principle),
        ("expert", expert),
        ("field", field),
    ]
    asked = [Change(kind, id, "asked about") for kind, ids in given for id in ids or ()]
    with open_workshop(deployment, output) as workshop:
        found = impact_of(workshop, asked)
    if json:
        output.json({"ok": True, "impact": found})
    else:
        _show(output, found)


def _show(output: Output, found: Impact) -> None:
    stages = ", ".join(found.stages) or "none"
    if not found.changes:
        output.text(
            "Nothing differs from the live release."
            if found.live
            else "No release is live, so there is nothing to compare with. Make one: flyball turn."
        )
        output.text(f"Stages that a turn would run: {stages}.")
        return
    output.table(["change", "", ""], ([one.kind, one.id, one.what] for one in found.changes))
    output.text()
    if found.touched:
        output.table(
            ["touches", "", "because"], ([one.kind, one.id, " -> ".join(one.path)] for one in found.touched)
        )
        output.text()
    kinds = Counter(kind for kind, _ in {(one.kind, one.id) for one in found.touched})
    parts = [
        count(number, kind, "duties" if kind == "duty" else "policies" if kind == "policy" else None)
        for kind, number in sorted(kinds.items())
    ]
    parts.append(count(len(found.decisions), "past decision"))
    output.text(f"In all: {', '.join(parts)}.")
    output.text(f"Stages that a turn would run: {stages}.")
