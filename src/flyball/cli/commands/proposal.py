"""`flyball proposal`: what a turn suggests to change, for a person to sign."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, named_person, open_workshop
from flyball.core.digests import short
from flyball.loop.people import key_of_person
from flyball.loop.proposals import Standing, approve_proposal, find_proposal, proposals_in

__all__ = ["command"]

command = typer.Typer()


@command.command("list")
def list_proposals(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that nobody has answered.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List what was suggested, newest last."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = [one for one in proposals_in(workshop) if one.state == "waits" or not waiting]
    if json:
        output.json({"ok": True, "proposals": found})
        return
    if not found:
        output.text("Nothing is proposed.")
        return
    output.table(
        ["proposal", "", "what", "because", "state"],
        (
            [short(one.digest), one.proposal.act, one.proposal.what, one.proposal.cause, one.state]
            for one in found
        ),
    )


@command.command("show")
def show_proposal(
    proposal: Annotated[str, typer.Argument(help="First digits of the proposal.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show a proposal, and the lines that it would change."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = find_proposal(workshop, proposal)
    if json:
        output.json({"ok": True, "proposal": found})
    else:
        _show(output, found)


@command.command("approve")
def approve(
    proposal: Annotated[str, typer.Argument(help="First digits of the proposal.")],
    person: AsOption = None,
    reject: Annotated[bool, typer.Option("--reject", help="Say no instead.")] = False,
    comment: Annotated[str, typer.Option(help="For the record.")] = "",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a proposal as a person of people.toml; when enough have, its edit is written into the folder."""
    output = Output(json)
    person = named_person(person)
    with open_workshop(deployment, output, person) as workshop:
        key = key_of_person(workshop, person)
        found = approve_proposal(workshop, proposal, key=key, person=person, comment=comment, reject=reject)
        workshop.ledger.checkpoint()
    if json:
        output.json({"ok": True, "proposal": found})
        return
    _show(output, found)
    if found.state == "applied":
        output.text("The edit is in the folder. Test and release it: flyball turn")


def _show(output: Output, found: Standing) -> None:
    one = found.proposal
    output.text(
        f"Proposal [bold]{short(found.digest)}[/], {one.act}, {found.state}; ledger entry {found.entry}"
    )
    output.text(f"  {escape(one.what)}")
    output.text(f"  Because: {escape(one.cause)}")
    for old, new in one.lines:
        output.text(f"  - {escape(old)}")
        output.text(f"  + {escape(new)}")
    if found.state == "waits":
        output.text(f"  To be signed for {one.kind!r}: {escape('; '.join(found.missing))}")
