"""Write docs/reference/ and docs/runbooks/ out of the code itself.

Every error code, every extension, every command's help; and the pages that are shipped with alerts.

`python tools/make_reference.py` writes; `--check` says whether the pages are current.
"""

import contextlib
import importlib
import io
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import flyball
from flyball.core.errors import FlyballError
from flyball.core.shelves import Shelf

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "reference"
RUNBOOKS = ROOT / "docs" / "runbooks"


def modules() -> Iterator[str]:
    """Yield every module of the package; solutions are not imported by anyone."""
    for info in pkgutil.walk_packages(flyball.__path__, "flyball."):
        if ".solutions" not in info.name:
            yield info.name


def errors() -> str:
    """Return the page of error codes."""

    def below(kind: type[FlyballError]) -> Iterator[type[FlyballError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    found = {kind.code: kind for kind in below(FlyballError) if kind.__module__.startswith("flyball.")}
    lines = [
        "# Error codes",
        "",
        "The same code in the command line, in `--json` and in the ledger. Exit codes: 1 refused by a gate, "
        "2 wrong use, 3 try again.",
        "",
        "| code | what happened | exit | may the same call succeed later? |",
        "| --- | --- | --- | --- |",
    ]
    for code, kind in sorted(found.items()):
        what = (kind.__doc__ or "").strip().split("\n")[0]
        lines.append(f"| `{code}` | {what} | {kind.exit_code} | {'yes' if kind.retry else 'no'} |")
    return "\n".join(lines) + "\n"


def extensions() -> str:
    """Return the page of shelves and what stands on them."""
    about = (
        "Each is one file on its shelf; its name is the file's name. Others add theirs through the "
        "entry-point group of the shelf's name."
    )
    lines = ["# Extensions", "", about, ""]
    shelves: dict[str, Shelf] = {}
    for name in modules():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, Shelf):
                shelves[value.package] = value
    for package, shelf in sorted(shelves.items()):
        lines += [f"## {shelf.kind}: `{package}`", "", "| name | what it is |", "| --- | --- |"]
        for name in shelf.names():
            module = importlib.import_module(f"{package}.{name}")
            lines.append(f"| `{name}` | {(module.__doc__ or '').strip().split(chr(10))[0]} |")
        lines.append("")
    return "\n".join(lines)


def commands() -> str:
    """Return the page with the help of every command."""
    from flyball.cli.main import COMMANDS
    from flyball.cli.main import main as run

    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    lines = ["# Commands", "", "What `--help` prints.", ""]
    for name in COMMANDS:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            try:
                run([name, "--help"])
            except SystemExit as left:
                if left.code:
                    raise
        text = "\n".join(line.rstrip() for line in told.getvalue().strip("\n").split("\n"))
        lines += [f"## flyball {name}", "", "```", text, "```", ""]
    return "\n".join(lines)


def main() -> int:
    """Return 0 where the pages are current, or were written."""
    for name in modules():
        importlib.import_module(name)
    stale = []
    pages = {
        PAGES / "errors.md": errors(),
        PAGES / "extensions.md": extensions(),
        PAGES / "commands.md": commands(),
    }
    shipped = sorted((Path(flyball.__path__[0]) / "loop" / "alerts" / "runbooks").glob("*.md"))
    pages |= {RUNBOOKS / one.name: one.read_text(encoding="utf-8") for one in shipped}
    for path, text in pages.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"Out of date: {', '.join(stale)}. Run: python tools/make_reference.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
