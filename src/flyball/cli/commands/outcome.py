"""`flyball outcome`: load what turned out about decisions, and list it."""

from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.evaluation.outcomes.files import read_outcomes
from flyball.evaluation.outcomes.standing import Standing
from flyball.loop.decided import decision_id
from flyball.loop.outcome_sources import outcomes_of_source
from flyball.loop.outcomes import Loaded, OutcomesView, load_outcomes, outcomes_view

__all__ = ["command"]

command = typer.Typer()


@command.command("load")
def load(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, JSON lines or Parquet.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", help="Instead: an [[outcome_source]] of flyball.toml, as it was synced last."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who says so, where a row names nobody. Default: who runs this."),
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only decisions of this one.")] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out rows about no decision, and count them.")
    ] = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Write down what turned out; all rows, or none where one cannot be used. Twice is once."""
    if (file is None) == (source is None):
        raise BadInput("Outcomes come from one file, or from one --source.", fix="flyball outcome load FILE")
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        rows = read_outcomes(file) if file is not None else outcomes_of_source(workshop, str(source))
        done = load_outcomes(
            workshop,
            output.progress(rows, "reading", 0),
            by=by or (workshop.actor if file is not None else f"source:{source}"),
            source="file" if file is not None else "source",
            tenant=tenant,
            skip_unknown=skip_unknown,
        )
    if json:
        output.json({"ok": True, "loaded": done})
    else:
        _tell(output, done)


@command.command("list")
def list_(
    disputed: Annotated[
        bool, typer.Option("--disputed", help="Only decisions about which reports disagree.")
    ] = False,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only decisions of this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many decisions.", min=1, max=10_000)] = 50,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List what was reported about decisions, newest first; disagreement is kept and shown."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        view = outcomes_view(workshop, tenant=tenant, disputed=disputed, limit=limit)
    if json:
        output.json({"ok": True, **_as_json(view)})
    else:
        _show(output, view, disputed=disputed)


def _tell(output: Output, done: Loaded) -> None:
    output.text(
        f"{count(done.rows, 'row')}: {done.written:,} written, {done.repeated:,} stood there already"
        + (f", {done.empty:,} more without an answer" if done.empty else "")
        + "."
    )
    if done.unknown:
        left_out = _rows(done.unknown_rows, done.unknown)
        output.text(f"{count(done.unknown, 'row')} about no decision left out: {left_out}.")
    if done.early:
        output.text(
            f"[yellow]{count(done.early, 'row')} turned out before the decision was made: "
            f"{_rows(done.early_rows, done.early)}. Check the times.[/]"
        )


def _rows(rows: tuple[int, ...], n: int) -> str:
    return f"{', '.join(map(str, rows))}{' and more' if n > len(rows) else ''}"


def _show(output: Output, view: OutcomesView, *, disputed: bool) -> None:
    if not view.shown:
        output.text(
            "No reports disagree." if disputed else "Nothing was reported yet: flyball outcome load FILE."
        )
        return
    output.table(
        ["decision", "case", "about", "stands", "answer", "who said what"],
        (
            [
                decision_id(view.deployment, one.entry),
                one.case_name,
                standing.name,
                standing.state,
                standing.answer,
                _voices(standing),
            ]
            for one in view.shown
            for standing in one.standing
            if not disputed or standing.state == "disputed"
        ),
    )
    more = "" if disputed or not view.disputed else ": flyball outcome list --disputed"
    output.text(
        f"{count(view.decisions, 'decision')} with reports; about {view.disputed:,} fields or results "
        f"reports disagree{more}."
    )


def _voices(standing: Standing) -> str:
    return "; ".join(
        f"{voice.by}: {voice.answer}{' ' + voice.unit if voice.unit else ''}"
        + (f" (changed {voice.changed}x)" if voice.changed else "")
        for voice in standing.voices
    )


def _as_json(view: OutcomesView) -> dict[str, object]:
    return {
        "decisions": view.decisions,
        "disputed": view.disputed,
        "outcomes": [
            {
                "decision": decision_id(view.deployment, one.entry),
                "case": one.case_name,
                "decided_at": one.decided_at,
                "standing": list(one.standing),
            }
            for one in view.shown
        ],
    }
