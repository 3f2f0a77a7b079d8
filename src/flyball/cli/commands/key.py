"""`flyball key`: keys by which programs and people use the gateway."""

from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import UnknownName
from flyball.gateway.access.keys import KeyBook, NewKey
from flyball.gateway.access.records import ROLES, SCOPES, ApiKey, Role, Scope
from flyball.loop.workshop import Workshop

__all__ = ["command"]

Word = TypeVar("Word", bound=str)

command = typer.Typer()

IdArgument = Annotated[str, typer.Argument(help="First digits of the key's id; see flyball key list.")]


@command.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose key it is: a program, or somebody.")],
    role: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(ROLES)}; may be repeated.")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; may be repeated.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose cases it sees.")] = "default",
    days: Annotated[int, typer.Option(help="Until it ends.")] = 90,
    by_hand: Annotated[
        bool, typer.Option("--person", help="Somebody uses it by hand, for instance to review.")
    ] = False,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key and show it, once."""
    output = Output(json)
    roles: list[Role] = [_one_of(ROLES, "role", one) for one in role or ()]
    scopes: list[Scope] = [_one_of(SCOPES, "scope", one) for one in scope or ()]
    with open_workshop(deployment, output, person) as workshop:
        made = _book(workshop).create(
            name,
            actor=workshop.actor,
            tenant=tenant,
            roles=roles,
            scopes=scopes,
            days=days,
            person=by_hand,
        )
        workshop.ledger.checkpoint()  # what stands at the end unsigned could be cut off unseen
    _show(output, made)


@command.command("list")
def list_keys(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every key there ever was, and how it stands."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        keys, now = _book(workshop).all(), workshop.clock()
    if json:
        output.json({"ok": True, "keys": [_plain(key) | {"state": key.state(now)} for key in keys]})
        return
    output.table(
        ["id", "for", "tenant", "may", "until (UTC)", "state"],
        (
            [
                key.id,
                key.holder,
                key.tenant,
                ", ".join([*key.roles, *key.scopes]),
                f"{key.expires_at:%Y-%m-%d %H:%M}",
                key.state(now),
            ]
            for key in keys
        ),
    )


@command.command("rotate")
def rotate_key(
    id: IdArgument,
    overlap_hours: Annotated[float, typer.Option(help="How long the old key still opens.", min=0)] = 24.0,
    days: Annotated[
        int | None, typer.Option(help="Until the new one ends; default: as long as the old one.")
    ] = None,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Make the key that comes after another, and show it, once."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        overlap = timedelta(hours=overlap_hours)
        made = _book(workshop).rotate(id, actor=workshop.actor, overlap=overlap, days=days)
        workshop.ledger.checkpoint()
    _show(output, made)


@command.command("revoke")
def revoke_key(
    id: IdArgument,
    why: Annotated[str, typer.Option("--why", help="For the ledger.")] = "",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """End a key for good; a running gateway follows within a second."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        key = _book(workshop).revoke(id, actor=workshop.actor, why=why)
        workshop.ledger.checkpoint()
    if json:
        output.json({"ok": True, **_plain(key)})
        return
    output.text(f"The key {key.id} of {escape(key.name)} opens nothing any more.")


def _show(output: Output, made: NewKey) -> None:
    if output.as_json:
        output.json({"ok": True, "key": made.secret, **_plain(made.kept)})
        return
    output.say("This is the only time that the key is shown; only its hash is kept.")
    output.out.print(made.secret, soft_wrap=True)  # in one piece, however narrow the terminal
    kept = made.kept
    output.say(
        f"{escape(kept.holder)} of the tenant {kept.tenant}, until {kept.expires_at:%Y-%m-%d %H:%M} UTC."
    )


def _plain(key: ApiKey) -> dict[str, object]:
    """Return what may be shown of a key; its hash is nobody's concern."""
    return {
        "id": key.id,
        "name": key.name,
        "person": key.person,
        "tenant": key.tenant,
        "roles": list(key.roles),
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "replaced_by": key.replaced_by,
        "revoked_at": key.revoked_at,
        "emergency": key.emergency,
    }


def _book(workshop: Workshop) -> KeyBook:
    return KeyBook(workshop.ledger, workshop.deployment.name, clock=workshop.clock)


def _one_of(known: tuple[Word, ...], kind: str, given: str) -> Word:
    for one in known:
        if one == given:
            return one
    raise UnknownName(f"No {kind} is called {given!r}.", fix=f"Known: {', '.join(known)}.", name=given)
