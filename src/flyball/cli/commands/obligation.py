"""`flyball obligation`: which duties applied on a day, and what changes between two days."""

from datetime import date
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput, UnknownName
from flyball.core.text import count
from flyball.governance.obligations.records import Obligation
from flyball.loop.law import changes_between
from flyball.loop.stages.obligations import catalogue_of, duties_of, kinds_of

__all__ = ["command"]

command = typer.Typer()


@command.command("list")
def list_obligations(
    on: Annotated[
        str | None, typer.Option(help="Day as YYYY-MM-DD; default today.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the duties in force for the deployment on a day."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        day = _day(on) if on else workshop.clock().date()
        duties = duties_of(workshop, day)
    if json:
        output.json({"ok": True, "on": day, "obligations": duties})
        return
    output.table(["id", "what", "since", "until"], (_row(duty) for duty in duties))
    output.text()
    output.text(
        f"{count(len(duties), 'duty', 'duties')} of the catalogue apply on {day}; confirm each with counsel."
    )


@command.command("show")
def show_obligation(
    id: Annotated[str, typer.Argument(help="For instance eu.gdpr.28.3.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show every version of one duty."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        catalogue = catalogue_of(workshop.deployment)
    versions = catalogue.versions(id)
    if not versions:
        known = ", ".join(sorted(catalogue.ids))
        raise UnknownName(f"No duty is called {id!r}.", fix=f"Known: {known}.", id=id)
    if json:
        output.json({"ok": True, "versions": versions})
        return
    for duty in versions:
        until = f" until {duty.effective_to}" if duty.effective_to else ""
        output.text(f"[bold]{escape(duty.key)}[/]  {escape(duty.title)}")
        output.text(f"  {escape(duty.text)}")
        output.text(f"  {escape(duty.source.law)}, {escape(duty.source.article)}; {duty.jurisdiction}")
        output.text(f"  from {duty.effective_from}{until}; read: {escape(duty.read_at)}")
        if duty.gaps:
            output.text(f"  not read or not settled: {escape(duty.gaps)}")
        if duty.override_reason:
            output.text(f"  replaces the shipped entry: {escape(duty.override_reason)}")
        output.text(
            "  confirm with counsel" if duty.confirm_with_counsel else f"  {escape(duty.confirmed_by)}"
        )
        output.text(f"  shown by: {', '.join(duty.checks) or 'no check; see the evidence'}")


@command.command("diff")
def diff_obligations(
    first: Annotated[str, typer.Argument(help="Day as YYYY-MM-DD.")],
    second: Annotated[str, typer.Argument(help="Day as YYYY-MM-DD.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show which duties begin, end or change between two days."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        here = workshop.deployment
        found = changes_between(
            catalogue_of(here),
            _day(first),
            _day(second),
            here.settings.deployment,
            here.fields,
            kinds_of(here),
        )
    if json:
        output.json({"ok": True, "difference": found})
        return
    rows = [["begins", *_row(duty)] for duty in found.begins]
    rows += [["ends", *_row(duty)] for duty in found.ends]
    rows += [["changes", *_row(change.after)] for change in found.changed]
    if rows:
        output.table(["", "id", "what", "since", "until"], rows)
    else:
        output.text(f"Nothing changes for this deployment between {first} and {second}.")


def _row(duty: Obligation) -> list[str]:
    return [duty.id, duty.title, str(duty.effective_from), str(duty.effective_to or "")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise BadInput(f"{text!r} is not a day.", fix="Write it as YYYY-MM-DD.", day=text) from err
