"""`flyball trace`: how a decision came about, span by span, and how long each part took."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.tracing import Value
from flyball.evaluation.traces.records import SpanView, TraceRow, TraceView
from flyball.loop.tracing import find_trace, traces_view

__all__ = ["command"]

_WIDTH = 24
"""Characters of the picture of times."""
_NAME = 44
_SHORT = 40
_LEFT_OUT = frozenset({"flyball.ledger.entry", "flyball.deployment"})
"""Shown already, or the same everywhere."""


def command(
    decision: Annotated[
        str | None,
        typer.Argument(
            help="Number of a ledger entry, id of a decision or case, name of a file, or id of a trace. "
            "Without one: the latest traces.",
            show_default=False,
        ),
    ] = None,
    slowest: Annotated[bool, typer.Option("--slowest", help="List the slowest first.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List those in which something failed.")] = False,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1, max=10_000)] = 20,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show how a decision came about, and how long each part of it took; or list traces."""
    if decision is not None and (slowest or failed):
        raise BadInput("One trace is shown, or a list.", fix="Leave the decision out for a list.")
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        if decision is not None:
            _show(output, find_trace(workshop, decision))
        else:
            rows = traces_view(workshop, failed=True if failed else None, slowest=slowest, limit=limit)
            _list(output, rows, kept=workshop.traces.count())


def _show(output: Output, view: TraceView) -> None:
    if output.as_json:
        output.json({"ok": True, **asdict(view)})
        return
    row = view.row
    output.text(
        f"[bold]{escape(row.name)}[/bold]  {row.began:%Y-%m-%d %H:%M:%S} UTC  {_ms(row.ms)}  "
        f"trace {row.trace_id}"
    )
    if view.caller:
        output.text(f"It goes on from the span {view.caller} of a caller.")
    whole = max((one.offset_ms + one.ms for one in view.spans), default=0.0)
    for one in view.spans:
        name = f"{'  ' * one.depth}{one.name}"
        colour = "red" if one.error else "default"
        output.text(
            f"[{colour}]{escape(name[:_NAME]):<{_NAME}}[/{colour}] {_bar(one, whole)} {_ms(one.ms):>10}"
            f"  [dim]{escape(_about(one))}[/dim]"
        )
    if view.other_decisions:
        output.text(f"Decided in the same batch: {view.other_decisions:,} more.")
    if view.left_out:
        output.text(f"{view.left_out:,} further spans were too many to keep.")
    if view.others:
        further = ", ".join(str(one.trace_id) for one in view.others[:5])
        output.text(f"Further traces of it: {further}.")


def _list(output: Output, rows: Iterable[TraceRow], *, kept: int) -> None:
    rows = list(rows)
    if output.as_json:
        output.json({"ok": True, "kept": kept, "traces": [asdict(one) for one in rows]})
        return
    output.table(
        ["began (UTC)", "what", ">took", "entries", "", "trace"],
        [
            [
                f"{one.began:%Y-%m-%d %H:%M:%S}",
                one.name,
                _ms(one.ms),
                _entries(one.entries),
                "failed" if one.failed else "",
                one.trace_id,
            ]
            for one in rows
        ],
    )
    output.say(f"{kept:,} traces are kept. One of them: flyball trace ENTRY.")


def _bar(one: SpanView, whole: float) -> str:
    """Return when it ran within the whole, as a line of fixed width."""
    if whole <= 0:
        return " " * _WIDTH
    start = min(int(one.offset_ms / whole * _WIDTH), _WIDTH - 1)
    length = max(1, round(one.ms / whole * _WIDTH))
    return (" " * start + "━" * min(length, _WIDTH - start)).ljust(_WIDTH)


def _about(one: SpanView) -> str:
    parts = [one.error] if one.error else []
    parts += [f"entry {one.entry}"] if one.entry is not None else []
    parts += [
        f"{name.removeprefix('flyball.')}={_value(value)}"
        for name, value in one.attributes.items()
        if name not in _LEFT_OUT and value != () and value != ""
    ]
    return "  ".join(parts)


def _value(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _ms(ms: float) -> str:
    return f"{ms:,.2f} ms" if ms < 1_000 else f"{ms / 1_000:,.2f} s"


def _entries(entries: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, entries[:3]))
    return shown if len(entries) <= 3 else f"{shown} and {len(entries) - 3:,} more"
