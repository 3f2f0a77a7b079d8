"""`flyball model`: the experts of a deployment, each fitted, calibrated, pinned and rolled back alone."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.loop.calibrating import calibrate as run_calibration
from flyball.loop.calibrating import plan_calibration
from flyball.loop.fitting import fit_expert
from flyball.loop.stages.expert import load_expert
from flyball.loop.versions import artefact_here, expert_of, live_artefact, pins, roll_back_expert
from flyball.loop.versions import pin as pin_expert
from flyball.loop.versions import unpin as unpin_expert
from flyball.loop.workshop import Workshop

__all__ = ["command"]

command = typer.Typer()

ExpertArgument = Annotated[str, typer.Argument(metavar="EXPERT", help="Its name in flyball.toml.")]
WhyOption = Annotated[str, typer.Option("--why", help="For the ledger.")]


@command.command("list")
def list_models(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List the experts: what stands in the folder, whether the same is live, and which are pinned."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        pinned = pins(workshop.ledger)
        found = []
        for one in workshop.deployment.settings.expert:
            live = live_artefact(workshop, one.name)
            try:
                here = artefact_here(workshop.deployment, one).digest
            except BadInput:
                here = ""
            found.append(
                {
                    "name": one.name,
                    "kind": one.kind,
                    "artefact": here,
                    "live": "" if live is None else live.digest,
                    "pinned": pinned.get(one.name, ""),
                }
            )
    if json:
        output.json({"ok": True, "models": found})
        return
    rows = []
    for row in found:
        same = row["live"] == row["artefact"]
        live_word = "no" if not row["live"] else "yes" if same else short(row["live"])
        here = short(row["artefact"]) if row["artefact"] else "no files"
        rows.append([row["name"], row["kind"], here, live_word, _pinned(row)])
    output.table(["expert", "kind", "artefact", "live", "pinned"], rows)


@command.command("show")
def show_model(expert: ExpertArgument, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show the card of an expert: what it is, what it was trained on, how good it is, and its limits."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        settings = expert_of(workshop.deployment, expert)
        card = load_expert(workshop.deployment, settings).card
        artefact = artefact_here(workshop.deployment, settings)
    if json:
        figures = {name: as_plain(figure) for name, figure in card.figures.items()}
        output.json(
            {
                "ok": True,
                "name": expert,
                "kind": settings.kind,
                "version": card.version,
                "artefact": artefact.digest,
                "fields": card.fields,
                "summary": card.summary,
                "trained_on": card.trained_on,
                "limits": card.limits,
                "licence": card.licence,
                "figures": figures,
                "parameters": dict(card.parameters),
                "price_eur_per_case": card.price_eur_per_case,
                "files": dict(artefact.files),
            }
        )
        return
    output.text(f"[bold]{escape(expert)}[/], {escape(settings.kind)}, artefact {artefact.digest}")
    output.text(escape(card.summary))
    rows = [["answers", ", ".join(card.fields)], ["trained on", "; ".join(card.trained_on) or "nothing"]]
    rows += [["limit", limit] for limit in card.limits]
    rows += [[f"figure {name}", str(figure)] for name, figure in card.figures.items()]
    rows += [[name, value] for name, value in card.parameters.items()]
    rows += [["price per case", f"{card.price_eur_per_case} EUR"], ["licence", card.licence]]
    output.table(["", ""], rows)


@command.command("fit")
def fit_model(
    expert: ExpertArgument,
    seed: Annotated[int, typer.Option(help="The same seed and cases give the same expert.")] = 0,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Let an expert learn from the labelled cases of the sources, from the half that tunes."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        done = fit_expert(workshop, expert, seed=seed)
        hint = _path_hint(workshop, expert, done.folder)
    figures = {name: as_plain(figure) for name, figure in done.expert.card.figures.items()}
    if json:
        told = {"cases": done.cases, "labels_of_reviewers": done.labels_of_reviewers, "figures": figures}
        output.json({"ok": True, "expert": expert, **told})
        return
    output.text(
        f"[bold]{escape(expert)}[/] has learned from {count(done.cases, 'labelled case')}, "
        f"{count(done.labels_of_reviewers, 'answer')} of reviewers among them."
    )
    output.table(["figure", "measured"], ([name, str(one)] for name, one in done.expert.card.figures.items()))
    output.text(f"{hint}Test and release it with: flyball turn")


@command.command("calibrate")
def calibrate_model(
    expert: ExpertArgument,
    cases: Annotated[
        int | None, typer.Option(min=1, help="Ask about so many cases at most.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask, and spend what it costs.")] = False,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Hold an expert that is asked on demand against labelled cases, so that it can decide alone.

    Without --yes it only says what it would ask, and what that may cost at most.
    """
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        plan = plan_calibration(workshop, expert, cases_at_most=cases)
        would = {"cases": plan.cases.num_rows, "questions": plan.questions, "most_eur": f"{plan.most_eur:f}"}
        if not yes:
            if json:
                output.json({"ok": True, "expert": expert, "asked": False, **would})
                return
            output.text(
                f"It would be asked {count(plan.questions, 'question')} about "
                f"{count(plan.cases.num_rows, 'labelled case')}. That costs at most {plan.most_eur:f} euros, "
                "every retry and repair counted. Nothing was sent."
            )
            output.text(f"Do it with: flyball model calibrate {escape(expert)} --yes")
            return
        done = run_calibration(workshop, plan)
        hint = _path_hint(workshop, expert, plan.folder)
    figures = {name: as_plain(figure) for name, figure in done.expert.card.figures.items()}
    if json:
        output.json(
            {
                "ok": True,
                "expert": expert,
                "asked": True,
                **would,
                "failures": len(done.failures),
                "requests": done.requests,
                "cost_eur": f"{done.cost_eur:f}",
                "figures": figures,
            }
        )
        return
    output.text(
        f"{count(done.requests, 'request')}, {done.cost_eur:f} euros, {len(done.failures)} of "
        f"{count(plan.cases.num_rows, 'case')} without an answer."
    )
    output.table(["figure", "measured"], ([name, str(one)] for name, one in done.expert.card.figures.items()))
    output.text(f"{hint}Choose its thresholds, test and release it with: flyball turn")


@command.command("pin")
def pin_model(
    expert: ExpertArgument,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Keep an expert as it stands in the folder: a turn with any other version of it is refused."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        found = pin_expert(workshop, expert, why=why)
    if json:
        output.json({"ok": True, "expert": expert, "artefact": found.digest})
        return
    output.text(f"[bold]{escape(expert)}[/] is pinned to {short(found.digest)}.")


@command.command("unpin")
def unpin_model(
    expert: ExpertArgument,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Let an expert change again."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        unpin_expert(workshop, expert, why=why)
    if json:
        output.json({"ok": True, "expert": expert})
        return
    output.text(f"[bold]{escape(expert)}[/] may change again.")


@command.command("rollback")
def rollback_model(
    expert: ExpertArgument,
    to: Annotated[
        str | None,
        typer.Option(
            help="First digits of a release. Default: the last one that was live with another version.",
            show_default=False,
        ),
    ] = None,
    why: WhyOption = "asked for by hand",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Put one expert back as a release had it, and leave everything else as it is."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        release, found = roll_back_expert(workshop, expert, to, why=why)
    if json:
        output.json({"ok": True, "expert": expert, "artefact": found.digest, "release": release})
        return
    output.text(f"[bold]{escape(expert)}[/] is {short(found.digest)} again, as in release {short(release)}.")
    output.text("Test and release it with: flyball turn")


def _path_hint(workshop: Workshop, expert: str, folder: Path) -> str:
    """Return which path to write into flyball.toml, where none leads to the folder."""
    root = workshop.deployment.root.resolve()
    settings = expert_of(workshop.deployment, expert)
    if settings.path and (root / settings.path).resolve() == folder:
        return ""
    path = folder.relative_to(root).as_posix()
    return escape(f'Write path = "{path}" into [[expert]] {expert} of flyball.toml. ')


def _pinned(row: dict[str, str]) -> str:
    if not row["pinned"]:
        return ""
    return "yes" if row["pinned"] == row["artefact"] else f"to {short(row['pinned'])}"
