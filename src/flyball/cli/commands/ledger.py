"""`flyball ledger`: show and export the ledger."""

from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.ledger.exports import export as write_export

__all__ = ["command"]

command = typer.Typer()


@command.command("list")
def list_entries(
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind.", show_default=False)] = None,
    last: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 20,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the newest entries."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        start = max(0, workshop.ledger.size() - last) if kind is None else 0
        entries = list(deque(workshop.ledger.entries(kind=kind, start=start), maxlen=last))
    if json:
        output.json({"ok": True, "entries": entries})
        return
    output.table(
        [">entry", "at (UTC)", "kind", "by"],
        ([str(one.index), f"{one.at:%Y-%m-%d %H:%M:%S}", one.kind, one.actor] for one in entries),
    )


@command.command("show")
def show_entry(
    index: Annotated[int, typer.Argument(help="Number of the entry, from 0.", min=0)],
    deployment: DeploymentOption = None,
) -> None:
    """Show one entry as JSON."""
    output = Output(True)
    with open_workshop(deployment, output) as workshop:
        output.json(workshop.ledger.entry(index))


@command.command("export")
def export_ledger(
    folder: Annotated[Path, typer.Argument(help="New folder for the export.")],
    blobs: Annotated[bool, typer.Option("--blobs", help="With the texts that decisions speak of.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write everything that an auditor needs to verify offline."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        written = write_export(workshop.ledger, folder, blobs=workshop.blobs if blobs else None)
    size = written.checkpoint.size
    if json:
        output.json({"ok": True, "folder": str(folder), "entries": size, "blobs": written.blobs})
        return
    output.text(
        f"{count(size, 'entry', 'entries')} written to {folder}. Check it with: flyball verify {folder}"
    )
