"""`flyball decide`: decide files, or rows of tables; each decision is in the ledger before it is shown."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.commands.turn import turn_with_talk
from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.cli.shown import summary_columns, summary_row
from flyball.core.errors import Refused
from flyball.core.text import count
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.data.sources.shelf.files import FileSource
from flyball.loop.deciding import Decided, decide_documents, decide_files
from flyball.loop.issue import Issued
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.neighbours import latest_of, remember
from flyball.loop.releases import live_release
from flyball.loop.report import view_of, write_report
from flyball.loop.rows import TABLE_ENDINGS, rows_of_file
from flyball.loop.shadowing import catch_up
from flyball.loop.shown import decision_as_json
from flyball.loop.sources import document_sources, limits_of, open_source, row_sources
from flyball.loop.workshop import Workshop

__all__ = ["command"]

_REPORTED_UP_TO = 200
_SHOWN_UP_TO = 1_000
_PROBLEMS_SHOWN = 20


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
    """Decide files, or the rows of tables, with the live release."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        workshop.workers = workers or workshop.workers
        listing = FileSource("given", [path.absolute() for path in paths]).listing(digests=False)
        files = [(item.name, item.path) for item in listing.items]
        live = _live(workshop, output)
        started = time.perf_counter()
        found, total = _decided(workshop, live, files)
        kept = _collect(output.progress(found, "deciding", total), output, keep_all=bool(report))
        seconds = time.perf_counter() - started
        issued = [one for one, _ in kept.decided]
        checkpoint = workshop.ledger.checkpoint()
        where = None
        if issued and (report is not None or kept.n_seen <= _REPORTED_UP_TO):
            where = (report or _place(workshop)).absolute()
            documents = [document for _, document in kept.decided]
            write_report(
                where,
                view_of(workshop, live, issued, documents, kept.problems, checkpoint),
                redacted=redacted,
            )
    if not json:
        _show(output, kept, where, checkpoint.size, live.settings.deployment.case)
        if where is None and issued:
            output.text(f"No report: more than {_REPORTED_UP_TO} cases. Ask for one with --report FILE.")
    speed = kept.n_decided / seconds if seconds > 0 else 0.0
    noun = live.settings.deployment.case
    output.say(f"{count(kept.n_decided, noun)} in {seconds:.1f} s: {speed:.1f} a second.")
    with open_workshop(deployment, output, person) as workshop:
        _look_on(workshop, output)
    if kept.n_refused:
        sys.exit(1)
    if not kept.n_decided:
        sys.exit(2)


def _decided(
    workshop: Workshop, live: LiveEngine, files: Sequence[tuple[str, Path]]
) -> tuple[Iterator[Decided], int]:
    """Decide files, or the rows of tables where those are the cases; also how many, 0 where unknown."""
    context = workshop.context_of(live.settings.deployment)
    rows = next(iter(row_sources(live.settings.source)), None)
    tables = [path for _, path in files if path.suffix.lower() in TABLE_ENDINGS] if rows else []
    if rows is None or not tables:
        return decide_files(workshop, live, files, context=context, limits=_limits(live)), len(files)
    others = [(name, path) for name, path in files if path not in tables]
    fields = live.engine.kit.fields
    deployment = workshop.deployment
    memory = remember(workshop, rows, open_source(deployment, rows)) if rows.neighbours else None
    latest = latest_of(workshop)
    read = chain.from_iterable(
        rows_of_file(deployment, rows, path, fields, memory=memory, latest=latest) for path in tables
    )
    found = decide_documents(workshop, live, read, context=context)
    if others:
        found = chain(found, decide_files(workshop, live, others, context=context, limits=_limits(live)))
    return found, 0


def _look_on(workshop: Workshop, output: Output) -> None:
    """Let a challenger in the shadow decide what was just answered; nothing that breaks there reaches it."""
    try:
        for _ in output.progress(catch_up(workshop), "in the shadow", 0):
            pass
    except Exception as err:  # noqa: BLE001 - the answers were given; what the challenger owes is kept
        output.say(f"The challenger in the shadow stumbled, and goes on next time: {escape(str(err))}")


class _Kept:
    """What is remembered of a run: counts always, decisions only where a report is written."""

    def __init__(self) -> None:
        self.n_seen = 0
        self.n_decided = 0
        self.n_refused = 0
        self.rows: list[list[str]] = []
        self.decided: list[tuple[Issued, Document]] = []
        self.problems: list[Unreadable] = []


def _collect(found: Iterable[Decided], output: Output, *, keep_all: bool) -> _Kept:
    kept = _Kept()
    for one in found:
        kept.n_seen += 1
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
        elif len(kept.rows) < _SHOWN_UP_TO:
            kept.rows.append(summary_row(one.document.name, one.issued.decision))
        if keep_all or kept.n_seen <= _REPORTED_UP_TO:
            kept.decided.append((one.issued, one.document))
    return kept


def _show(output: Output, kept: _Kept, where: Path | None, entries: int, case: str) -> None:
    output.table(summary_columns(case), kept.rows)
    if kept.n_decided > len(kept.rows):
        output.text(f"The first {len(kept.rows):,} of {kept.n_decided:,}; --json gives all.")
    for problem in kept.problems[:_PROBLEMS_SHOWN]:
        name = "" if problem.message.startswith(problem.name) else f"{problem.name}: "
        output.text(f"[bold]not decided[/]  {escape(f'{name}{problem.message} {problem.fix}')}")
    if len(kept.problems) > _PROBLEMS_SHOWN:
        output.text(
            f"And {len(kept.problems) - _PROBLEMS_SHOWN:,} more that were not decided; --json names all."
        )
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
                "Objectives need labelled cases: keep the samples beside yours, or label some.",
                release=done.promoted.release,
            )
    return live_engine(workshop)


def _limits(live: LiveEngine) -> Limits:
    return limits_of(document_sources(live.settings.source))


def _place(workshop: Workshop) -> Path:
    return workshop.state / "reports" / f"decided-{workshop.clock():%Y%m%d-%H%M%S}.html"
