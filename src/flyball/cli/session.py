"""The deployment that a command works on, opened the same way for every command."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.core.errors import BadInput
from flyball.loop.deployment import find_deployment, open_deployment, solution
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop

__all__ = ["AsOption", "DeploymentOption", "JsonOption", "home", "named_person", "open_workshop"]

DeploymentOption = Annotated[
    str | None,
    typer.Option(
        "--deployment",
        "-d",
        help="Folder with flyball.toml, or its name. Default: this folder.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Result as JSON on stdout.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="Who acts, as in people.toml. Default: the user of this machine.", show_default=False
    ),
]


def home() -> Path:
    """Return the folder of deployments that nobody placed: `FLYBALL_HOME`, or the user's data folder."""
    if "FLYBALL_HOME" in os.environ:
        return Path(os.environ["FLYBALL_HOME"])
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "flyball"


def named_person(person: str | None, what: str = "") -> str:
    """Return who acts where the user of this machine is not enough, as for what people sign.

    Parameters
    ----------
    person : str or None
        As given by `--as`.
    what : str
        What that person does, to be told: "who decides it".

    Raises
    ------
    BadInput
        Nobody is given.
    """
    if person is None:
        said = f"Nobody is named {what}".rstrip()
        raise BadInput(f"{said}.", fix="Add --as with your id from people.toml.")
    return person


def open_workshop(named: str | None, output: Output, person: str | None = None) -> Workshop:
    """Open a deployment by folder or name; a shipped solution that is nowhere is placed in `home()`.

    Parameters
    ----------
    named : str or None
        None: the folder of work, or one above it.
    output : Output
    person : str, optional
        Who acts; by default the user of this machine.

    Returns
    -------
    Workshop

    Raises
    ------
    BadInput
        There is none here and none was named.
    UnknownName
        None is called so.
    """
    root = find_deployment(named, Path.cwd()) or _placed(named, output)
    actor = f"person:{person}" if person else f"user:{getpass.getuser()}"
    workers = os.cpu_count() or 1
    return Workshop(open_deployment(root), progress=output.progress, workers=workers, actor=actor)


def _placed(named: str | None, output: Output) -> Path:
    folder = Path.cwd() / (named or "")
    inside = sorted(path.parent.name for path in folder.glob("*/flyball.toml"))
    if named is None or inside:
        where = f"{folder} or above it" if named is None else str(folder)
        raise BadInput(
            f"No flyball.toml in {where}.",
            fix=f"Name one of the deployments in it: -d {Path(named or '') / inside[0]}. "
            f"There are: {', '.join(inside)}."
            if inside
            else "Make a deployment with `flyball init contract-review`, or name one with --deployment.",
        )
    solution(named)  # refuses an unknown name with the list of known ones
    named = named.replace("_", "-")  # one folder, however it was written
    root = home() / named
    if not (root / "flyball.toml").is_file():
        init_deployment(named, root)
        output.say(f"Placed the shipped deployment {named} in {root}.")
    return root
