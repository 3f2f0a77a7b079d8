"""`flyball constitution`: what every answer must keep, what that does on cases, what is learned of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate
from flyball.core.text import count
from flyball.governance.constitution.training import Kind
from flyball.loop.lessons import export_lessons
from flyball.loop.principles import constitution_of, examine_cases, flaws, in_force, measure_critic

__all__ = ["command"]

command = typer.Typer()

JurisdictionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--jurisdiction",
        "-j",
        help="Of the case, such as DE; may be given several times. Default: those of the deployment.",
        show_default=False,
    ),
]


@command.command("show")
def show(
    jurisdiction: JurisdictionOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show the principles that count for a case, as they read there today."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        whole = constitution_of(workshop)
        here, context = in_force(workshop, jurisdiction or ())
        found = flaws(workshop)
    elsewhere = [one.id for one in whole.principles if one.id not in {each.id for each in here.principles}]
    if json:
        output.json(
            {
                "ok": True,
                "title": here.title,
                "digest": whole.digest,
                "jurisdictions": context.jurisdictions,
                "on": context.as_of,
                "principles": here.principles,
                "elsewhere": elsewhere,
                "problems": found,
            }
        )
        return
    output.text(f"[bold]{escape(here.title)}[/]  {', '.join(context.jurisdictions)}, {context.as_of}")
    output.table(
        [">priority", "principle", "what it asks", "checked by", "if not kept", "serves"],
        (
            [
                str(one.priority),
                one.id,
                one.title,
                one.checker,
                one.when_failed,
                ", ".join(one.cites),
            ]
            for one in here.principles
        ),
    )
    for one in here.principles:
        for exception in one.exception:
            ended = " (ended)" if exception.until <= context.as_of else ""
            until = f"until {exception.until}{ended}"
            output.text(f"{escape(one.id)} lets some cases off {until}: {escape(exception.reason)}")
    if elsewhere:
        output.text(f"Not here: {', '.join(map(escape, elsewhere))}.")
    for problem in found:
        output.text(f"[red]{escape(problem.what)}.[/] {escape(problem.fix)}")


@command.command("check")
def check(
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Hold the deployment's cases against its constitution: what each principle does, and what cannot stay.

    Leaves with 1 where no release would be made of it.
    """
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        done = examine_cases(workshop)
    found = done.examination
    if json:
        output.json({"ok": not found.problems, **_plain(found)})
    else:
        output.table(
            [
                "principle",
                ">cases",
                ">complained",
                "share, 95 %",
                ">mended",
                ">withheld",
                ">let off",
                ">noticed",
            ],
            (
                [
                    one.principle,
                    f"{one.cases:,}",
                    f"{round(one.complained.value * one.complained.n):,}"
                    if isinstance(one.complained, Estimate)
                    else "",
                    _share(one.complained),
                    f"{one.mended:,}",
                    f"{one.withheld:,}",
                    f"{one.let_off:,}",
                    f"{one.noticed} of {one.spoilt}" if one.spoilt else "by itself",
                ]
                for one in found.standings
            ),
        )
        for one in found.standings:
            for day in one.expired:
                output.text(f"An exception of {escape(one.principle)} ended on {day}: take it out.")
        for problem in found.problems:
            output.text(f"[red]{escape(problem.what)}.[/] {escape(problem.fix)}")
        if not found.problems:
            output.text(f"Held against {count(found.cases, 'case')}: a release can be made of it.")
    if found.problems:
        sys.exit(1)


def _share(measured: object) -> str:
    if not isinstance(measured, Estimate) or measured.low is None or measured.high is None:
        return str(measured)
    return f"{measured.value:.1%} [{measured.low:.1%}, {measured.high:.1%}]"


def _plain(found: object) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("cases", "standings", "problems")}


@command.command("critic")
def critic(
    labelled: Annotated[
        Path,
        typer.Option(
            "--labelled",
            help='Lines {"principle", "text", "broken"}, as people judge.',
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Measure checkers and the critic on texts that people have judged."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        measured = measure_critic(workshop, labelled)
    if json:
        output.json({"ok": True, "principles": measured})
        return
    output.table(
        ["principle", "judged by", "broken ones found", "others called broken", ">no verdict"],
        (
            [one.principle, one.checker, _counted(one.found), _counted(one.wrongly), f"{one.failed:,}"]
            for one in measured
        ),
    )


@command.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", help="A new file, lines of JSON.", show_default=False)],
    kind: Annotated[
        str, typer.Option("--kind", help="preferences (for DPO) or revisions (for fine-tuning).")
    ] = "preferences",
    tenant: Annotated[str, typer.Option("--tenant", help="Whose decisions and conversations.")] = "default",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write what was criticised and revised as training data, personal data covered."""
    output = Output(json)
    kinds: dict[str, Kind] = {"preferences": "preferences", "revisions": "revisions"}
    if kind not in kinds:
        raise BadInput(f"There is no kind {kind!r}.", fix=f"Known: {', '.join(kinds)}.")
    with open_workshop(deployment, output) as workshop:
        done = export_lessons(workshop, out, kind=kinds[kind], tenant=tenant)
    if json:
        output.json({"ok": True, "out": str(out), "kind": kind, "tenant": tenant, "exported": done})
        return
    output.text(f"{count(done.lines, 'line')} in {escape(str(out))}, {done.digest}")
    for name, n in done.by_principle.items():
        output.text(f"  {escape(name)}: {n:,}")
    for why, n in done.left_out.items():
        output.text(f"Left out, {escape(why)}: {n:,}")


def _counted(measured: object) -> str:
    if not isinstance(measured, Estimate):
        return str(measured)
    return f"{round(measured.value * measured.n)} of {measured.n}, {_share(measured)}"
