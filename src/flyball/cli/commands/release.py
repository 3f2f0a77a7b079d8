"""`flyball release`: list, show, compare, approve, promote and roll back releases."""

import sys
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, named_person, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured, as_plain
from flyball.core.text import count
from flyball.governance.approvals import sign_approval
from flyball.governance.evidence.records import Coverage, EvidenceRecord
from flyball.loop.comparing import Compared, compare_challenge, stop_if_worse
from flyball.loop.people import key_of_person
from flyball.loop.promotion import approvals_in, promote
from flyball.loop.release_view import release_view, releases_view
from flyball.loop.releases import (
    difference,
    find_release,
    read_release,
    require_live,
)
from flyball.loop.shadowing import behind
from flyball.loop.traffic import (
    Challenge,
    Started,
    end_challenge,
    go_back,
    start_challenge,
    traffic_history,
    traffic_now,
)

__all__ = ["command"]

command = typer.Typer()

ReleaseArgument = Annotated[str, typer.Argument(help="First digits of the release.")]
MarginOption = Annotated[
    float | None,
    typer.Option("--margin", help="Difference that does not matter; default 0.02.", show_default=False),
]
ErrorRateOption = Annotated[
    float | None,
    typer.Option("--error-rate", help="Chance of a false verdict; default 0.05.", show_default=False),
]
WhyOption = Annotated[str, typer.Option("--why", help="For the ledger.")]


@command.command("list")
def list_releases(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every release, newest last; the live one is marked."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = releases_view(workshop)
    lines = found.lines[::-1]
    if json:
        was_live = {one.release for one in found.promotions}
        releases = [
            {
                "release": one.digest,
                "made_at": one.made_at,
                "ledger_entry": one.entry,
                "live": one.state == "live",
                "was_live": one.digest in was_live,
                "state": one.state,
            }
            for one in lines
        ]
        output.json({"ok": True, "releases": releases})
        return
    rows = [
        [short(one.digest), f"{one.made_at:%Y-%m-%d %H:%M:%S}", one.state, str(one.entry)] for one in lines
    ]
    output.table(["release", "made (UTC)", "state", ">ledger entry"], rows)


@command.command("show")
def show_release(
    release: ReleaseArgument, deployment: DeploymentOption = None, json: JsonOption = False
) -> None:
    """Show what a release is made of, and who approved it."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        digest = find_release(workshop.state, release)
        signed = read_release(workshop.state, digest, workshop.key.verifier)
        approvals = [one for one in approvals_in(workshop) if one.digest == digest]
    if json:
        output.json(
            {
                "ok": True,
                "digest": digest,
                "release": signed.release,
                "note": signed.note,
                "approvals": approvals,
            }
        )
        return
    output.text(
        f"Release [bold]{digest}[/] of {escape(signed.release.deployment)}, flyball {signed.release.flyball}"
    )
    for promise in signed.release.promises:
        output.text(f"Promise: {escape(promise)}")
    output.table(["part", "digest"], ([name, short(part)] for name, part in signed.release.parts.items()))
    for one in approvals:
        output.text(
            f"{one.decision} by {escape(one.person)}, {one.at:%Y-%m-%d %H:%M} UTC"
            + (f": {escape(one.comment)}" if one.comment else "")
        )
    output.text(escape(signed.note))


@command.command("diff")
def diff_releases(
    before: ReleaseArgument,
    after: ReleaseArgument,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show which parts and files differ between two releases."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        old, new = (
            read_release(workshop.state, find_release(workshop.state, one), workshop.key.verifier).release
            for one in (before, after)
        )
    found = difference(old, new)
    if json:
        output.json({"ok": True, "difference": found})
        return
    rows = [
        [word, name]
        for word, names in (("changed", found.changed), ("added", found.added), ("removed", found.removed))
        for name in names
    ]
    output.table(["", "part"], rows)
    output.text(f"{count(len(rows), 'part')} differ, {found.same} are the same.")


@command.command("evidence")
def show_evidence(
    release: ReleaseArgument, deployment: DeploymentOption = None, json: JsonOption = False
) -> None:
    """Show what the checks of a release say about each duty in force, and what nobody checked."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        digest = find_release(workshop.state, release)
        entries = [one for one in workshop.ledger.entries(kind="evidence") if one.body["release"] == digest]
    if not entries:
        raise BadInput(f"No evidence for {short(digest)}: its gate was never asked.", fix="Run: flyball turn")
    body = msgspec.convert(entries[-1].body, _Evidence)
    if json:
        output.json({"ok": True, "ledger_entry": entries[-1].index, "evidence": entries[-1].body})
        return
    output.table(
        ["duty", "standing", "because"],
        ([one.obligation, one.standing.replace("_", " "), one.said] for one in body.coverage),
    )
    output.text()
    passed = sum(one.passed for one in body.records if one.check)
    made = sum(bool(one.check) for one in body.records)
    output.text(f"{passed} of {count(made, 'check')} passed; ledger entry {entries[-1].index}.")
    output.text("This is evidence, not certification: people sign.")


class _Evidence(msgspec.Struct):
    """The part of an evidence entry that is shown."""

    coverage: list[Coverage]
    records: list[EvidenceRecord]


@command.command("approve")
def approve_release(
    release: ReleaseArgument,
    person: AsOption = None,
    reject: Annotated[bool, typer.Option("--reject", help="Say no instead.")] = False,
    comment: Annotated[str, typer.Option(help="For the record.")] = "",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign the exact digest of a release, as a person of people.toml."""
    output = Output(json)
    person = named_person(person)
    with open_workshop(deployment, output, person) as workshop:
        digest = find_release(workshop.state, release)
        read_release(workshop.state, digest, workshop.key.verifier)
        approval = sign_approval(
            key_of_person(workshop, person),
            digest=digest,
            kind="release",
            person=person,
            decision="reject" if reject else "approve",
            comment=comment,
            at=workshop.clock(),
        )
        receipt = workshop.ledger.append(kind="approval", actor=f"person:{person}", body=approval)
        workshop.ledger.checkpoint()  # what stands at the end unsigned could be cut off unseen
        missing = release_view(workshop, digest).missing
    if json:
        output.json(
            {"ok": True, "approval": approval, "ledger_entry": receipt.index, "missing": list(missing)}
        )
        return
    output.text(f"{approval.decision} of {short(digest)} written to the ledger, entry {receipt.index}.")
    if missing:
        output.text(f"It cannot go live yet: {escape('; '.join(missing))}.")
    else:
        output.text(f"Put it live with: flyball release promote {short(digest)}")


@command.command("promote")
def promote_release(
    release: ReleaseArgument,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the release gate, and put the release live when it allows."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        done = promote(workshop, find_release(workshop.state, release), by=workshop.actor, why=why)
    if json:
        output.json({"ok": done.live, "release": done.release, "live": done.live, "gate": done.verdict})
    elif done.live:
        output.text(f"Release [bold]{short(done.release)}[/] is live. {escape(done.verdict.reason)}")
    else:
        output.text(f"[bold]Refused.[/] {escape(done.verdict.reason)}")
    if not done.live:
        sys.exit(1)


@command.command("shadow")
def shadow_release(
    release: ReleaseArgument,
    margin: MarginOption = None,
    error_rate: ErrorRateOption = None,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Let a release decide every case, too, without answering any; when its gate allows."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        started = start_challenge(
            workshop,
            find_release(workshop.state, release),
            "shadow",
            margin=margin,
            error_rate=error_rate,
            by=workshop.actor,
            why=why,
        )
        talks = workshop.deployment.settings.chat is not None
    _show_started(output, started, talks=talks)


@command.command("canary")
def canary_release(
    release: ReleaseArgument,
    share: Annotated[
        float | None, typer.Option("--share", help="Of the cases, such as 0.05.", show_default=False)
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", help="Only this tenant; several times for several.")
    ] = None,
    margin: MarginOption = None,
    error_rate: ErrorRateOption = None,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Let a release answer a share of the cases, or some tenants, when its gate allows."""
    output = Output(json)
    if share is None and not tenant:
        raise BadInput("How much the canary answers is not said.", fix="Add --share 0.05, or --tenant NAME.")
    with open_workshop(deployment, output, person) as workshop:
        started = start_challenge(
            workshop,
            find_release(workshop.state, release),
            "canary",
            share=1.0 if share is None else share,
            tenants=tuple(dict.fromkeys(tenant or ())),
            margin=margin,
            error_rate=error_rate,
            by=workshop.actor,
            why=why,
        )
        talks = workshop.deployment.settings.chat is not None
    _show_started(output, started, talks=talks)


@command.command("stop")
def stop_challenge(
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """End the shadow or the canary that is on; the live release answers everything."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        ended = end_challenge(workshop, by=workshop.actor, why=why)
    if json:
        output.json({"ok": True, "ended": ended, "live": ended.against})
        return
    output.text(_ended(ended))


@command.command("compare")
def compare_releases(
    stop: Annotated[
        bool, typer.Option("--stop", help="End the challenge where the challenger is clearly worse.")
    ] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Compare the challenger with the live release on what turned out. It may be asked at any time."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = compare_challenge(workshop)
        stopped = stop and stop_if_worse(workshop) is not None
    if json:
        told = {name: getattr(found, name) for name in Compared.__dataclass_fields__}
        measured = ("difference", "champion_right", "challenger_right")
        told |= {name: as_plain(getattr(found, name)) for name in measured}
        output.json({"ok": True, **told, "stopped": stopped})
        return
    output.text(f"[bold]{found.verdict}[/]. {escape(found.because)}")
    output.table(
        ["", "share of right answers", "cases"],
        [
            [f"{name} {short(digest)}", *_right_of(one)]
            for name, digest, one in (
                ("champion", found.champion, found.champion_right),
                ("challenger", found.challenger, found.challenger_right),
            )
        ],
    )
    if found.failed:
        output.text(f"The challenger broke on {count(found.failed, 'case')}; they count as wrong.")
    for reason, number in found.left_out.items():
        output.text(f"Left out: {count(number, 'case')}: {reason}.")
    if found.design == "by tenant":
        output.text("Tenants are not drawn at random: this can stop a challenger, not speak for it.")
    if stopped:
        output.text("The challenge has ended; the live release answers everything.")
    elif found.verdict == "worse":
        output.text("End it with: flyball release stop")
    elif found.verdict == "better":
        output.text(f"Put it live with: flyball release promote {short(found.challenger)}")


def _right_of(one: Estimate | NotMeasured) -> list[str]:
    return [f"{one.value:.3f}", str(one.n)] if isinstance(one, Estimate) else [str(one), "0"]


@command.command("status")
def show_status(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show which release answers what, who looks on, and every change of it."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        now = traffic_now(workshop.ledger)
        steps = traffic_history(workshop.ledger)
        left = behind(workshop, now)
    if json:
        output.json(
            {
                "ok": True,
                "live": now.champion,
                "challenge": now.challenge,
                "began": now.began,
                "shadow": left,
                "history": steps,
            }
        )
        return
    if not now.champion:
        output.text("Nothing is live yet. Make a release with: flyball turn")
        return
    rest = "" if now.challenge is None else f"; {_described(now.challenge)}"
    output.text(f"Release [bold]{short(now.champion)}[/] is live{rest}.")
    if left is not None and left.oldest is not None:
        output.text(
            f"It has {count(left.waiting, 'decision')} still to decide, the oldest of "
            f"{left.oldest:%Y-%m-%d %H:%M} UTC. flyball serve and flyball decide work on them."
        )
    rows = [
        [
            f"{one.at:%Y-%m-%d %H:%M}",
            "ended" if one.challenge is None else _described(one.challenge),
            one.by,
            one.why,
            str(one.entry),
        ]
        for one in steps
    ]
    if rows:
        output.table(["when (UTC)", "what", "by", "why", ">ledger entry"], rows)


def _show_started(output: Output, started: Started, *, talks: bool) -> None:
    challenge = started.traffic.challenge
    if output.as_json:
        output.json(
            {
                "ok": started.ok,
                "live": started.traffic.champion,
                "challenge": challenge,
                "gate": started.verdict,
            }
        )
    elif started.ok and challenge is not None:
        output.text(f"{_described(challenge)}; {short(started.traffic.champion)} stays live.")
        output.text(
            f"Compared with a margin of {challenge.margin:g} and an error rate of {challenge.error_rate:g}: "
            "flyball release compare"
        )
        if talks:
            output.text("Conversations under \\[chat] have no part in it: they are answered as before.")
    else:
        output.text(f"[bold]Refused.[/] {escape(started.verdict.reason)}")
    if not started.ok:
        sys.exit(1)


def _described(challenge: Challenge) -> str:
    name = short(challenge.release)
    if challenge.mode == "shadow":
        return f"{name} decides in the shadow and answers nothing"
    whose = f" of {', '.join(challenge.tenants)}" if challenge.tenants else ""
    return f"{name} answers {challenge.share:.4g} of the cases{whose}"


def _ended(ended: Challenge) -> str:
    return f"The {ended.mode} {short(ended.release)} has ended; {short(ended.against)} answers everything."


@command.command("rollback")
def rollback_release(
    release: Annotated[
        str | None,
        typer.Argument(help="First digits; default: end a canary, else the one before.", show_default=False),
    ] = None,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """End a canary; without one, go back to a release that was live before. At once."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        digest = find_release(workshop.state, release) if release else None
        ended = go_back(workshop, digest, by=workshop.actor, why=why)
        now = require_live(workshop.ledger, workshop.deployment.name)
    if json:
        output.json({"ok": True, "promotion": now, "ended": ended})
    elif ended is not None:
        output.text(_ended(ended))
    else:
        output.text(f"Release [bold]{short(now.release)}[/] is live again; {short(now.before)} was before.")
