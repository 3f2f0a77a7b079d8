"""`flyball decide`: decide files with the live release; each decision is in the ledger before it is shown."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.commands.turn import turn_with_talk
from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.cli.shown import decision_as_json, summary_columns, summary_row
from flyball.core.errors import Refused
from flyball.core.text import count
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.data.sources.shelf.files import FileSource
from flyball.loop.deciding import Decided, decide_files
from flyball.loop.issue import Issued
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.releases import live_release
from flyball.loop.report import view_of, write_report
from flyball.loop.sources import document_sources, limits_of
from flyball.loop.workshop import Workshop

__all__ = ["command"]

_REPORTED_UP_TO = 200


def command(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or patterns.", show_default=False)],
    deployment: DeploymentOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Where the HTML report goes.", show_default=False)
    ] = None,
    redacted: Annotated[
        bool, typer.Option("--redacted", help="Cover personal data in the report, so that it may leave.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes; 0 means one per core.", min=0)] = 0,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Decide files with the live release."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        workshop.workers = workers or workshop.workers
        live = _live(workshop, output)
        listing = FileSource("given", [path.absolute() for path in paths]).listing(digests=False)
        files = [(item.name, item.path) for item in listing.items]
        started = time.perf_counter()
        found = decide_files(
            workshop, live, files, context=workshop.context_of(live.settings.deployment), limits=_limits(live)
        )
        kept = _collect(
            output.progress(found, "deciding", len(files)),
            output,
            keep=len(files) <= _REPORTED_UP_TO or bool(report),
        )
        seconds = time.perf_counter() - started
        issued = [one for one, _ in kept.decided]
        checkpoint = workshop.ledger.checkpoint()
        where = None
        if issued and (report is not None or len(files) <= _REPORTED_UP_TO):
            where = (report or _place(workshop)).absolute()
            documents = [document for _, document in kept.decided]
            write_report(
                where,
                view_of(workshop, live, issued, documents, kept.problems, checkpoint),
                redacted=redacted,
            )
    if not json:
        _show(output, kept, where, checkpoint.size)
        if where is None and issued:
            output.text(f"No report: more than {_REPORTED_UP_TO} files. Ask for one with --report FILE.")
    speed = kept.n_decided / seconds if seconds > 0 else 0.0
    output.say(f"{count(kept.n_decided, 'contract')} in {seconds:.1f} s: {speed:.1f} documents per second.")
    if kept.n_refused:
        sys.exit(1)
    if not kept.n_decided:
        sys.exit(2)


class _Kept:
    """What is remembered of a run: counts always, decisions only where a report is written."""

    def __init__(self) -> None:
        self.n_decided = 0
        self.n_refused = 0
        self.rows: list[list[str]] = []
        self.decided: list[tuple[Issued, Document]] = []
        self.problems: list[Unreadable] = []


def _collect(found: Iterable[Decided], output: Output, *, keep: bool) -> _Kept:
    kept = _Kept()
    for one in found:
        if one.problem is not None:
            kept.problems.append(one.problem)
            if output.as_json:
                output.json(
                    {
                        "ok": False,
                        "case": one.problem.name,
                        "code": one.problem.code,
                        "message": one.problem.message,
                        "fix": one.problem.fix,
                    }
                )
            continue
        if one.issued is None or one.document is None:
            continue
        kept.n_decided += 1
        kept.n_refused += not one.issued.decision.verdict.allowed
        if output.as_json:
            output.json(decision_as_json(one.issued, one.document))
        else:
            kept.rows.append(summary_row(one.document.name, one.issued.decision))
        if keep:
            kept.decided.append((one.issued, one.document))
    return kept


def _show(output: Output, kept: _Kept, where: Path | None, entries: int) -> None:
    output.table(summary_columns, kept.rows)
    for problem in kept.problems:
        name = "" if problem.message.startswith(problem.name) else f"{problem.name}: "
        output.text(f"[bold]not decided[/]  {escape(f'{name}{problem.message} {problem.fix}')}")
    output.text()
    output.text(f"Ledger: {count(entries, 'entry', 'entries')}, checkpoint signed.")
    if where is not None:
        output.text(f"Report: {escape(str(where))}")


def _live(workshop: Workshop, output: Output) -> LiveEngine:
    """Return the live release; where there never was one, a first turn makes it, if its gate allows."""
    if live_release(workshop.ledger) is None:
        output.say("Nothing is live yet, so a first turn comes before the decisions.")
        done = turn_with_talk(workshop, output)
        if not done.promoted.live:
            raise Refused(
                f"Nothing is live yet, and the first release is refused. {done.promoted.verdict.reason}.",
                fix="Mend what the checks name, or have the release approved; then decide again. "
                "Objectives need labelled contracts: keep the samples beside yours, or label some.",
                release=done.promoted.release,
            )
    return live_engine(workshop)


def _limits(live: LiveEngine) -> Limits:
    return limits_of(document_sources(live.settings.source))


def _place(workshop: Workshop) -> Path:
    return workshop.state / "reports" / f"decided-{workshop.clock():%Y%m%d-%H%M%S}.html"
