"""A real headless Chromium, driven over a pipe with nothing but the standard library."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Page", "executable", "opened"]

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
]


def executable() -> str | None:
    """Return the first Chromium on the path, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page:
    """One tab; keeps what the page said on its console and what it asked the network for."""

    def __init__(self, commands: int, replies: int) -> None:
        self._commands, self._replies, self._buffer = commands, replies, b""
        self._number, self._session = 0, ""
        self.console: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict:
        """Send one command and wait for its reply."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._receive(60)
            if reply.get("id") == self._number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]

    def _receive(self, seconds: float) -> dict:
        until = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            if not select.select([self._replies], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("Chromium did not answer in time")
            self._buffer += os.read(self._replies, 1 << 20)
        raw, self._buffer = self._buffer.split(b"\0", 1)
        event = json.loads(raw)
        method, told = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.console.append(str(told["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.console.append(told["entry"]["text"])
        return event

    def size(self, width: int, height: int) -> None:
        """Make the window so large."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme: str, media: str = "") -> None:
        """Prefer "light" or "dark", on screen or in print."""
        self.call(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )

    def open(self, url: str) -> None:
        """Go there and wait until everything has loaded."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        until = time.monotonic() + 60
        while self.run("location.href !== 'about:blank' && document.readyState") != "complete":
            if time.monotonic() > until:
                raise TimeoutError(url)
            time.sleep(0.02)

    def run(self, expression: str) -> object:
        """Evaluate an expression in the page, two frames later."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    def settle(self) -> None:
        """Wait until the page has been painted twice."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")


@contextlib.contextmanager
def opened() -> Iterator[Page]:
    """Start Chromium with a profile of its own and end it afterwards."""
    browser = executable()
    if browser is None:
        raise FileNotFoundError("no Chromium on the path")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def place() -> None:
        high_in, high_out = (
            fcntl.fcntl(theirs_in, fcntl.F_DUPFD, 20),
            fcntl.fcntl(theirs_out, fcntl.F_DUPFD, 20),
        )
        os.dup2(high_in, 3)
        os.dup2(high_out, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [browser, *_FLAGS, f"--user-data-dir={Path(profile) / 'profile'}"],
            close_fds=False,
            preexec_fn=place,  # the pipe has to be at file descriptors 3 and 4
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Page(ours_out, ours_in)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(ours_out)
            os.close(ours_in)
