"""`flyball rule`: list and check the rules of the playbook."""

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.stages.playbook import rules_of

__all__ = ["command"]

command = typer.Typer()


@command.callback()
def rule() -> None:
    """List and check the rules of the playbook."""


@command.command("list")
def list_rules(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every rule; a table that cannot be used is refused with file, row and cell."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        playbook = rules_of(workshop.deployment)
    rules = [(table, rule) for table in playbook.tables for rule in table.rules]
    if json:
        output.json(
            {
                "ok": True,
                "rules": [
                    {
                        "rule": one.id,
                        "row": one.row,
                        "facts": one.facts,
                        "outputs": dict(one.outputs),
                        "cites": one.cites,
                        "digest": one.digest,
                    }
                    for _, one in rules
                ],
            }
        )
        return
    output.table(
        ["rule", "severity", "title", "cites"],
        (
            [one.id, dict(one.outputs)["severity"], dict(one.outputs)["title"], "; ".join(one.cites)]
            for _, one in rules
        ),
    )
    output.text()
    output.text(f"{count(len(rules), 'rule')} in {count(len(playbook.tables), 'table')}, all can be used.")
