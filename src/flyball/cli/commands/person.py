"""`flyball person`: keys of the people who approve."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.loop.people import key_folder, make_person, person_entry
from flyball.loop.promotion import people_of

__all__ = ["command"]

command = typer.Typer()


@command.command("add")
def add(
    id: Annotated[str, typer.Argument(help="Short name, lower case.")],
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    role: Annotated[str, typer.Option(help="For instance: General counsel.")] = "",
    json: JsonOption = False,
) -> None:
    """Make a key on this machine, and print the entry for people.toml. The private key never leaves."""
    output = Output(json)
    entry = person_entry(make_person(id), name=name or id, role=role or "unknown")
    if json:
        output.json({"ok": True, "id": id, "entry": entry})
        return
    output.say(f"The private key stays here, readable by you only: {key_folder() / id}.pem")
    output.say("Have the owner of the deployment add this to people.toml, beside flyball.toml:")
    output.text(escape(entry))


@command.command("list")
def list_people(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List the people who may sign."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        people = people_of(workshop)
    if json:
        output.json({"ok": True, "people": people})
        return
    if not people:
        output.text("Nobody may sign: people.toml lists nobody. Make a key with: flyball person add ID")
        return
    output.table(
        ["id", "name", "role", "may sign", ""],
        (
            [one.id, one.name, one.role, ", ".join(one.kinds), "revoked" if one.revoked else ""]
            for one in people
        ),
    )
