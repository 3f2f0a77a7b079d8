"""`flyball serve`: deployments as HTTP services that speak OpenAI's form, and as pages for people."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption
from flyball.console.doors import console_doors
from flyball.core.errors import BadInput
from flyball.gateway.access.opening import open_access
from flyball.gateway.house import open_house
from flyball.gateway.serving import check_address, serve
from flyball.gateway.settings import load_gateway_settings
from flyball.loop.deployment import find_deployment

__all__ = ["command"]

_WATCH = (sys.executable, "-m", "flyball", "watch")
_WATCHER_SECONDS = 20.0
"""How long a watcher may take to end what it is doing."""


def command(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of deployments, with an optional gateway.toml.", show_default=False),
    ] = None,
    deployment: DeploymentOption = None,
    host: Annotated[str | None, typer.Option(help="Where to listen.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="0: any free one.", show_default="8080")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Watch each of them, too: flyball watch in a process beside.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Serve deployments over HTTP until SIGTERM."""
    output = Output(json)
    root, roots = _found(folder, deployment)
    settings = load_gateway_settings(root)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = msgspec.structs.replace(settings, **given)
    house = open_house(roots)
    access = open_access(house, settings)
    check_address(settings, access)
    names = ", ".join(one.name for one in house.everything())

    def listening(port: int) -> None:
        place = f"http://{escape(settings.host)}:{port}"
        output.say(f"Serving {escape(names)} at {place}/v1, with the console at {place}/. Stop with Ctrl-C.")

    with _watching(roots if watch else []):
        serve(house, access, settings, more=console_doors, started=listening)


@contextmanager
def _watching(roots: list[Path]) -> Iterator[None]:
    """Watch deployments in processes of their own, which end with this one, however it ends."""
    watchers = [
        subprocess.Popen(  # noqa: S603 - this program itself
            [*_WATCH, "--parent", str(os.getpid()), "--deployment", str(root.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        for root in roots
    ]
    try:
        yield
    finally:
        for one in watchers:
            one.terminate()
        for one in watchers:
            try:
                one.wait(_WATCHER_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()


def _found(folder: Path | None, deployment: str | None) -> tuple[Path, list[Path]]:
    """Return where gateway.toml may be, and the folders of the deployments."""
    if folder is not None and deployment is not None:
        raise BadInput("A folder and a deployment were named.", fix="Name one of them.")
    if folder is None:
        root = find_deployment(deployment, Path.cwd())
        if root is not None:
            return root, [root]
        if deployment is not None:
            raise BadInput(
                f"No deployment {deployment!r} here.", fix="Name the folder that holds flyball.toml."
            )
        folder = Path.cwd()
    if (folder / "flyball.toml").is_file():
        return folder, [folder]
    roots = sorted(path.parent for path in folder.glob("*/flyball.toml"))
    if not roots:
        raise BadInput(
            f"No deployment in {folder}: neither flyball.toml nor a folder that holds one.",
            fix="Make one: flyball init contract-review.",
            folder=folder,
        )
    return folder, roots
