"""`flyball access`: emergency access, second signatures, and what somebody else has to look at."""

from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, named_person, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput, UnknownName
from flyball.core.text import count
from flyball.gateway.access.break_glass import break_glass, end_emergency
from flyball.gateway.access.records import ROLES, Role
from flyball.ledger.records import Entry
from flyball.loop.access_noted import ACCESS, access_change_of
from flyball.loop.access_reviews import acts_during, open_reviews, review_access
from flyball.loop.access_view import access_view
from flyball.loop.emergency import OPENED
from flyball.loop.people_noted import PEOPLE, change_of
from flyball.loop.permission import approve_request

__all__ = ["command"]

command = typer.Typer()

EntryArgument = Annotated[int, typer.Argument(help="Of the ledger; see flyball access list.")]


@command.command("list")
def list_access(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List emergency access, changes of who may sign, requests for a second signature, and open reviews."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        view = access_view(workshop)
        now = workshop.clock()
    if json:
        output.json(
            {
                "ok": True,
                "emergencies": [
                    {name: getattr(one, name) for name in one.__dataclass_fields__}
                    | {"state": one.state(now)}
                    for one in view.emergencies
                ],
                "people": view.people,
                "to_review": view.to_review,
                "asked": view.asked,
            }
        )
        return
    if view.emergencies:
        output.table(
            [">entry", "who", "until (UTC)", "state", "roles", "why", "reviewed by"],
            (
                [
                    str(one.entry),
                    one.person,
                    f"{one.over_at():%Y-%m-%d %H:%M}",
                    one.state(now),
                    ", ".join(one.roles),
                    one.reason,
                    one.reviewed_by,
                ]
                for one in view.emergencies
            ),
        )
    else:
        output.text("Nobody has ever broken the glass.")
    for change in view.people:
        output.text(
            f"people.toml, entry {change.entry}, {change.at:%Y-%m-%d %H:%M} UTC: {escape(change.in_words)}"
        )
    for asked in view.asked:
        output.text(
            f"{escape(asked.person)} asks to {asked.kind} ({escape(asked.reason)}): "
            f"flyball access approve {short(asked.digest)} --as PERSON"
        )
    if view.to_review:
        output.text(f"{count(len(view.to_review), 'entry', 'entries')} for somebody else to look at:")
        for one in view.to_review:
            output.text(f"  {one.entry}  {escape(one.what)}")


@command.command("break-glass")
def break_the_glass(
    reason: Annotated[str, typer.Option(help="For the ledger, without a word of a case.")],
    hours: Annotated[float, typer.Option(help="Until it ends by itself.")] = 1.0,
    role: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(ROLES)}; default: every one.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose cases.")] = "default",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Get rights that you do not have, for hours: signed, told to everybody, and looked at afterwards."""
    output = Output(json)
    person = named_person(person, "who breaks the glass")
    with open_workshop(deployment, output, person) as workshop:
        made = break_glass(
            workshop, person=person, reason=reason, hours=hours, roles=_roles(role or ()), tenant=tenant
        )
    found = made.emergency
    if json:
        output.json(
            {
                "ok": True,
                "key": made.key.secret,
                "key_id": found.key,
                "entry": found.entry,
                "until": found.until,
            }
        )
        return
    output.say("Everybody who watches this deployment is told. Somebody else has to look at it afterwards.")
    output.out.print(made.key.secret, soft_wrap=True)
    output.say(
        f"{escape(person)} until {found.until:%Y-%m-%d %H:%M} UTC; "
        f"end it before: flyball access end {found.entry}"
    )


@command.command("end")
def end_access(
    entry: EntryArgument,
    why: Annotated[str, typer.Option("--why", help="For the ledger.")] = "",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """End emergency access before its time."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        found = end_emergency(workshop, entry, why=why)
    if json:
        output.json({"ok": True, "entry": entry, "ended_at": found.ended_at})
        return
    output.text(f"The emergency access of {escape(found.person)} opens nothing any more.")
    output.say(f"Somebody else looks at it: flyball access review {entry} --as PERSON --comment TEXT")


@command.command("show")
def show_access(entry: EntryArgument, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show what was done under emergency access, or how the list of people changed."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        written = workshop.ledger.entry(entry)
        if written.kind not in (OPENED, PEOPLE, ACCESS):
            waiting = ", ".join(str(one.entry) for one in open_reviews(workshop)) or "none"
            raise BadInput(
                f"Entry {entry} is a {written.kind!r}, which is about no access.",
                fix=f"Waiting for a review: {waiting}. Any entry: flyball ledger show {entry}",
            )
        acts: list[Entry] = acts_during(workshop, entry) if written.kind == OPENED else []
    if json:
        told = [{"entry": one.index, "at": one.at, "kind": one.kind} for one in acts]
        output.json({"ok": True, "entry": written, "acts": told})
        return
    if written.kind == ACCESS:
        changed = access_change_of(written)
        output.text(f"{escape(changed.in_words)}; noticed by the account {escape(changed.account)}.")
        return
    if written.kind == PEOPLE:
        change = change_of(written)
        output.text(f"{escape(change.in_words)}; noticed by the account {escape(change.account)}.")
        output.table(
            ["", "id", "public key", "may sign", "accounts"],
            (
                [word, one.id, one.public_key, ", ".join(one.kinds), ", ".join(one.accounts)]
                for word, people in (("before", change.before), ("after", change.after))
                for one in people
            ),
        )
        return
    output.text(f"{count(len(acts), 'entry', 'entries')} by them in that time, whatever key they used:")
    output.table(
        [">entry", "when (UTC)", "kind"],
        ([str(one.index), f"{one.at:%Y-%m-%d %H:%M:%S}", one.kind] for one in acts),
    )


@command.command("review")
def review(
    entry: EntryArgument,
    comment: Annotated[str, typer.Option(help="What you found; it stays in the ledger.")],
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign that you have looked at somebody else's emergency access, or at a change of who may do what."""
    output = Output(json)
    person = named_person(person, "who reviews")
    with open_workshop(deployment, output, person) as workshop:
        written = review_access(workshop, entry, person=person, comment=comment)
    if json:
        output.json({"ok": True, "entry": entry, "ledger_entry": written})
        return
    output.text(f"Written down as entry {written} of the ledger.")


@command.command("approve")
def approve(
    request: Annotated[str, typer.Argument(help="First digits of the request; see flyball access list.")],
    comment: Annotated[str, typer.Option(help="For the record.")] = "",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign, as the second person, exactly what somebody else has asked for; it counts for 24 hours."""
    output = Output(json)
    person = named_person(person, "who signs")
    with open_workshop(deployment, output, person) as workshop:
        entry = approve_request(workshop, request, person=person, comment=comment)
    if json:
        output.json({"ok": True, "ledger_entry": entry})
        return
    output.text(f"Written down as entry {entry}. Who asked gives the same command again within 24 hours.")


def _roles(given: list[str] | tuple[str, ...]) -> tuple[Role, ...]:
    if not given:
        return ROLES
    unknown = sorted(set(given) - set(ROLES))
    if unknown:
        raise UnknownName(f"No role is called {unknown[0]!r}.", fix=f"Known: {', '.join(ROLES)}.")
    return tuple(one for one in ROLES if one in given)
