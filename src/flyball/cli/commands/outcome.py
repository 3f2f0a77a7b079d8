"""`flyball outcome`: load what turned out about decisions, and list it."""

from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.cli.times import time_of
from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.evaluation.outcomes.files import read_outcomes
from flyball.evaluation.outcomes.standing import Standing
from flyball.evaluation.texts.text_metric import TEXT_METRICS
from flyball.loop.decided import decision_id
from flyball.loop.outcome_sources import outcomes_of_source
from flyball.loop.outcomes import Loaded, OutcomesView, load_outcomes, outcomes_view
from flyball.loop.texts import TextsView, texts_view

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
            "--source", help="Instead: the name of an outcome_source of flyball.toml, as it was synced last."
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
    since: Annotated[
        str | None, typer.Option("--since", help="Only about decisions from this day or time on, UTC.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only about decisions before this day or time, UTC.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many decisions.", min=1, max=10_000)] = 50,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List what was reported about decisions, newest first; disagreement is kept and shown."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        view = outcomes_view(
            workshop,
            tenant=tenant,
            since=time_of("--since", since),
            until=time_of("--until", until),
            disputed=disputed,
            limit=limit,
        )
    if json:
        output.json({"ok": True, **_as_json(view)})
    else:
        _show(output, view, disputed=disputed)


@command.command("texts")
def texts(
    field: Annotated[str, typer.Argument(help="Key of a field whose answers are texts.", show_default=False)],
    judge: Annotated[
        str, typer.Option("--judge", help="An expert of the kind language_model that judges; may cost money.")
    ] = "",
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate-judge", help="Hold the judge against people, and write down how it did."),
    ] = False,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only decisions of this one.")] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="At most so many answers.", min=1, max=10_000)
    ] = 1_000,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Measure answers in words against what people say is right, what they cite, and a judge.

    Exit code 1 where a judge does not agree with people enough.
    """
    if evaluate and not judge:
        raise BadInput("No judge is named.", fix="Add --judge EXPERT.")
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        view = texts_view(workshop, field, tenant=tenant, limit=limit, judge=judge, evaluate=evaluate)
    if json:
        output.json(_texts_as_json(view))
    else:
        _show_texts(output, view)
    if view.check is not None and not view.check.passed:
        raise typer.Exit(1)


def _texts_as_json(view: TextsView) -> dict[str, object]:
    report = view.report
    return {
        "ok": view.check is None or view.check.passed,
        "field": view.field,
        "answers": view.answers,
        "known": view.known,
        "metrics": {name: as_plain(one) for name, one in view.metrics.items()},
        "judge": view.judge or None,
        "judge_may_count": None if view.check is None else view.check.passed,
        "judge_because": "" if view.check is None else view.check.detail,
        "report": None
        if report is None
        else {
            "judge": report.judge,
            "silent": report.silent,
            **{name: as_plain(getattr(report, name)) for name in _HELD_AGAINST},
        },
        "judged": None if view.judged is None else as_plain(view.judged),
    }


_HELD_AGAINST = ("agreement", "kappa", "position", "verbosity")


def _show_texts(output: Output, view: TextsView) -> None:
    output.text(
        f"{count(view.answers, 'answer')} to {view.field}; of {view.known:,} it stands what is right."
    )
    titles = {name: TEXT_METRICS.load(name) for name in view.metrics}
    output.table(
        ["metric", "measured", "unit"],
        ([titles[name].title, str(one), titles[name].unit] for name, one in view.metrics.items()),
    )
    if view.report is not None:
        output.table(
            [f"judge {view.judge}", "measured"],
            ([name, str(getattr(view.report, name))] for name in _HELD_AGAINST),
        )
    if view.check is not None:
        may = "may count" if view.check.passed else "may not count"
        output.text(f"The judge {may}: {view.check.detail}.")
    if view.judged is not None:
        output.text(f"Right, by the judge, set right by people: {view.judged}.")


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
        f"{count(view.decisions, 'decision')} with reports; reports disagree about "
        f"{count(view.disputed, 'field or result', 'fields or results')}{more}."
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
