"""`flyball snapshot`: the versions of cases and labels, as Iceberg keeps them."""

from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.snapshots import find_snapshot, list_datasets, list_snapshots, tag_snapshot
from flyball.loop.workshop import Workshop

__all__ = ["command"]

command = typer.Typer()

SnapshotArgument = Annotated[str, typer.Argument(help='"cases", "cases@TAG" or "cases@DIGEST".')]


@command.command("list")
def list_all(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every version of every dataset, oldest first."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        found = [one for name in list_datasets(catalogue) for one in list_snapshots(catalogue, name)]
    if json:
        output.json({"ok": True, "snapshots": found})
        return
    output.table(
        ["snapshot", ">rows", "made (UTC)", "tags", "made from"],
        (
            [
                one.id,
                str(one.rows),
                f"{one.created_at:%Y-%m-%d %H:%M:%S}",
                ", ".join(one.tags),
                f"{len(one.parents)} parents",
            ]
            for one in found
        ),
    )


@command.command("show")
def show(snapshot: SnapshotArgument, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show one version: digest, parents, columns and card."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        found = find_snapshot(catalogue, snapshot)
    if json:
        output.json({"ok": True, "snapshot": found})
        return
    rows = [["snapshot", found.id], ["digest", found.digest], ["Iceberg snapshot", str(found.iceberg_id)]]
    rows += [[name, str(value)] for name, value in found.card.items()]
    rows += [["columns", ", ".join(f"{name}: {kind}" for name, kind in found.columns)]]
    rows += [["made from", ", ".join(short(one) for one in found.parents)]]
    output.table(["", ""], rows)


@command.command("tag")
def tag(
    snapshot: SnapshotArgument,
    name: Annotated[str, typer.Argument(help="A name that will always mean this version.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Give a version a name; a tag never moves."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        tagged = tag_snapshot(catalogue, find_snapshot(catalogue, snapshot), name)
        workshop.ledger.append(
            kind="snapshot.tagged", actor=workshop.actor, body={"snapshot": tagged.digest, "tag": name}
        )
    if json:
        output.json({"ok": True, "snapshot": tagged})
        return
    output.text(f"{tagged.id} is now also called {tagged.dataset}@{name}")


def _catalogue(workshop: Workshop) -> Catalogue:
    return open_catalogue(workshop.catalogue_url, workshop.state / "warehouse")
