"""`flyball explain`: why a decision came out as it did, checked; and letters whose sentences have records."""

from decimal import Decimal
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.data.documents.rows import Value
from flyball.governance.explanation.records import Answer, Explanation
from flyball.governance.explanation.words import Phrase, Words
from flyball.loop.explaining import explain
from flyball.loop.explanation_view import explanation_as_json, letter_as_json
from flyball.loop.letters import copy_templates, draft_letter, keep_draft, templates_of
from flyball.loop.lineage import find_decision
from flyball.models.experts.decision_table.messages import shown

__all__ = ["command"]

_MOST_SHARES = 6
_SHORT = 160
_ENGLISH = Words("en")


def command(
    decision: Annotated[
        str | None,
        typer.Argument(
            help="Number of a ledger entry, case id, or name of a case. Without one: the letters there are.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Argument(
            help="Which letter: adverse_action, article_86, model_note, or one of your own.",
            show_default=False,
        ),
    ] = None,
    letter: Annotated[bool, typer.Option("--letter", help="Write a letter about it.")] = False,
    language: Annotated[
        str, typer.Option(help="Of the letter: en, de. Default: that of the settings.", show_default=False)
    ] = "",
    field: Annotated[str, typer.Option(help="Only this field.", show_default=False)] = "",
    templates: Annotated[
        bool, typer.Option("--templates", help="Put the shipped templates into the folder of letters.")
    ] = False,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Say why a decision came out as it did, by the release that made it, with every part checked."""
    if (kind or language) and not letter:
        raise BadInput("A kind or a language is named, and no letter.", fix="Add --letter.")
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        if templates:
            made = copy_templates(workshop)
            output.say(
                f"{len(made)} files were put into {workshop.deployment.settings.explanation.letters}/."
            )
        if decision is None:
            there = [
                {"letter": one.kind, "language": one.language, "own": one.own}
                for one in templates_of(workshop)
            ]
            if json:
                output.json({"ok": True, "letters": there})
                return
            output.table(
                ["letter", "language", "from"],
                ([str(one["letter"]), str(one["language"]), _from(one["own"])] for one in there),
            )
            return
        told = explain(workshop, find_decision(workshop, decision), field=field)
        if letter:
            written = draft_letter(workshop, told, kind=kind or "", language=language, field=field)
            entry = keep_draft(workshop, told, written)
            if json:
                output.json({"ok": True, "entry": entry, "letter": letter_as_json(written)})
                return
            output.text(escape(written.text.rstrip()), wrap=False)
            output.say(f"A draft: whoever signs it checks it. Ledger entry {entry} keeps its digest.")
            return
    if json:
        output.json({"ok": True, "explanation": explanation_as_json(told)})
        return
    _show(output, told)


def _from(own: object) -> str:
    return "this deployment" if own else "shipped"


def _show(output: Output, told: Explanation) -> None:
    output.text(
        f"[bold]{escape(told.case)}[/]  entry {told.entry}, decided {told.decided_at:%Y-%m-%d %H:%M} UTC "
        f"by release {escape(short(told.release))}"
    )
    for one in told.answers:
        output.text()
        _answer(output, one)


def _answer(output: Output, one: Answer) -> None:
    said = {"true": "yes", "false": "no", "null": "no answer"}.get(one.answer, one.answer)
    who = {"automated": "without a person", "referred": "for a person", "refused": "withheld"}[one.outcome]
    output.text(f"[bold]{escape(one.title)}[/]: {escape(said)}, {who}")
    output.text(f"  Route: {escape(one.route or 'nobody was sure enough')}")
    for rule in one.rules:
        output.text(f"  Rule {escape(rule.rule)}, row {rule.row}: {escape(rule.reason)}")
        for fact, cell, value in rule.conditions:
            output.text(f"    {escape(fact)} {escape(cell)}   (the case holds {escape(_held(value))})")
    if one.reasons and one.attribution is not None:
        output.text("  What counted most:")
        for reason in one.reasons:
            share = f" ({reason.share:+.3g})" if reason.share is not None else ""
            output.text(f"    - {escape(reason.words)}{share}")
    if one.path:
        output.text(f"  Path of the money: {escape(' > '.join(one.path))}")
    if one.attribution is not None:
        _attribution(output, one)
    for passage in one.passages if one.attribution is None and not one.rules else ():
        words = " ".join(passage.words.split())
        quoted = words if len(words) <= _SHORT else words[:_SHORT] + " ..."
        output.text(f'  Characters {passage.start} to {passage.end}: "{escape(quoted)}"')
    if one.changed is not None and one.changed.moves:
        how = {"automated": "without a person", "referred": "a person would decide"}.get(
            one.changed.outcome, ""
        )
        output.text(f"  What would have changed it (decided again, rules included: {how}):")
        for move in one.changed.moves:
            said = _ENGLISH.of(Phrase(move.template, {"value": Decimal(repr(move.value))}))
            output.text(f"    - {escape(said)}")
    elif one.changed is not None:
        output.text(f"  What would have changed it: nothing found. {escape(one.changed.why)}")
    for check in one.checks:
        mark = {True: "passed: ", False: "[bold]failed[/]: ", None: ""}[check.passed]
        output.text(f"  Check {check.name}: {mark}{escape(check.words)}: {escape(str(check.measured))}")
    for gap in one.gaps:
        output.text(f"  Not explained: {escape(gap)}")


def _held(value: Value) -> str:
    return "nothing" if value is None else shown(value)


def _attribution(output: Output, one: Answer) -> None:
    told = one.attribution
    if told is None:
        return
    exact = "exact" if told.exact else "estimated"
    output.text(
        f"  Shares by {told.method} ({exact}), {escape(told.unit)}, "
        f"from {told.base:.4g} to {told.output:.4g}:"
    )
    for share in sorted(told.shares, key=lambda each: -abs(each.share))[:_MOST_SHARES]:
        output.text(f"    {share.share:+8.3f}  {escape(share.column)} = {escape(_held(share.value))}")
