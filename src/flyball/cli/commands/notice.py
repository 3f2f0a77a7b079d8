"""`flyball notice`: the specific reasons of a decision against somebody, and what would have changed it."""

from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.loop.lineage import find_decision
from flyball.loop.notices import notices_of

__all__ = ["command"]


def command(
    decision: Annotated[
        str, typer.Argument(help="Number of a ledger entry, case id, or name of a case.", show_default=False)
    ],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Say why an answer is no, in at most four specific reasons, and what would have changed it."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = notices_of(workshop, find_decision(workshop, decision))
        titles = {field.key: field.title for field in workshop.deployment.fields}
    if json:
        output.json({"ok": True, "notices": [msgspec.to_builtins(one) for one in found]})
        return
    for one in found:
        output.text(f"[bold]{escape(one.case)}[/]  {escape(titles.get(one.field, one.field))}: {one.outcome}")
        output.text("Principal reasons:" if len(one.reasons) != 1 else "Principal reason:")
        for reason in one.reasons:
            output.text(f"  - {escape(reason)}")
        if one.changes:
            output.text("What would have changed it (decided again, rules included):")
            for change in one.changes:
                output.text(f"  - {escape(change)}")
        elif one.outcome != "refused by a rule":
            output.text("No change within the person's power would have been enough.")
    output.text("A draft: whoever signs the notice checks it. Ledger entry " + str(found[0].entry) + ".")
