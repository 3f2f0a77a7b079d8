"""HTML as PDF by a headless Chromium of this machine. It reaches no network and gets one file."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from flyball.core.errors import BadInput, FlyballError

__all__ = ["NoPdf", "as_pdf", "find_chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_SECONDS = 120
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class NoPdf(FlyballError):
    """No PDF could be made."""

    code = "console.no_pdf"


def find_chromium() -> str:
    """Return the program: `FLYBALL_CHROMIUM`, or the first Chromium, Chrome or Edge on the path.

    Raises
    ------
    BadInput
        There is none.
    """
    named = os.environ.get("FLYBALL_CHROMIUM", "")
    if named:
        if shutil.which(named) is None:
            raise BadInput(
                f"FLYBALL_CHROMIUM names {named!r}, which cannot be run.", fix="Correct or unset it."
            )
        return named
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise BadInput(
            f"A PDF needs Chromium, Chrome or Edge, and none is here (looked for {', '.join(_NAMES)}).",
            fix="Write --out FILE.html and print it from a browser, or name the program in FLYBALL_CHROMIUM.",
        )
    return found


def as_pdf(html: str) -> bytes:
    """Return a page as PDF: A4, its text selectable, with page numbers where the page asks for them.

    Raises
    ------
    BadInput
        There is no Chromium here.
    NoPdf
        It failed.
    """
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="flyball-pdf-", ignore_cleanup_errors=True) as folder:
        page, made = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        own = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            own.append("--no-sandbox")  # as root it does not start otherwise
        try:
            done = subprocess.run(  # noqa: S603 - the program that the owner of this machine installed
                [program, *_FLAGS, *own, page.as_uri()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            raise NoPdf(
                f"{program} made no PDF: {type(err).__name__}.", fix="Write --out FILE.html and print it."
            ) from err
        if done.returncode or not made.is_file():
            raise NoPdf(
                f"{program} made no PDF; it ended with {done.returncode}.",
                fix="Write --out FILE.html and print it from a browser.",
            )
        return made.read_bytes()
