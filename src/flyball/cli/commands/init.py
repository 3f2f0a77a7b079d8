"""`flyball init`: a deployment folder from a shipped solution."""

from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import JsonOption
from flyball.loop.init import init_deployment

__all__ = ["command"]


def command(
    solution: Annotated[str, typer.Argument(help="Name of a shipped solution.")] = "contract-review",
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="Where to. Default: a folder of that name here.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a deployment folder from a shipped solution."""
    output = Output(json)
    made = init_deployment(solution, (folder or Path(solution)).absolute())
    if json:
        output.json({"ok": True, "deployment": solution, "folder": str(made)})
        return
    output.text(f"Made {made}")
    output.text(
        "Edit flyball.toml, the rules in rules/ and the constitution; put your own cases into cases/."
    )
    output.text(f"Then: cd {made} && flyball plan && flyball turn")
