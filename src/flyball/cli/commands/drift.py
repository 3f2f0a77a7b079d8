"""`flyball drift`: what changed between two tables, or in what a deployment decides."""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured, as_plain
from flyball.core.text import count
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import find_snapshot, scan_snapshot
from flyball.evaluation.drift.accuracy import Predictions, accuracy_of
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.estimated import Reconciled
from flyball.evaluation.drift.kept import is_sketch, load_sketch, save_sketch
from flyball.evaluation.drift.reading import every_nth, open_rows, rows_of_batches
from flyball.evaluation.drift.records import ColumnDrift, DriftReport, JointDrift, Options
from flyball.evaluation.drift.table_sketch import TableSketch, sketch_rows
from flyball.loop.drifting import DriftView, check_drift

__all__ = ["command"]

_SHOWN = 20


def command(
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="Rows of then: a file, a saved sketch, or a snapshot: cases@TAG."),
    ] = None,
    current: Annotated[str | None, typer.Option("--current", help="Rows of now, likewise.")] = None,
    outcome: Annotated[
        str,
        typer.Option(help="Column of the reference with what turned out: ranks what changed by it."),
    ] = "",
    prediction: Annotated[str, typer.Option(help="Column with what was predicted.")] = "",
    confidence: Annotated[str, typer.Option(help="Column with the chance that it is right.")] = "",
    probability: Annotated[
        str, typer.Option(help="Or the chance of yes, where yes or no is predicted.")
    ] = "",
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", help="A column not to look at; may be repeated.")
    ] = None,
    every: Annotated[
        int,
        typer.Option(help="Look at one row of so many only: where rows depend on those beside them."),
    ] = 1,
    rate: Annotated[float, typer.Option(help="False alarms that are accepted.")] = 0.05,
    smallest_effect: Annotated[
        float, typer.Option(help="Share of rows below which a difference does not matter.")
    ] = 0.02,
    save: Annotated[
        Path | None, typer.Option("--save", help="File to keep the sketch of the reference in.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 1 where something drifted.")
    ] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Say what changed between two tables, or in what a deployment decides: how much, and how sure that is.

    With --reference and --current, two tables. Without them, the decisions of the deployment: every whole
    window that nobody has looked at is held against the reference of [drift], and the look written down.
    """
    output = Output(json)
    began = time.perf_counter()
    options = Options(
        rate=rate, smallest_effect=smallest_effect, leave_out=tuple(leave_out or ()), outcome=outcome
    )
    if reference is None and current is None:
        _watch(deployment, output, exit_code=exit_code)
        return
    if reference is None or (current is None and save is None):
        missing = "--reference" if reference is None else "--current"
        raise BadInput(f"{missing} names no rows.", fix=f"Add {missing} FILE.")
    ours = _sketch(reference, options, deployment, output, every)
    if save is not None:
        save_sketch(save, ours)
        output.say(f"The sketch of {count(ours.n_rows, 'row')} is in {save}. It holds some of them.")
    if current is None:
        if json:
            output.json({"ok": True, "rows": ours.n_rows, "columns": list(ours.kinds)})
        return
    theirs = _sketch(current, options, deployment, output, every)
    accuracy = None
    if prediction:
        if bool(confidence) == bool(probability):
            raise BadInput(
                "--prediction needs either --confidence or --probability.",
                fix="Name the column with the chance that it is right, or with the chance of yes.",
            )
        named = Predictions(prediction, confidence, probability, outcome)
        accuracy = accuracy_of(ours, theirs, named)
    report = compare(ours, theirs, options)
    seconds = time.perf_counter() - began
    if json:
        told = {} if accuracy is None else {"accuracy": _plain_accuracy(accuracy)}
        output.json({**_plain(report), **told, "seconds": round(seconds, 3), "peak_mb": _peak_mb()})
    else:
        _tell(report, output)
        if accuracy is not None:
            _tell_accuracy(accuracy, output)
    if exit_code and report.drifted:
        raise typer.Exit(1)


def _sketch(named: str, options: Options, deployment: str | None, output: Output, every: int) -> TableSketch:
    path = Path(named)
    if path.exists() or path.suffix or "/" in named:
        if is_sketch(path):
            return load_sketch(path)
        rows = every_nth(open_rows(path), every)
        return sketch_rows(rows, leave_out=options.leave_out, seed=options.seed)
    with (
        open_workshop(deployment, output) as workshop,
        open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue,
    ):
        found = find_snapshot(catalogue, named)
        batches = scan_snapshot(catalogue, found)
        first = next(batches, None)
        if first is None:
            raise BadInput(
                f"The snapshot {found.id} has no rows.", fix="Name another version.", snapshot=named
            )
        rows = every_nth(rows_of_batches(found.id, first.schema, lambda: chain([first], batches)), every)
        return sketch_rows(rows, leave_out=options.leave_out, seed=options.seed)


def _watch(deployment: str | None, output: Output, *, exit_code: bool) -> None:
    """Look at the decisions of a deployment."""
    with open_workshop(deployment, output) as workshop:
        view = check_drift(workshop)
    last = [one for one in view.windows if one.number == view.windows[-1].number]
    drifted = any(one.drifted for one in last)
    if output.as_json:
        output.json({"ok": True, "drifted": drifted if last else None, **_plain_view(view)})
    else:
        _tell_view(view, output)
    if exit_code and drifted:
        raise typer.Exit(1)


def _tell_view(view: DriftView, output: Output) -> None:
    output.text(f"Reference: {escape(view.reference)} ({count(view.n_reference, 'decision')}).")
    if view.reason:
        output.text(f"{escape(view.reason[:1].upper() + view.reason[1:])}.")
    if view.windows:
        output.table(
            ["decisions until (UTC)", ">n", "drifted", ">share", ">q", ">held to", "in"],
            [
                [
                    f"{one.until:%Y-%m-%d %H:%M}",
                    str(one.n),
                    {True: "yes", False: "no", None: "?"}[one.drifted],
                    _cell(one.effect),
                    "" if one.q is None else f"{one.q:.2g}",
                    f"{one.rate:.2g}",
                    ", ".join(column.name for column in one.columns if column.drifted),
                ]
                for one in view.windows[-_SHOWN:]
            ],
        )
    known = [one for one in view.accuracy if isinstance(one.figures.estimated, Estimate)]
    if known:
        output.text()
        output.table(
            ["field", "decisions until (UTC)", ">right, as promised", ">right, as reported", ""],
            [
                [
                    one.field,
                    f"{one.until:%Y-%m-%d %H:%M}",
                    _cell(one.figures.estimated),
                    _cell(one.figures.realised),
                    one.figures.finding,
                ]
                for one in known[-_SHOWN:]
            ],
        )
    output.text(
        f"Over all windows together the chance of a false alarm is {view.rate:.0%} or less; differences in "
        f"fewer than {view.smallest_effect:.0%} of the decisions do not count."
    )


def _plain_view(view: DriftView) -> dict[str, Any]:
    return {
        "deployment": view.deployment,
        "reference": {"name": view.reference, "decisions": view.n_reference},
        "window": view.window,
        "rate": view.rate,
        "smallest_effect": view.smallest_effect,
        "waiting": view.waiting,
        "reason": view.reason,
        "windows": [
            {
                "entry": one.entry,
                "number": one.number,
                "windows": one.windows,
                "since": one.since,
                "until": one.until,
                "first": one.first,
                "last": one.last,
                "n": one.n,
                "drifted": one.drifted,
                **_measured("effect", one.effect),
                "q": one.q,
                "rate": one.rate,
                "ranked_by": one.ranked_by,
                "columns": {
                    column.name: {
                        "drifted": column.drifted,
                        **_measured("effect", column.effect),
                        "q": column.q,
                        "seen_in": column.what,
                        "reason": column.reason,
                        **_measured("impact", column.impact),
                    }
                    for column in one.columns
                },
            }
            for one in view.windows
        ],
        "accuracy": [
            {
                "field": one.field,
                "number": one.number,
                "since": one.since,
                "until": one.until,
                **_plain_accuracy(one.figures),
            }
            for one in view.accuracy
        ],
    }


def _tell(report: DriftReport, output: Output) -> None:
    said = {True: "Drift", False: "No drift", None: "Nothing could be compared"}[report.drifted]
    output.text(
        f"{said}: {escape(report.current)} ({count(report.n_current, 'row')}) beside "
        f"{escape(report.reference)} ({count(report.n_reference, 'row')})."
    )
    by_outcome = any(isinstance(one.impact, Estimate) for one in report.columns)
    shown = [one for one in report.columns if one.p is not None or one.drifted][:_SHOWN]
    if shown:
        output.text()
        output.table(
            ["column", "drifted", ">share of rows", ">q", "seen in", *([">outcome"] if by_outcome else [])],
            [[*_cells(one), *([_cell(one.impact)] if by_outcome else [])] for one in shown],
        )
    more = sum(one.p is not None for one in report.columns) - len(shown)
    if more > 0:
        output.text(f"... and {count(more, 'more column')}; --json lists all.")
    output.text()
    for line in _asides(report):
        output.text(line)


def _asides(report: DriftReport) -> Iterator[str]:
    for joint in report.joint:
        what = "Relations between columns" if joint.name == "relations" else "Rows as a whole"
        if joint.q is None:
            yield f"{what}: not compared, {joint.reason}."
            continue
        said = "drifted" if joint.drifted else "no drift"
        pair = f", most between {' and '.join(map(escape, joint.columns))}" if any(joint.columns) else ""
        yield f"{what}: {said}, {_cell(joint.effect)} of the rows, q {joint.q:.2g}{pair} ({joint.reason})."
    for one in report.columns:
        if one.p is None:
            yield f"{escape(one.name)}: {'drifted' if one.drifted else 'not compared'}, {one.reason}."
    yield (
        f"Something drifted where q is at most {report.rate:g} and at least {report.smallest_effect:.1%} of "
        f"the rows differ. Without any drift, {report.rate:.0%} of such looks find some, or fewer."
    )


def _cells(one: ColumnDrift) -> list[str]:
    said = {True: "yes", False: "no", None: "?"}[one.drifted]
    q = "" if one.q is None else f"{one.q:.2g}"
    return [one.name, said, _cell(one.effect), q, f"{one.what} ({one.reason})" if one.reason else one.what]


def _cell(one: Estimate | NotMeasured) -> str:
    if isinstance(one, NotMeasured) or one.low is None or one.high is None:
        return ""
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _tell_accuracy(found: Reconciled, output: Output) -> None:
    output.text()
    for name, one in (
        ("as confidences promise", found.estimated),
        ("with the reference weighted to look alike", found.weighted),
        ("as labels say", found.realised),
    ):
        output.text(f"Right answers, {name}: {_cell(one) or str(one)}.")
    output.text(f"{found.finding.capitalize()}: {found.because}.")


def _plain_accuracy(found: Reconciled) -> dict[str, Any]:
    return {
        "estimated": as_plain(found.estimated),
        "weighted": as_plain(found.weighted),
        "realised": as_plain(found.realised),
        "finding": found.finding,
        "because": found.because,
    }


def _plain(report: DriftReport) -> dict[str, Any]:
    ranks = {one.name: place for place, one in enumerate(report.columns, 1)}
    return {
        "ok": True,
        "reference": {"name": report.reference, "rows": report.n_reference},
        "current": {"name": report.current, "rows": report.n_current},
        "columns": {one.name: _plain_column(one, ranks[one.name]) for one in report.columns},
        "ranked": list(ranks),
        "joint": {one.name: _plain_joint(one) for one in report.joint},
        "schema": [
            {"column": one.column, "change": one.change, "was": one.was, "now": one.now}
            for one in report.schema
        ],
        "overall": {
            "drifted": report.drifted,
            **_measured("effect", report.effect),
            "p": report.q,
            "q": report.q,
            "compared": sum(one.p is not None for one in report.columns),
            "drifted_columns": [one.name for one in report.columns if one.drifted],
        },
        "rate": report.rate,
        "smallest_effect": report.smallest_effect,
    }


def _plain_column(one: ColumnDrift, rank: int) -> dict[str, Any]:
    return {
        "drifted": one.drifted,
        **_measured("effect", one.effect),
        "p": one.p,
        "q": one.q,
        "rank": rank,
        "kind": one.kind,
        "seen_in": one.what,
        "reason": one.reason,
        "n_reference": one.n_reference,
        "n_current": one.n_current,
        "missing_reference": one.missing_reference,
        "missing_current": one.missing_current,
        **_measured("impact", one.impact),
    }


def _plain_joint(one: JointDrift) -> dict[str, Any]:
    return {
        "drifted": one.drifted,
        **_measured("effect", one.effect),
        "p": one.p,
        "q": one.q,
        "columns": list(one.columns),
        "reason": one.reason,
    }


def _measured(name: str, one: Estimate | NotMeasured) -> dict[str, Any]:
    if isinstance(one, NotMeasured):
        return {name: None, f"{name}_interval": None}
    return {name: one.value, f"{name}_interval": [one.low, one.high]}


def _peak_mb() -> float | None:
    """Return the most memory that this process has held; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().split("\n")
        return next(round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return None
