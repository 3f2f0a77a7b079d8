"""`flyball lineage`: what a decision rests on, down to the source; and what rests on a row."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.tree import Tree

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.loop.lineage import Lineage, Node, lineage_of_decision, lineage_of_digest, lineage_of_row
from flyball.loop.open_lineage import open_lineage_events

__all__ = ["command"]

_MOST = 5
"""More rules, duties or decisions than this stand on one line."""
_COLOURS = {"verified": "green", "altered": "bold red", "missing": "bold red", "erased": "yellow"}


def command(
    decision: Annotated[
        str | None, typer.Argument(help="Number of its ledger entry, case id, or name of its file.")
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest", help="Instead: what rests on this snapshot or document.", show_default=False
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Instead, with --row: what rests on this row.", show_default=False),
    ] = None,
    row: Annotated[str | None, typer.Option("--row", help="Key of the row, or name of the file.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every snapshot and check its digest.")
    ] = False,
    open_lineage: Annotated[
        Path | None, typer.Option("--openlineage", help="Also write OpenLineage events to this file.")
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show what a decision rests on, each part checked; or what rests on a row, a document, a snapshot.

    Exit code 1 where something was altered or is missing.
    """
    if (decision is not None) + (digest is not None) + (source is not None) != 1 or bool(source) != bool(row):
        raise BadInput(
            "Lineage is asked of one decision, one --digest, or one --source with --row.",
            fix="For instance: flyball lineage 42.",
        )
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        if decision is not None:
            graph = lineage_of_decision(workshop, decision, read_data=verify)
        elif digest is not None:
            graph = lineage_of_digest(workshop, digest)
        else:
            graph = lineage_of_row(workshop, str(source), str(row))
        if open_lineage is not None:
            events = open_lineage_events(workshop, graph)
            open_lineage.write_bytes(b"".join(canonical_json(one) + b"\n" for one in events))
    if json:
        output.json(
            {"ok": graph.sound, "of": graph.of, "nodes": list(graph.nodes.values()), "edges": graph.edges}
        )
    else:
        output.out.print(_tree(graph, forward=decision is None))
    if not graph.sound:
        raise typer.Exit(1)


def _tree(graph: Lineage, *, forward: bool) -> Tree:
    """Return the graph as a tree from what was asked for; what was shown already is not opened again."""
    root = Tree(_label(graph.nodes[graph.of], ""))
    waiting = [(graph.of, root)]
    shown = {graph.of}
    while waiting:
        here, branch = waiting.pop(0)
        near = [(e.target, e.how) for e in graph.edges if e.source == here] if forward else []
        near += [] if forward else [(e.source, e.how) for e in graph.edges if e.target == here]
        together: dict[tuple[str, str], list[Node]] = {}
        for other, how in near:
            together.setdefault((graph.nodes[other].kind, how), []).append(graph.nodes[other])
        for other, how in near:
            group = together[graph.nodes[other].kind, how]
            if len(group) > _MOST and group[0].kind in ("rule", "obligation", "decision"):
                if group[0].id == other:
                    branch.add(_group(group, how))
                continue
            child = branch.add(_label(graph.nodes[other], how))
            if other not in shown:
                shown.add(other)
                waiting.append((other, child))
    return root


def _group(nodes: list[Node], how: str) -> str:
    """Return one line for many nodes of a kind; --json lists them all."""
    bad = [one for one in nodes if one.verified in ("altered", "missing")]
    named = ", ".join(escape(one.name) for one in (bad or nodes)[:_MOST])
    said = f"[bold red]{len(bad)} altered or missing[/bold red]: " if bad else ""
    return f"[dim]{escape(how)}:[/dim] {len(nodes)} {nodes[0].kind}s: {said}{named}, ..."


def _label(node: Node, how: str) -> str:
    colour = _COLOURS.get(node.verified, "dim")
    said = f"[dim]{escape(how)}:[/dim] " if how else ""
    detail = f" [dim]{escape(node.detail)}[/dim]" if node.detail else ""
    return f"{said}{node.kind} [bold]{escape(node.name)}[/bold] [{colour}]{node.verified}[/{colour}]{detail}"
