"""`flyball snapshot`: the versions of cases and labels, as Iceberg keeps them."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.datasets.branches import create_branch, delete_branch, list_branches, publish_branch
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.compaction import compact
from flyball.data.datasets.datasheet import datasheet_of, render_datasheet
from flyball.data.datasets.history import snapshot_at
from flyball.data.datasets.relocation import relocate
from flyball.data.datasets.snapshots import find_snapshot, list_datasets, list_snapshots, tag_snapshot
from flyball.loop.labelling import declassify
from flyball.loop.retention import require_not_held, require_retained, retain_datasets, retention_of
from flyball.loop.splitting import split_snapshot
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
                count(len(one.parents), "parent"),
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


@command.command("at")
def at(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    moment: Annotated[str, typer.Argument(help="2026-05-04, or 2026-05-04T12:00:00+00:00; UTC by default.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Say which version was current at a moment."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        found = snapshot_at(catalogue, dataset, _moment(moment))
    if json:
        output.json({"ok": True, "snapshot": found})
        return
    output.text(found.id)


@command.command("card")
def card(snapshot: SnapshotArgument, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Print the datasheet of a version as Markdown; what nobody has answered is said to be so."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        sheet = datasheet_of(catalogue, find_snapshot(catalogue, snapshot))
    if json:
        output.json({"ok": True, "datasheet": sheet, "unanswered": list(sheet.unanswered)})
        return
    sys.stdout.write(render_datasheet(sheet))


@command.command("split")
def split(
    snapshot: SnapshotArgument,
    by: Annotated[
        list[str], typer.Option(help="Column whose values stand in one part only; again for more.")
    ],
    key: Annotated[list[str], typer.Option(help="Column that names a row; again for more.")],
    part: Annotated[
        list[str] | None, typer.Option(help="NAME=SHARE; default train=0.8 and test=0.2.", show_default=False)
    ] = None,
    salt: Annotated[str, typer.Option(help="Another salt is another split.")] = "1",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Split a version so that no person, account or device stands in two parts."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        made = split_snapshot(workshop, snapshot, key=key, entities=by, shares=_shares(part or []), salt=salt)
    if json:
        output.json({"ok": True, "snapshot": made})
        return
    output.text(f"{made.id}: {count(made.rows, 'row')}")


@command.command("compact")
def compact_files(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Rewrite the small files of a dataset as few large ones; its digest stays the same."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        done = compact(catalogue, dataset)
        workshop.ledger.append(kind="snapshot.compacted", actor=workshop.actor, body=done)
    if json:
        output.json({"ok": True, "compacted": done})
        return
    output.text(f"{done.dataset}: {done.files_before} files before, {done.files_after} now")


@command.command("retain")
def retain(
    status: Annotated[bool, typer.Option("--status", help="Only say how it stands.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Take away the snapshots that are due. Exit code 1 where something should be gone and is not."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        rules = workshop.deployment.settings.retention
        found = retention_of(workshop, rules) if status else retain_datasets(workshop, rules)
    if json:
        output.json({"ok": all(one.outcome in ("kept", "due", "held") for one in found), "datasets": found})
    elif not found:
        output.text(escape("None: no [[retention]] says how long anything stays."))
    else:
        output.table(
            ["dataset", "outcome", ">expired", ">files", ""],
            ([one.dataset, one.outcome, str(len(one.expired)), str(one.files), one.problem] for one in found),
        )
    require_retained(found)


@command.command("declassify")
def declassify_column(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    column: Annotated[str, typer.Argument(help="Column that had stricter labels.")],
    reason: Annotated[str, typer.Option(help="What has changed about the data; it goes into the ledger.")],
    person: Annotated[str, typer.Option("--as", help="Who signs, as in people.toml.")],
    label: Annotated[
        list[str] | None, typer.Option(help="A label that stays; again for more.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign that a column may have looser labels from now on. Needs the permission "declassify"."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        entry = declassify(workshop, dataset, column, label or (), person=person, reason=reason)
    if json:
        output.json({"ok": True, "ledger_entry": entry})
        return
    output.text(f"Written down as entry {entry} of the ledger.")


@command.command("branch")
def branch(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    create: Annotated[str, typer.Option(help="Begin a branch of this name.")] = "",
    of: Annotated[str, typer.Option("--of", help="Where it begins; default: the current version.")] = "",
    publish: Annotated[str, typer.Option(help="Make this branch the current version.")] = "",
    delete: Annotated[str, typer.Option(help="Delete this branch.")] = "",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the branches of a dataset; or begin, publish or delete one."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop, _catalogue(workshop) as catalogue:
        if create:
            create_branch(catalogue, find_snapshot(catalogue, of or dataset), create)
        if publish:
            publish_branch(catalogue, dataset, publish)
        if delete:
            require_not_held(workshop, dataset)
            delete_branch(catalogue, dataset, delete)
        done = {
            name: value
            for name, value in (("create", create), ("publish", publish), ("delete", delete))
            if value
        }
        if done:
            workshop.ledger.append(
                kind="snapshot.branch", actor=workshop.actor, body={"dataset": dataset, **done}
            )
        found = list_branches(catalogue, dataset)
    if json:
        output.json({"ok": True, "branches": found})
        return
    output.table(["branch", "snapshot", ">rows"], ([n, one.id, str(one.rows)] for n, one in found.items()))


@command.command("relocate")
def relocate_all(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Write down where the datasets are after the folder was moved or copied; data files stay as they are."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        done = relocate(workshop.catalogue_url, workshop.state / "warehouse")
        if done:
            workshop.ledger.append(
                kind="snapshot.relocated", actor=workshop.actor, body={"datasets": list(done)}
            )
    if json:
        output.json({"ok": True, "relocated": list(done)})
        return
    output.text(f"{count(len(done), 'dataset')} written down at the new place.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise BadInput(f"{text!r} is no moment.", fix="For instance 2026-05-04T12:00:00+00:00.") from err
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _shares(parts: list[str]) -> dict[str, float]:
    if not parts:
        return {"train": 0.8, "test": 0.2}
    found = {}
    for part in parts:
        name, _, share = part.partition("=")
        try:
            found[name] = float(share)
        except ValueError as err:
            raise BadInput(f"{part!r} is no NAME=SHARE.", fix="For instance train=0.8.") from err
    return found


def _catalogue(workshop: Workshop) -> Catalogue:
    return open_catalogue(workshop.catalogue_url, workshop.state / "warehouse")
