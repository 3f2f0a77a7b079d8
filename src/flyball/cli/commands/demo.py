"""`flyball demo`: one whole turn of the loop on the sample contracts."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.commands.turn import as_json, show_turn, turn_with_talk
from flyball.cli.output import Output
from flyball.cli.session import JsonOption, open_workshop
from flyball.cli.shown import summary_columns, summary_row
from flyball.evaluation.table import render_table
from flyball.loop.init import init_deployment
from flyball.loop.stages.evaluation import read_report

__all__ = ["command"]


def command(
    folder: Annotated[Path, typer.Option("--folder", "-f", help="Where the demonstration lives.")] = Path(
        "demo"
    ),
    json: JsonOption = False,
) -> None:
    """Review the shipped sample contracts: one whole turn of the loop, a table, a report."""
    output = Output(json)
    if not (folder / "flyball.toml").is_file():
        init_deployment("contract-review", folder.absolute())
        output.say(f"Made {folder} with the sample contracts, rules and constitution.")
    with open_workshop(str(folder.absolute()), output) as workshop:
        done = turn_with_talk(workshop, output)
        report = read_report(workshop, done.turn.outputs["evaluation"])
    if json:
        output.json(as_json(done))
        sys.exit(0 if done.promoted.live else 1)
    output.text()
    output.table(
        summary_columns("contract"),
        (summary_row(one.decision.case_name, one.decision) for one in done.issued),
    )
    output.text()
    output.out.print(render_table(report), markup=False)
    output.text()
    show_turn(done, output)
    output.text()
    output.text(f"Now edit a rule in {escape(str(folder))}/rules/playbook, then:")
    output.text(f"  .venv/bin/flyball plan -d {escape(str(folder))}")
    output.text(f"  .venv/bin/flyball turn -d {escape(str(folder))}")
    if not done.promoted.live:
        sys.exit(1)
