"""`flyball serve`: deployments as HTTP services that speak OpenAI's form, and as pages for people."""

import logging
import os
import subprocess
import sys
import threading
import time
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
from flyball.gateway.settings import load_gateway_settings, shown_settings
from flyball.loop.deployment import find_deployment
from flyball.loop.settings_noted import note_deployment_settings, note_settings

__all__ = ["command"]

_WATCH = (sys.executable, "-m", "flyball", "watch")
_LOG = logging.getLogger(__name__)
_WATCHER_SECONDS = 20.0
"""How long a watcher may take to end what it is doing."""
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_SOUND_SECONDS = 300.0
"""A watcher that lived for so long had begun as it should; the pause before its successor is short again."""


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
    shown = shown_settings(settings)
    for one in house.everything():
        note_deployment_settings(one.workshop)
        note_settings(one.workshop, "gateway.toml", shown)
    names = ", ".join(one.name for one in house.everything())

    def listening(port: int) -> None:
        place = f"http://{escape(settings.host)}:{port}"
        output.say(f"Serving {escape(names)} at {place}/v1, with the console at {place}/. Stop with Ctrl-C.")

    with _watching(roots if watch else []):
        serve(house, access, settings, more=console_doors, started=listening)


@contextmanager
def _watching(roots: list[Path]) -> Iterator[None]:
    """Watch deployments in processes of their own, which end with this one, however it ends."""
    watchers = [_Watcher(root) for root in roots]
    try:
        yield
    finally:
        for one in watchers:
            one.end()
        for one in watchers:
            one.wait()


class _Watcher:
    """The process that watches one deployment; one that ends by itself is begun again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._over = threading.Event()
        self._process = self._begin()
        self._thread = threading.Thread(target=self._keep, name=f"watch {root.name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Ask it to end, for good."""
        self._over.set()
        self._process.terminate()

    def wait(self) -> None:
        """Wait until it has ended; one that does not is killed."""
        try:
            self._process.wait(_WATCHER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(_WATCHER_SECONDS)

    def _begin(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - this program itself
            [*_WATCH, "--parent", str(os.getpid()), "--deployment", str(self._root.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._over.is_set():
            began = time.monotonic()
            code = self._process.wait()
            if time.monotonic() - began > _SOUND_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            if self._over.is_set():
                return
            _LOG.error(
                "The watcher of %s ended with %d; another begins in %g s.", self._root.name, code, pause
            )
            if self._over.wait(pause):
                return
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self._process = self._begin()
            if self._over.is_set():
                self._process.terminate()


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
