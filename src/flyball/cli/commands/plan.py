"""`flyball plan`: which stages would run, and why. Changes nothing."""

from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.asked_turns import asked_turns
from flyball.loop.plan import make_plan
from flyball.loop.settings import talks_only
from flyball.loop.stage_list import stages_of

__all__ = ["command"]


def command(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show which stages would run, and why."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        settings = workshop.deployment.settings
        plan = make_plan(() if talks_only(settings) else stages_of(settings), workshop)
        asked = asked_turns(workshop.ledger)
    if json:
        stages = [
            {
                "stage": one.stage,
                "title": one.title,
                "action": one.action,
                "why": one.why,
                "changed": one.changed,
            }
            for one in plan.stages
        ]
        output.json({"ok": True, "deployment": plan.deployment, "stages": stages, "asked": asked})
        return
    for one in asked:
        output.text(f"Asked for by {escape(one.by)} since {one.at:%Y-%m-%d %H:%M}: {escape(one.why)}")
    if not plan.stages:
        output.text("Nothing to do: it only talks. Serve it with: flyball serve")
        return
    output.table(["", "stage", "why"], ([one.action, one.stage, one.why] for one in plan.stages))
    output.text()
    if plan.to_run:
        skipped = len(plan.stages) - len(plan.to_run)
        where = f" -d {deployment}" if deployment else ""
        output.text(
            f"{count(len(plan.to_run), 'stage')} to run, {skipped} to skip. "
            f"Run them with: flyball turn{escape(where)}"
        )
    else:
        output.text("Nothing to do: nothing has changed since the last turn.")
