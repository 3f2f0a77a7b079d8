"""`flyball config`: every setting and where it came from."""

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.loop.settings import origins

__all__ = ["command"]

command = typer.Typer()


@command.callback()
def config() -> None:
    """Show every setting and where it came from."""


@command.command("show")
def show(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Print every setting, its value and its origin; secrets as ***."""
    output = Output(json)
    workshop = open_workshop(deployment, output)
    found = origins(workshop.deployment.root / "flyball.toml")
    if json:
        output.json({"ok": True, "settings": found})
        return
    output.table(["setting", "value", "from"], ([item.name, item.value, item.origin] for item in found))
