"""`flyball rule`: list and check the rules, those of the playbook and those that decide."""

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.references import engine_of_folder, tables_that_decide

__all__ = ["command"]

command = typer.Typer()


@command.callback()
def rule() -> None:
    """List and check the rules, those of the playbook and those that decide."""


@command.command("list")
def list_rules(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every rule; a table that cannot be used is refused with file, row and cell."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        engine = engine_of_folder(workshop.deployment)
    playbook, deciding = engine.playbook.tables, tables_that_decide(engine)
    rules = [rule for table in (*deciding, *playbook) for rule in table.rules]
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
                    for one in rules
                ],
            }
        )
        return
    for tables, first, second in ((deciding, "decide", "reason"), (playbook, "severity", "title")):
        if tables:
            output.table(
                ["rule", first, second, "cites"],
                (
                    [one.id, dict(one.outputs)[first], dict(one.outputs)[second], "; ".join(one.cites)]
                    for table in tables
                    for one in table.rules
                ),
            )
            output.text()
    tables_in_all = count(len(deciding) + len(playbook), "table")
    output.text(f"{count(len(rules), 'rule')} in {tables_in_all}, all can be used.")
