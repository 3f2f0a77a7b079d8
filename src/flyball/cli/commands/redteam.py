"""`flyball redteam`: attack a deployment, see what worked, and try that again."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import canonical_json, short
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured, as_plain
from flyball.core.text import count
from flyball.governance.redteam.family import FAMILIES, Family
from flyball.governance.redteam.outside import OutsideReport
from flyball.governance.redteam.records import Attack, RedTeamReport, Result
from flyball.loop.redteaming import note_outside

__all__ = ["command"]

command = typer.Typer(help="Attack a deployment, see what worked, and try that again.")

ReleaseOption = Annotated[
    str,
    typer.Option("--release", help="A release by its digest.  [default: what is live]", show_default=False),
]
OnlineOption = Annotated[
    bool,
    typer.Option("--online", help="Let attacks reach models that are not on this machine; they may cost."),
]


@command.command("run")
def run(
    release: ReleaseOption = "",
    family: Annotated[
        list[str] | None, typer.Option("--family", help="Only this family; may be repeated.")
    ] = None,
    mutator: Annotated[
        list[str] | None, typer.Option("--mutator", help="Only this disguise; may be repeated.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="Attacks at most.  [default: redteam.budget]", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Draws the attacks.  [default: redteam.seed]", show_default=False)
    ] = None,
    online: OnlineOption = False,
    url: Annotated[
        str, typer.Option("--url", help="Attack conversations of a gateway that is served, not a sandbox.")
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            "--model", help="Name of the deployment there.  [default: this one's]", show_default=False
        ),
    ] = "",
    key_env: Annotated[
        str, typer.Option("--key-env", help="Variable of the environment that holds a key for --url.")
    ] = "",
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Write findings to this file, too, as SARIF 2.1.0.")
    ] = None,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Attack a release in a sandbox: its whole gateway in this process, with a memory of its own.

    A run that was killed goes on where it was. What worked is kept in redteam/findings, and every turn tries
    it again. Leaves with 1 where a bound of [redteam] is not kept.
    """
    from flyball.gateway.attacking import Wanted, attack, attack_address
    from flyball.gateway.foreign import Foreign
    from flyball.governance.redteam.sarif import sarif_of
    from flyball.loop.redteaming import bounds_broken
    from flyball.loop.releases import find_release

    output = Output(json)
    if sarif is not None and (sarif.is_dir() or not sarif.absolute().parent.is_dir()):
        raise BadInput(
            f"No file can be written at {sarif}.",
            fix="Name a file in a folder that is there.",
            file=str(sarif),
        )
    with open_workshop(deployment, output, person) as workshop:
        wanted = Wanted(
            release=find_release(workshop.state, release) if release else "",
            families=tuple(family or ()),
            mutators=tuple(mutator or ()),
            budget=budget,
            seed=seed,
            online=online,
        )

        def progress(attacks: Iterable[Attack]) -> Iterable[Attack]:
            some = list(attacks)
            return output.progress(some, "attacks", len(some))

        settings = workshop.deployment.settings.redteam
        if url:
            name, key = model or workshop.deployment.name, _key_in(key_env)
            target = Foreign(url, name, key=key, online=online, seconds_at_most=settings.seconds_at_most)
            report, entry = attack_address(workshop, target, url, wanted, progress=progress)
        else:
            report, entry = attack(workshop, wanted, progress=progress)
        broken = bounds_broken(settings, report)
        if sarif is not None:
            sarif.write_bytes(canonical_json(sarif_of(report)) + b"\n")
        if json:
            output.json({**_plain(report), "ok": not broken, "bounds_broken": broken, "ledger_entry": entry})
        else:
            _show(report, broken, output)
    if broken:
        sys.exit(1)


@command.command("replay")
def replay_one(
    id: Annotated[str, typer.Argument(help="Id of an attack, or its beginning.")],
    release: ReleaseOption = "",
    online: OnlineOption = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Carry one attack out again with the same bytes, and say whether it still works. Leaves with 1 if so."""
    from flyball.gateway.attacking import replay
    from flyball.loop.redteaming import find_tried
    from flyball.loop.releases import find_release

    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        before = find_tried(workshop, id)
        digest = find_release(workshop.state, release) if release else ""
        now = replay(workshop, before.attack, release=digest, online=online)
        same = bool(now.sent) and now.sent == before.sent
        if json:
            output.json(
                {"ok": now.outcome != "succeeded", "before": _told(before), "now": _told(now), "same": same}
            )
        else:
            output.text(
                f"{now.attack.id}: {now.outcome}{f' by {now.by}' if now.by else ''}. {escape(now.why)}"
            )
            output.text("The same bytes were sent." if same else "Other bytes were sent than then.")
    if now.outcome == "succeeded":
        sys.exit(1)


@command.command("retest")
def retest_all(
    release: ReleaseOption = "",
    online: OnlineOption = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Try every finding again with a release and write that down, as every turn does."""
    from flyball.gateway.attacking import retest
    from flyball.loop.releases import find_release, require_live

    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        digest = (
            find_release(workshop.state, release)
            if release
            else require_live(workshop.ledger, workshop.deployment.name).release
        )
        results = retest(workshop, digest, online=online)
    if json:
        output.json({"ok": True, "release": digest, "results": [_told(one) for one in results]})
        return
    output.table(
        ["attack", "family", "outcome", "what was seen"],
        [[one.attack.id, one.attack.family, one.outcome, one.why] for one in results],
    )
    still = sum(one.outcome == "succeeded" for one in results)
    output.text(f"{count(len(results), 'finding')} tried with {short(digest)}; {still} of them work still.")


@command.command("garak")
def garak(
    probe: Annotated[list[str], typer.Option("--probe", help="In garak's names; may be repeated.")],
    program: Annotated[str, typer.Option("--program", help="Its command, by name or path.")] = "garak",
    seconds: Annotated[float, typer.Option("--seconds", help="It is ended after so many.")] = 3600.0,
    online: OnlineOption = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Let garak, where it is installed, attack a sandbox through its gateway, and write down what it says."""
    from flyball.gateway.driving import drive_garak

    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        report = drive_garak(workshop, program=program, probes=probe, seconds=seconds, online=online)
        _tell_outside(report, note_outside(workshop, report), output)


@command.command("promptfoo")
def promptfoo(
    config: Annotated[Path, typer.Option("--config", help="A promptfooconfig of yours.", show_default=False)],
    program: Annotated[str, typer.Option("--program", help="Its command, by name or path.")] = "promptfoo",
    seconds: Annotated[float, typer.Option("--seconds", help="It is ended after so many.")] = 3600.0,
    online: OnlineOption = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Let promptfoo, where it is installed, run tests against a sandbox, and write down what it says."""
    from flyball.gateway.driving import drive_promptfoo

    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        report = drive_promptfoo(workshop, program=program, config=config, seconds=seconds, online=online)
        _tell_outside(report, note_outside(workshop, report), output)


@command.command("families")
def families(json: JsonOption = False) -> None:
    """List the families of attacks, the disguises and the hiding places."""
    from flyball.governance.redteam.carrier import CARRIERS
    from flyball.governance.redteam.mutator import MUTATORS

    output = Output(json)
    found = {
        "families": {name: _about(FAMILIES.load(name)) for name in FAMILIES.names()},
        "mutators": {name: MUTATORS.load(name).summary for name in MUTATORS.names()},
        "carriers": {name: CARRIERS.load(name).summary for name in CARRIERS.names()},
    }
    if json:
        output.json({"ok": True, **found})
        return
    output.table(
        ["family", "what is tried"], [[name, FAMILIES.load(name).summary] for name in found["families"]]
    )
    for what in ("mutators", "carriers"):
        output.text()
        output.table([what[:-1], "what it does"], [[name, str(line)] for name, line in found[what].items()])


def _key_in(variable: str) -> str:
    if variable and not os.environ.get(variable):
        raise BadInput(
            f"{variable} is not set.", fix="Put the key there, or leave --key-env out.", name=variable
        )
    return os.environ[variable] if variable else ""


def _tell_outside(report: OutsideReport, entry: int, output: Output) -> None:
    if output.as_json:
        rows = [
            {
                "probe": one.probe,
                "detector": one.detector,
                "attempts": one.attempts,
                "successes": one.successes,
                "rate": _value(one.rate),
                "interval": _interval(one.rate),
                **({"reason": one.rate.reason} if isinstance(one.rate, NotMeasured) else {}),
            }
            for one in report.rows
        ]
        told = {
            "ok": True,
            "tool": report.tool,
            "version": report.version,
            "rows": rows,
            "ledger_entry": entry,
        }
        output.json(told)
        return
    output.table(
        ["probe", "detector", ">attempts", ">worked", ">rate"],
        [
            [one.probe, one.detector, str(one.attempts), str(one.successes), _cell(one.rate)]
            for one in report.rows
        ],
    )
    for one in report.rows:
        if isinstance(one.rate, NotMeasured):
            output.text(f"{escape(one.probe)} {escape(one.detector)}: {escape(one.rate.reason)}.")
    output.text(f"As {report.tool} {escape(report.version)} judges; its attempts are taken as independent.")


def _about(family: Family) -> dict[str, Any]:
    return {
        "summary": family.summary,
        "version": family.version,
        "level": family.level,
        "benign": family.benign,
    }


def _plain(report: RedTeamReport) -> dict[str, Any]:
    return {
        "deployment": report.deployment,
        "release": report.release,
        "target": report.target,
        "plan": report.plan.digest,
        "seed": report.plan.seed,
        "budget": report.plan.budget,
        "overall": _rate(report.attacks, [one for one in report.families.values() if not one.benign]),
        "benign": _rate(report.benign, [one for one in report.families.values() if one.benign]),
        "families": {
            name: {
                "attempts": one.attempts,
                "successes": one.successes,
                "rate": _value(one.rate),
                "interval": _interval(one.rate),
                "benign": one.benign,
                "benign_refusals": one.successes if one.benign else 0,
                "failed": one.failed,
                "seeds": one.seeds,
                "seeds_succeeded": one.seeds_succeeded,
                "held_by": dict(one.held_by),
            }
            for name, one in report.families.items()
        },
        "not_applicable": dict(report.plan.not_applicable),
        "not_tested": list(report.not_tested),
        "failed": report.failed,
        "findings": [_told(one) for one in report.findings],
        "seconds": report.seconds,
    }


def _rate(rate: Estimate | NotMeasured, families: list[Any]) -> dict[str, Any]:
    return {
        "attempts": sum(one.attempts for one in families),
        "successes": sum(one.successes for one in families),
        "rate": _value(rate),
        "interval": _interval(rate),
        **({"reason": as_plain(rate)["reason"]} if isinstance(rate, NotMeasured) else {}),
    }


def _value(rate: Estimate | NotMeasured) -> float | None:
    return None if isinstance(rate, NotMeasured) else rate.value


def _interval(rate: Estimate | NotMeasured) -> list[float | None] | None:
    return None if isinstance(rate, NotMeasured) else [rate.low, rate.high]


def _told(one: Result) -> dict[str, Any]:
    return {
        "id": one.attack.id,
        "family": one.attack.family,
        "seed": one.attack.seed,
        "mutations": list(one.attack.mutations),
        "carrier": one.attack.carrier,
        "outcome": one.outcome,
        "by": one.by,
        "why": one.why,
        "sent": one.sent,
        "seconds": one.seconds,
    }


def _show(report: RedTeamReport, broken: list[str], output: Output) -> None:
    release = f"release {short(report.release)}" if report.release else "its conversations"
    output.text(f"{escape(report.deployment)}, {release}: {count(len(report.results), 'attack')}.")
    output.table(
        ["family", ">attempts", ">worked", ">rate", "held by"],
        [
            [
                f"{name} (harmless)" if one.benign else name,
                str(one.attempts),
                str(one.successes),
                _cell(one.rate),
                ", ".join(f"{by} {n}" for by, n in sorted(one.held_by.items(), key=lambda item: -item[1])),
            ]
            for name, one in report.families.items()
        ],
    )
    output.text(f"Attacks that worked: {_cell(report.attacks) or escape(str(report.attacks))}.")
    output.text(f"Harmless requests refused: {_cell(report.benign) or escape(str(report.benign))}.")
    if report.failed:
        output.text(
            f"{count(report.failed, 'attack')} could not be carried out; nobody knows what they would do."
        )
    for name, reason in report.plan.not_applicable.items():
        output.text(f"[dim]Not tried: {escape(name)}, {escape(reason)}.[/]")
    for one in report.findings[:20]:
        output.text(f"  {one.attack.id}  {one.attack.family}/{escape(one.attack.seed)}: {escape(one.why)}")
    if len(report.findings) > 20:
        output.text(f"  ... and {len(report.findings) - 20} more; --json lists all.")
    if report.findings and report.target == "sandbox":
        output.text("Each is kept in redteam/findings; again: flyball redteam replay ID.")
    elif report.findings:
        output.text("No turn tries these again: an address says nothing about a release.")
    for problem in broken:
        output.text(f"[bold]Not kept:[/] {escape(problem)}")


def _cell(rate: Estimate | NotMeasured) -> str:
    if isinstance(rate, NotMeasured) or rate.low is None or rate.high is None:
        return ""
    return f"{rate.value:.3f} \\[{rate.low:.3f}, {rate.high:.3f}]"
