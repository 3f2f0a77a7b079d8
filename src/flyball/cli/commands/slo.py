"""`flyball slo`: the objectives of the running deployment, what room is left, and how fast it is used up."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.estimates import Estimate
from flyball.evaluation.objectives.records import ObjectiveState
from flyball.loop.objectives import measure_objectives, objective_as_json

__all__ = ["command"]


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones. Default: all.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the objectives now. Writes nothing; flyball watch does."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        states = measure_objectives(workshop, names=tuple(names or ()))
    if json:
        output.json({"ok": True, "objectives": [objective_as_json(one) for one in states]})
        return
    if not states:
        output.text(escape("No objective is declared. Write one as [[slo]]; see docs/objectives.md."))
        return
    output.table(
        ["objective", "what", ">target", ">now", "95 %", ">n", "stands", ">left", "burning"],
        (
            [one.name, f"{one.unit}, {one.window_days} days", *_figure(one), _left(one), _burning(one)]
            for one in states
        ),
    )
    for one in states:
        if one.speaks in ("page", "ticket") or one.used_up:
            severity = "page" if one.speaks == "page" else "ticket"
            output.text(f"[bold]{severity}[/] {escape(one.title)}: {escape(one.why)}")


def _figure(one: ObjectiveState) -> list[str]:
    target = f"{'>=' if one.better == 'higher' else '<='} {one.target:g}"
    if not isinstance(one.figure, Estimate):
        return [target, "", "", "0", str(one.figure)]
    ends = "" if one.figure.low is None else f"{one.figure.low:.4g} to {one.figure.high:.4g}"
    return [target, f"{one.figure.value:.5g}", ends, f"{one.figure.n:,}", one.status]


def _left(one: ObjectiveState) -> str:
    return "" if one.budget is None else f"{one.budget.left:.0%}"


def _burning(one: ObjectiveState) -> str:
    return ", ".join(
        f"{burn.long.value:.1f}x over {burn.rule.long_minutes // 60} h"
        for burn in one.burn
        if isinstance(burn.long, Estimate)
    )
