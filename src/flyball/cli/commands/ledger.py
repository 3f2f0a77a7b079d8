"""`flyball ledger`: show, prove and export the ledger."""

from collections import deque
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.ledger.exports import export as write_export
from flyball.ledger.proofs import prove

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
        kinds = {one.kind for one in workshop.ledger.entries()} if kind and not entries else set()
    if json:
        output.json({"ok": True, "entries": entries})
        return
    if kinds:
        output.text(f"No entry is of the kind {escape(str(kind))}. There are: {', '.join(sorted(kinds))}.")
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


@command.command("proof")
def prove_entry(
    index: Annotated[int, typer.Argument(help="Number of the entry, from 0.", min=0)],
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: proof-NUMBER.json here.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write one entry with the proof that it stands under the signed root, for an auditor."""
    output = Output(json)
    out = out or Path(f"proof-{index}.json")
    with open_workshop(deployment, output) as workshop:
        out.write_bytes(prove(workshop.ledger, index).to_json())
    if json:
        output.json({"ok": True, "entry": index, "file": str(out)})
        return
    output.text(f"Entry {index} with its proof written to {escape(str(out))}.")
    output.text(f"Check it anywhere with: flyball verify {escape(str(out))} --key VKEY-FILE")


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
