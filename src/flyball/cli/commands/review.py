"""`flyball review`: the cases that wait for people: list, show, claim, answer, give back, hand up, settle."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Field
from flyball.core.text import count
from flyball.evaluation.reports.phrases import plain_reason, value_words
from flyball.loop.decided import Known, document_of, find_decision
from flyball.loop.given import GivenAnswer, Passage
from flyball.loop.lineage import find_decision as find_entry
from flyball.loop.makers import account_now
from flyball.loop.people import key_of_person
from flyball.loop.promotion import people_of
from flyball.loop.review_choosing import choose_cases
from flyball.loop.review_queue import Only, ReviewQueue
from flyball.loop.review_shown import (
    agreement_as_json,
    item_as_json,
    page_as_json,
    round_as_json,
    state_as_json,
)
from flyball.loop.review_state import Reviewer
from flyball.loop.review_views import ItemView, agreement_view, item_view
from flyball.loop.reviewing import Reviews
from flyball.loop.workshop import Workshop
from flyball.models.decisions.answer import quote

__all__ = ["command"]

command = typer.Typer()

CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE", help='"contract-review:128", its number, or the name of the case.', show_default=False
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a few words.", show_default=False)]
AnswersArgument = Annotated[
    list[str], typer.Argument(metavar="FIELD=ANSWER ...", help="cap=yes amount=1250.5", show_default=False)
]
EvidenceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--evidence",
        help="FIELD=START-END in characters, or FIELD=the words themselves; may be given again.",
        show_default=False,
    ),
]
CommentOption = Annotated[str, typer.Option("--comment", help="In words; kept so that it can be erased.")]
SeenOption = Annotated[
    str, typer.Option("--seen", help="The `seen` of `show`: answer about these bytes only.")
]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose cases.")]


@command.command("list")
def list_cases(
    only: Annotated[
        str, typer.Option("--only", help="open, mine, claimed, disputed, escalated or all.")
    ] = "open",
    after: Annotated[int, typer.Option("--after", help="Go on behind this number.", show_default=False)] = -1,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
    tenant: TenantOption = "default",
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """List what waits, the most urgent first."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        reviewer = _reviewer(workshop, person, tenant)
        page = _queue(workshop).page(reviewer, only=_only(only), after=after, limit=limit)
    if json:
        output.json(page_as_json(page))
        return
    output.table(
        ["case", "name", "state", "fields", ">points", "due", "most of all"],
        (
            [
                item.id,
                item.case_name,
                item.state + (f" ({item.holder})" if item.holder else ""),
                ", ".join(item.fields[:4])
                + (f" and {len(item.fields) - 4} more" if len(item.fields) > 4 else ""),
                f"{item.urgency.points.total:.0f}",
                f"{item.urgency.due_at:%Y-%m-%d %H:%M}" + (" overdue" if item.urgency.overdue else ""),
                item.urgency.points.parts[0].why if item.urgency.points.parts else "",
            ]
            for item in page.items
        ),
    )
    if not page.items and only != "open":
        output.say({"mine": "You have none in hand."}.get(only, f"None is {only}."))
    output.say(f"{count(page.waiting, 'case waits', 'cases wait')}, {page.overdue:,} overdue.")
    if page.next is not None:
        output.say(f"More: --after {page.next}")


@command.command("show")
def show(
    case: CaseArgument,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Show a case: what is asked, what the machine would say and why not, and the passages."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        known = _known(workshop, case)
        view = _view(workshop, known, _reviewer(workshop, person, known.issued.decision.context.tenant))
        if json:
            output.json(item_as_json(view, known))
        else:
            _show(output, view)


@command.command("claim")
def claim(
    case: CaseArgument,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Take a case in hand. Of two people at once, one gets it."""
    _act(case, deployment, person, json, lambda reviews, known, who: reviews.claim(known, who))


@command.command("answer")
def answer(
    case: CaseArgument,
    answers: AnswersArgument,
    evidence: EvidenceOption = None,
    comment: CommentOption = "",
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0, help="Worked on it. Default: since the claim.")
    ] = None,
    seen: SeenOption = "",
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Answer every field that people decide."""

    def act(reviews: Reviews, known: Known, who: Reviewer) -> object:
        given = _given(reviews, known, answers, evidence or [])
        return reviews.answer(known, who, given, comment=comment, minutes=minutes, seen=seen)

    _act(case, deployment, person, json, act)


@command.command("decline")
def decline(
    case: CaseArgument,
    reason: ReasonOption,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Give a case back."""
    _act(
        case,
        deployment,
        person,
        json,
        lambda reviews, known, who: reviews.decline(known, who, comment=reason),
    )


@command.command("escalate")
def escalate(
    case: CaseArgument,
    reason: ReasonOption,
    role: Annotated[
        str, typer.Option("--to", help="Role. Default: the first of review.escalate_to.", show_default=False)
    ] = "",
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Hand a case up to a role, who settles it, and sooner."""

    def act(reviews: Reviews, known: Known, who: Reviewer) -> object:
        return reviews.escalate(known, who, comment=reason, role=role)

    _act(case, deployment, person, json, act)


@command.command("settle")
def settle(
    case: CaseArgument,
    answers: AnswersArgument,
    evidence: EvidenceOption = None,
    comment: CommentOption = "",
    seen: SeenOption = "",
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Settle what readers disagree about, as a third one, or what was handed up."""

    def act(reviews: Reviews, known: Known, who: Reviewer) -> object:
        given = _given(reviews, known, answers, evidence or [])
        return reviews.settle(known, who, given, comment=comment, seen=seen)

    _act(case, deployment, person, json, act)


@command.command("close")
def close(
    case: CaseArgument,
    reason: ReasonOption,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Take a case off the list without an answer."""
    _act(
        case, deployment, person, json, lambda reviews, known, who: reviews.close(known, who, comment=reason)
    )


@command.command("choose")
def choose(
    number: Annotated[int, typer.Argument(min=1, help="How many cases.", show_default=False)],
    drawn: Annotated[
        float, typer.Option("--drawn", min=0, max=1, help="Share of them that is drawn at random.")
    ] = 0.3,
    tenant: TenantOption = "default",
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Put decided cases on the list: those that teach most, and some at random to measure quality by."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        made = choose_cases(workshop, number, tenant=tenant, drawn_share=drawn)
    if json:
        output.json({"ok": True, **round_as_json(made)})
        return
    output.text(
        f"{made.chosen:,} of {count(made.population, 'decision')} are on the list, {made.drawn:,} of them "
        "drawn at random."
    )
    output.say("What follows from them: flyball review agreement, once they are answered.")


@command.command("agreement")
def agreement(
    tenant: TenantOption = "default",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show how far readers agree, how long cases take, and how good answers are by chosen cases."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        view = agreement_view(workshop, tenant=tenant, names=True)
    if json:
        output.json(agreement_as_json(view))
        return
    output.table(
        ["field", ">readers", "alpha", "same answer", "as the machine guessed"],
        (
            [one.field, str(one.readers), _said(one.alpha), _said(one.percent), _said(one.machine_percent)]
            for one in view.fields
        ),
    )
    for one in view.fields:
        for pair in one.pairs:
            output.text(
                f"{escape(one.field)}: {escape(pair.first)} and {escape(pair.second)} {_said(pair.alpha)}"
            )
    output.text(f"Minutes in hand until answered, pauses included: {_said(view.minutes.held)}")
    if view.minutes.median_held is not None:
        left = f"; before {view.minutes.left:,} of them a claim ran out" if view.minutes.left else ""
        output.text(f"  half of them at most {view.minutes.median_held:.1f}{left}")
    output.text(f"Minutes as stated: {_said(view.minutes.stated)}")
    for round in view.rounds:
        output.text(
            f"Chosen {round.at:%Y-%m-%d}: {round.answered:,} of {round.chosen:,} answered, out of "
            f"{count(round.population, 'decision')}"
        )
        for field, measured in round.quality.items():
            output.text(f"  {escape(field)}: automated answers right {_said(measured)}")


def _act(
    case: str,
    deployment: str | None,
    person: str | None,
    json: bool,
    act: Callable[[Reviews, Known, Reviewer], object],
) -> None:
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        known = _known(workshop, case)
        reviewer = _reviewer(workshop, person, known.issued.decision.context.tenant)
        act(Reviews(workshop), known, reviewer)
        view = _view(workshop, known, reviewer)
    if json:
        output.json(state_as_json(view) | {"seen": view.seen})
        return
    until = f" until {view.held_until:%Y-%m-%d %H:%M} UTC" if view.held_until else ""
    output.text(f"{escape(view.item.id)} is {view.item.state}{until}.")


def _reviewer(workshop: Workshop, person: str | None, tenant: str) -> Reviewer:
    """Return who acts: a person of people.toml who has their key here, or the user of this machine."""
    if person is None:
        return Reviewer(f"user:{account_now()}", tenant, settles=True, roles=frozenset({"*"}))
    key_of_person(workshop, person)
    role = next(one.role for one in people_of(workshop) if one.id == person)
    settles = role in workshop.deployment.settings.review.escalate_to
    return Reviewer(f"person:{person}", tenant, settles=settles, roles=frozenset({role}))


def _known(workshop: Workshop, case: str) -> Known:
    bare = case.removeprefix(f"{workshop.deployment.name}:")
    entry = find_entry(workshop, bare)
    context = entry.body["context"]
    tenant = str(context["tenant"]) if isinstance(context, dict) else "default"
    return find_decision(workshop, entry.index, tenant)


def _queue(workshop: Workshop) -> ReviewQueue:
    return ReviewQueue(workshop, Reviews(workshop))


def _view(workshop: Workshop, known: Known, reviewer: Reviewer) -> ItemView:
    reviews = Reviews(workshop)
    return item_view(workshop, reviews, ReviewQueue(workshop, reviews), reviewer, known)


def _only(text: str) -> Only:
    known: tuple[Only, ...] = ("open", "mine", "claimed", "disputed", "escalated", "all")
    for one in known:
        if one == text:
            return one
    raise BadInput(f"There is no list {text!r}.", fix=f"Known: {', '.join(known)}.")


def _given(reviews: Reviews, known: Known, answers: list[str], evidence: list[str]) -> list[GivenAnswer]:
    fields = reviews.fields
    passages: dict[str, list[Passage]] = {}
    for one in evidence:
        key, text = _halves(one, "--evidence FIELD=START-END")
        passages.setdefault(key, []).append(_passage(reviews, known, text))
    return [
        GivenAnswer(field=key, answer=_answer(fields.get(key), text), evidence=tuple(passages.get(key, ())))
        for key, text in (_halves(one, "FIELD=ANSWER") for one in answers)
    ]


def _halves(text: str, form: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"{text[:80]!r} has no equals sign.", fix=f"Write {form}.")
    return key.strip(), value.strip()


def _answer(field: Field | None, text: str) -> bool | int | float | str:
    kind = field.kind if field else "text"
    if kind in ("flag", "spans"):
        words = {"yes": True, "true": True, "no": False, "false": False}
        return words.get(text.casefold(), text)
    if kind == "number":
        for read in (int, float):
            try:
                return read(text)
            except ValueError:
                continue
    return text


def _passage(reviews: Reviews, known: Known, text: str) -> Passage:
    start, dash, end = text.partition("-")
    if dash and start.strip().isdigit() and end.strip().isdigit():
        return Passage(int(start), int(end))
    document = document_of(reviews.workshop, known)
    at = -1 if document is None else document.text.find(text)
    if at < 0:
        raise BadInput(
            f"The words {text[:80]!r} do not stand in the document.",
            fix="Copy them as they stand there, or give START-END in characters.",
        )
    return Passage(at, at + len(text))


def _show(output: Output, view: ItemView) -> None:
    item = view.item
    output.text(f"[bold]{escape(item.id)}[/]  {escape(item.case_name)}  {item.state}")
    late = " [red]overdue[/]" if item.urgency.overdue else ""
    output.text(
        f"due {item.urgency.due_at:%Y-%m-%d %H:%M} UTC{late}, {item.urgency.points.total:.0f} points:"
    )
    if view.settled_as:
        output.text(f"answered before, as {escape(view.settled_as)}")
    for part in item.urgency.points.parts:
        output.text(f"  {part.points:5.1f} {part.name}: {escape(part.why)}")
    for field in view.to_answer:
        output.text(f"[bold]{escape(field.key)}[/]  {escape(field.question)}")
        if field.choices:
            output.text(f"  choices: {escape(', '.join(field.choices))}")
        if field.evidence_needed:
            output.text("  needs a passage that shows it")
        machine = field.machine
        guess = (
            "the machine has no answer"
            if machine.answer is None
            else f"the machine would say {value_words(machine.answer, '')} ({machine.confidence:.0%})"
        )
        least, why = plain_reason(machine.reason)
        why = why or f"It would have to be {least} sure."
        output.text(f"  {escape(guess)}: {escape(why)}")
        for span in machine.evidence[:5] if view.document else ():
            words = quote(view.document.text, span, longest=300) if view.document else ""
            output.text(f"  {span.start}-{span.end} {escape(words)}")
    for one in view.given:
        said = ", ".join(f"{key} = {value_words(value, '')}" for key, value in one.answers.items())
        output.text(f"{escape(one.by)}: {escape(said)} {escape(one.comment or '')}")
    if view.document is None:
        output.text("The text was erased.")
    output.text(f"[dim]--seen {view.seen}[/]")


def _said(measured: Estimate | NotMeasured) -> str:
    return str(measured)
