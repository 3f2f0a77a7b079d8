"""`flyball retention`: how long records stay, by which rule, and what is due."""

import sys

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.retention import require_retained, retain_datasets, retention_of
from flyball.loop.text_retention import in_words, kept_at_least, retain_texts, texts_standing

__all__ = ["command"]

command = typer.Typer()

_NEVER = "nothing deletes them"
_HOW = {"ledger": _NEVER, "releases": _NEVER, "texts": '[[retention]] records = "texts"'}


@command.command("plan")
def plan(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show how long each kind of record stays at least, by which rule, and what is due. Changes nothing."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        kept = kept_at_least(workshop)
        texts = texts_standing(workshop)
        datasets = retention_of(workshop, workshop.deployment.settings.retention)
    if json:
        output.json({"ok": True, "at_least": list(kept.values()), "texts": texts, "datasets": datasets})
        return
    output.table(
        ["records", ">at least", "rule", "source", "how they go"],
        (
            [
                one.records,
                count(rule.months, "month") if rule else "nothing asked",
                rule.id if rule else "",
                rule.source if rule else "",
                _HOW[one.records],
            ]
            for one in kept.values()
            for rule in (one.rules or (None,))
        ),
    )
    output.text(escape(in_words(texts)))
    for one in datasets:
        what = (
            f"{count(len(one.expired), 'version')} due" if one.outcome in ("due", "overdue", "held") else ""
        )
        output.text(
            f"Versions of {escape(one.dataset)}: {one.outcome}{', ' if what else ''}{what}"
            f" {escape(one.problem)}"
        )
    output.say(
        "Rules are confirmed by a lawyer, not by Flyball. Take away what is due: flyball retention run"
    )


@command.command("run")
def run(person: AsOption = None, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Take away what is due: versions of datasets, and texts of cases; never what a legal hold is about."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        texts = retain_texts(workshop)
        datasets = retain_datasets(workshop, workshop.deployment.settings.retention)
    if json:
        ok = texts.left == 0 and all(one.outcome in ("kept", "held") for one in datasets)
        output.json({"ok": ok, "texts": texts, "datasets": datasets})
    else:
        output.text(f"{count(texts.removed, 'text')} taken away, {texts.held} kept by a legal hold.")
        for one in datasets:
            output.text(
                f"Versions of {escape(one.dataset)}: {one.outcome}, {len(one.expired)} taken away. "
                f"{escape(one.problem)}"
            )
        if texts.left:
            output.text(f"[bold red]{count(texts.left, 'file')} with such a text could not be removed.[/]")
    require_retained(datasets)
    if texts.left:
        sys.exit(1)
