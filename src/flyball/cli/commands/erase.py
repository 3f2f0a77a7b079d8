"""`flyball erase`: take a person or a document out of all copies, with a proof."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.loop.erasure import Found, erase, find

__all__ = ["command"]


def command(
    subject: Annotated[
        str,
        typer.Option(help="The person, as the source writes them: a number or a name.", show_default=False),
    ] = "",
    document: Annotated[
        str, typer.Option(help="Instead: digest of a document's bytes.", show_default=False)
    ] = "",
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only this dataset; may be given again.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it goes into the ledger, so name nobody.")] = "",
    person: Annotated[str, typer.Option("--as", help="Who decides it, as in people.toml.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say where the person is.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a person from raw, derived and training data, texts and caches, and prove it.

    Needs the permission "erase". Exit code 1 where something could not be erased.
    """
    output = Output(json)
    datasets = dataset or []
    if not dry_run and not person:
        raise BadInput("Nobody is named who decides it.", fix="Add --as PERSON, or --dry-run to look first.")
    with open_workshop(deployment, output, person or None) as workshop:
        if dry_run:
            found = find(workshop, subject, document=document, datasets=datasets)
            if json:
                output.json({"ok": True, "found": found})
            else:
                _show(output, found)
            return
        done = erase(workshop, subject, document=document, datasets=datasets, person=person, reason=reason)
    if json:
        output.json(
            {
                "ok": done.complete,
                "entry": done.entry,
                "removed": done.removed,
                "remaining": done.remaining,
                "outside": done.outside,
            }
        )
    else:
        _show(output, done.removed)
        for line in done.remaining:
            output.text(f"[bold red]not erased[/bold red] {escape(line)}")
        for line in done.outside:
            output.text(f"[dim]out of reach[/dim] {escape(line)}")
        output.say(f"Proof: flyball ledger show {done.entry}")
    if not done.complete:
        raise typer.Exit(1)


def _show(output: Output, found: Found) -> None:
    output.table(
        ["dataset", "rows", "snapshots", "tags", "files"],
        (
            [one.dataset, str(one.rows), str(len(one.snapshots)), ", ".join(one.tags), str(len(one.files))]
            for one in found.datasets
        ),
    )
    output.text(
        f"{count(len(found.documents), 'document')}, {count(len(found.blobs), 'blob')}, "
        f"{count(len(found.caches), 'cached file')}"
    )
    for release in found.releases:
        output.text(f"[yellow]make again[/yellow] release {short(release)}")
    for expert in found.experts:
        output.text(f"[yellow]train again[/yellow] {escape(expert)}")
    for line in found.stuck:
        output.text(f"[red]cannot be erased here[/red] {escape(line)}")
