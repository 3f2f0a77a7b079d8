"""Driving garak or promptfoo through the gateway of a sandbox, each in a process of its own.

The tool gets the address of the sandbox, an environment with nothing of ours in it, and a folder. What it
reports is read; none of its code is imported.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from flyball.core.errors import BadInput, FlyballError
from flyball.gateway.access.loopback import LoopbackAccess
from flyball.gateway.app import build_app
from flyball.gateway.sandbox import open_house_of
from flyball.gateway.serving import config_of
from flyball.gateway.settings import GatewaySettings
from flyball.governance.redteam.outside import OutsideReport, read_garak, read_promptfoo
from flyball.loop.workshop import Workshop

__all__ = ["ToolFailed", "drive_garak", "drive_promptfoo", "served_sandbox"]

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")
_SPOKEN = 400
_FORBIDDEN = 403


class ToolFailed(FlyballError):
    """Another red-team tool did not end as it should."""

    code = "gateway.red_team_tool_failed"


@contextmanager
def served_sandbox(
    workshop: Workshop, *, online: bool = False, refused_as: int = _FORBIDDEN
) -> Iterator[tuple[str, str]]:
    """Serve a sandbox at a free port of this machine; gives its address and the name of its model.

    `refused_as` is the status of what guards refuse: some tools take a 403 for a wrong key, and stop.
    """
    with open_house_of(workshop, online=online) as made:
        settings = GatewaySettings(port=0)
        app: Any = build_app(made.house, LoopbackAccess(), settings)
        if refused_as != _FORBIDDEN:
            app = _refusing_as(app, refused_as)
        server = uvicorn.Server(config_of(app, settings))
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
            thread.start()
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            try:
                yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1", made.ground.deployment
            finally:
                server.should_exit = True
                thread.join(60)


def drive_garak(
    workshop: Workshop,
    *,
    program: str = "garak",
    probes: Sequence[str],
    seconds: float = 3600.0,
    online: bool = False,
) -> OutsideReport:
    """Let garak attack a sandbox.

    Parameters
    ----------
    workshop : Workshop
    program : str
        Its command, by name or path.
    probes : sequence of str
        In garak's names: "promptinject.HijackHateHumans", or "promptinject".
    seconds : float
        It is ended after so many.
    online : bool

    Raises
    ------
    BadInput, ToolFailed
        It is not installed; it did not end well, or in time.
    """
    with _at_work(program) as folder, served_sandbox(workshop, online=online) as (url, model):
        options = folder / "generator.json"
        generator = {
            "name": model,
            "uri": f"{url}/chat/completions",
            "headers": {"content-type": "application/json"},
            "req_template_json_object": {
                "model": model,
                "messages": [{"role": "user", "content": "$INPUT"}],
            },
            "response_json": True,
            "response_json_field": "$.choices[0].message.content",
            "skip_codes": [400, 403, 413],  # refused by the gateway: no reply, and none that obeyed
            "request_timeout": 120,
        }
        options.write_text(json.dumps({"rest": {"RestGenerator": generator}}))
        spec = ",".join(one if one.startswith("probes.") else f"probes.{one}" for one in probes)
        command = [
            *[program, "--target_type", "rest.RestGenerator", "--target_name", model],
            *["--generator_option_file", str(options), "--spec", spec, "--generations", "1"],
            *["--report_prefix", str(folder / "found"), "--narrow_output"],
        ]
        found = folder / "found.report.jsonl"
        _run(command, folder, {"REST_API_KEY": "none"}, seconds, report=found)
        return read_garak(found)


def drive_promptfoo(
    workshop: Workshop,
    *,
    program: str = "promptfoo",
    config: Path,
    seconds: float = 3600.0,
    online: bool = False,
) -> OutsideReport:
    """Let promptfoo run the tests of a file of its own against a sandbox.

    Parameters
    ----------
    workshop : Workshop
    program : str
    config : Path
        A promptfooconfig; its provider is `openai:chat:NAME`, NAME being that of the deployment.
    seconds : float
    online : bool

    Raises
    ------
    BadInput, ToolFailed
        As `drive_garak`.
    """
    if not config.is_file():
        raise BadInput(f"{config} is not there.", fix="Name the configuration of promptfoo with --config.")
    served = served_sandbox(workshop, online=online, refused_as=400)
    with _at_work(program) as folder, served as (url, _):
        found = folder / "found.json"
        quiet = {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "none",
            "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1",
            "PROMPTFOO_DISABLE_REMOTE_GENERATION": "true",
            "PROMPTFOO_DISABLE_REDTEAM_REMOTE_GENERATION": "true",
            "PROMPTFOO_CONFIG_DIR": str(folder),
        }
        command = [program, "eval", "-c", str(config.resolve()), "-o", str(found), "--no-cache"]
        _run(command, folder, quiet, seconds, report=found, fine=(0, 100))  # 100: some tests failed
        return read_promptfoo(found)


def _refusing_as(app: Any, status: int) -> Any:
    """Return an application that answers the same, with another status in the place of 403."""

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message.get("status") == _FORBIDDEN:
                message = {**message, "status": status}
            await send(message)

        await app(scope, receive, sending)

    return answering


@contextmanager
def _at_work(program: str) -> Iterator[Path]:
    if shutil.which(program) is None:
        raise BadInput(
            f"{program} is not installed here.",
            fix="Install it into an environment of its own, then name it: --program PATH.",
            program=program,
        )
    with tempfile.TemporaryDirectory(prefix="flyball-redteam-tool-") as folder:
        yield Path(folder)


def _run(
    command: Sequence[str],
    folder: Path,
    more: Mapping[str, str],
    seconds: float,
    *,
    report: Path,
    fine: Sequence[int] = (0,),
) -> None:
    """Run a tool until its report is there; it may end well and have written none."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    try:
        done = subprocess.run(  # noqa: S603 - the owner of the deployment names the program
            list(command),
            cwd=folder,
            env={**kept, **home, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise ToolFailed(
            f"{command[0]} did not end: {type(err).__name__}.",
            fix="Give it more --seconds, or fewer probes.",
        ) from err
    if done.returncode not in fine or not report.is_file():
        said = done.stdout.decode("utf-8", "replace").strip()[-_SPOKEN:]
        raise ToolFailed(
            f"{command[0]} ended with {done.returncode}"
            f"{'' if report.is_file() else ' and wrote no report'}. Its last words: {said}",
            fix="Run it by hand against flyball serve to see more.",
        )
