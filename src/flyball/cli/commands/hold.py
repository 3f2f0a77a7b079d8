"""`flyball hold`: legal hold, which keeps things whatever retention or erasure says."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, named_person, open_workshop
from flyball.core.text import count
from flyball.loop.erasure import REFUSED
from flyball.loop.holding import place_hold, release_hold
from flyball.loop.holds import holds_of

__all__ = ["command"]

command = typer.Typer()

NameArgument = Annotated[str, typer.Argument(help="Of the matter, as matter-2026-7.")]
ReasonOption = Annotated[str, typer.Option(help="For the ledger; it names nobody.")]


@command.command("add")
def add(
    name: NameArgument,
    reason: ReasonOption,
    subject: Annotated[
        str, typer.Option(help="A person, as the source writes them.", show_default=False)
    ] = "",
    document: Annotated[
        str, typer.Option(help="Whole digest of a document's bytes.", show_default=False)
    ] = "",
    dataset: Annotated[
        list[str] | None, typer.Option(help="A dataset; again for more.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="The whole deployment.")] = False,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a person, a document, datasets or everything until released. Needs the permission "hold"."""
    output = Output(json)
    person = named_person(person, "who decides it")
    with open_workshop(deployment, output, person) as workshop:
        hold = place_hold(
            workshop,
            name,
            person=person,
            reason=reason,
            subject=subject,
            document=document,
            datasets=dataset or (),
            everything=everything,
        )
    if json:
        output.json({"ok": True, "hold": hold})
        return
    output.text(f"The hold {escape(name)} keeps {escape(hold.about)}; entry {hold.entry} of the ledger.")
    output.say(f"Somebody else ends it: flyball hold release {name} --as PERSON --reason TEXT")


@command.command("list")
def list_holds(
    released: Annotated[bool, typer.Option("--released", help="Those that are over, too.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the holds in force."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = [one for one in holds_of(workshop.ledger) if one.in_force or released]
    if json:
        output.json({"ok": True, "holds": found})
        return
    if not found:
        output.text("No hold is in force.")
        return
    output.table(
        ["hold", "keeps", "since (UTC)", "by", "why", "released by", ">ledger entry"],
        (
            [
                one.name,
                one.about,
                f"{one.at:%Y-%m-%d %H:%M}",
                one.person,
                one.reason,
                one.released_by,
                str(one.entry),
            ]
            for one in found
        ),
    )


@command.command("release")
def release(
    name: NameArgument,
    reason: ReasonOption,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """End a hold, as somebody else than who placed it; says which erasures it stood in the way of."""
    output = Output(json)
    person = named_person(person, "who decides it")
    with open_workshop(deployment, output, person) as workshop:
        hold = release_hold(workshop, name, person=person, reason=reason)
        refused = [
            one.index for one in workshop.ledger.entries(REFUSED) if one.body.get("hold") == hold.entry
        ]
    if json:
        output.json({"ok": True, "hold": hold, "refused_erasures": refused})
        return
    output.text(f"The hold {escape(name)} keeps nothing any more.")
    if refused:
        entries = ", ".join(map(str, refused))
        output.text(
            f"{count(len(refused), 'erasure')} were refused because of it, to be asked for again: {entries}."
        )
