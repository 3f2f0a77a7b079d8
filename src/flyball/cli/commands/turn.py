"""`flyball turn`: run what has changed, ask the release gate, go live, write the report."""

import sys

from rich.markup import escape

from flyball.cli.attacked import attacked
from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.text import count
from flyball.loop.full_turn import FullTurn, full_turn
from flyball.loop.law_check import check_law
from flyball.loop.redteaming import is_attacked
from flyball.loop.review_labels import to_learn
from flyball.loop.stage import Stage
from flyball.loop.turn import Ran
from flyball.loop.workshop import Workshop

__all__ = ["as_json", "command", "show_turn", "turn_with_talk"]


def command(deployment: DeploymentOption = None, person: AsOption = None, json: JsonOption = False) -> None:
    """Run what has changed: re-test, gate, release, write down."""
    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        done = turn_with_talk(workshop, output)
        learn = to_learn(workshop)
        law = check_law(workshop)
        if json:
            output.json(as_json(done) | {"to_learn": learn, "law": law})
        else:
            show_turn(done, output)
            if law.in_words:
                output.text(escape(law.in_words))
            if learn.words:
                output.text(learn.words)
    if not done.promoted.live:
        sys.exit(1)


def turn_with_talk(workshop: Workshop, output: Output) -> FullTurn:
    """Run a turn and say on stderr what is going on."""

    def before(stage: Stage, why: str) -> None:
        output.say(f"  [bold]run[/]   {escape(stage.name):<28} {escape(why)}")

    def attack(here: Workshop, digest: str) -> None:
        if is_attacked(here):
            output.say(f"  [bold]run[/]   {'redteam':<28} a release is attacked before it is judged")
        attacked(here, digest)

    def after(ran: Ran) -> None:
        if not ran.ran:
            output.say(f"  [dim]skip  {escape(ran.stage):<28} {escape(ran.why)}[/]")

    return full_turn(workshop, before=before, after=after, before_release=attack)


def show_turn(done: FullTurn, output: Output) -> None:
    """Show what came of a turn."""
    ran = [one for one in done.turn.stages if one.ran]
    output.text(
        f"{count(len(ran), 'stage')} run, {len(done.turn.stages) - len(ran)} skipped, {done.seconds:.1f} s."
    )
    name = short(done.promoted.release)
    if done.promoted.live:
        how = "is now live" if done.promoted.changed else "was live already"
        output.text(f"Release [bold]{name}[/] {how}.")
    elif done.promoted.waits_for_people:
        output.text(f"Release [bold]{name}[/] waits for approval: flyball release approve {name} --as PERSON")
    else:
        output.text(f"Release [bold]{name}[/] was [bold]refused[/] by the release gate:")
        for check in done.promoted.verdict.checks:
            if not check.passed:
                output.text(f"  {escape(check.name)}: {escape(check.detail)}")
    for one in done.outcomes:
        output.text(escape(one.in_words))
    for made in done.proposals:
        output.text(f"Proposed, {short(made.digest)}: {escape(made.proposal.what)}")
    if done.proposals:
        output.text("Look and sign: flyball proposal show, flyball proposal approve --as PERSON")
    output.text(f"Ledger entry {done.ledger_size - 1}, checkpoint signed by {escape(done.signed_by)}.")
    if done.report is not None:
        output.text(f"Report: {escape(str(done.report))}")


def as_json(done: FullTurn) -> dict[str, object]:
    """Return a turn as plain data."""
    return {
        "ok": done.promoted.live,
        "stages": [
            {
                "stage": one.stage,
                "action": "run" if one.ran else "skip",
                "why": one.why,
                "seconds": round(one.seconds, 3),
            }
            for one in done.turn.stages
        ],
        "release": done.promoted.release,
        "live": done.promoted.live,
        "gate": done.promoted.verdict,
        "report": None if done.report is None else str(done.report),
        "outcomes": done.outcomes,
        "proposals": done.proposals,
        "ledger_entries": done.ledger_size,
        "seconds": round(done.seconds, 3),
    }
