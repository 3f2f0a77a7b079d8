"""`flyball watch`: measure, raise and resolve alerts, tell people, run turns that are asked for."""

import os
import signal
import sys
import threading
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.attacked import attacked
from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.text import count
from flyball.loop.settings_noted import note_deployment_settings
from flyball.loop.watching import Looked, Watcher, only_one_watcher

__all__ = ["command"]

_TURN_SECONDS = 86_400.0
_DELIVER_SECONDS = 60.0


def command(
    deployment: DeploymentOption = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, run what is asked for, and stop.")] = False,
    parent: Annotated[int, typer.Option("--parent", hidden=True)] = 0,
    json: JsonOption = False,
) -> None:
    """Watch a deployment until SIGTERM."""
    output = Output(json)
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda number, frame: stop.set())
    if parent:
        threading.Thread(target=_end_with, args=(parent, stop), daemon=True).start()
    with open_workshop(deployment, output) as workshop, only_one_watcher(workshop.state):
        watcher = Watcher(workshop, told=lambda looked: _tell(looked, output), before_release=attacked)
        note_deployment_settings(workshop)
        every = workshop.deployment.settings.watch.every_seconds
        if once:
            looked = watcher.look()
            _tell(looked, output)
            if watcher.wait(_TURN_SECONDS):
                looked = watcher.look()
                _tell(looked, output)
            watcher.close(_DELIVER_SECONDS)
            n = count(looked.open, "alert is", "alerts are") if looked.open else "Nothing is"
            output.say(f"{n} open in {escape(workshop.deployment.name)}.")
        else:
            output.say(f"Watching {escape(workshop.deployment.name)} every {every:g} s. Stop with Ctrl-C.")
            watcher.run(stop)
        workshop.ledger.checkpoint()
    if once and looked.open:
        sys.exit(1)


def _tell(looked: Looked, output: Output) -> None:
    if output.as_json:
        output.json(looked)
        return
    at = f"{looked.at:%Y-%m-%d %H:%M:%S}"
    for one in looked.raised:
        why = "; ".join(cause.why for cause in one.causes)
        output.text(f"{at} [bold]{escape(one.severity)}[/] {escape(one.name)}: {escape(why)}")
    for one in looked.resolved:
        output.text(f"{at} resolved {escape(one.name)}")
    if looked.turn:
        output.text(f"{at} turn {escape(looked.turn)}")
    if looked.waiting:
        output.say(f"{count(looked.waiting, 'message')} could not be delivered yet: flyball alert list")


def _end_with(parent: int, stop: threading.Event) -> None:
    """Stop when the process that started this one is gone."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
