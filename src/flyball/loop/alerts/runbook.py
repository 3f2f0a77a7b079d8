"""Runbooks: the page that says what to do, the deployment's own before the shipped one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Literal

from flyball.core.errors import BadInput, UnknownName

__all__ = ["Block", "Runbook", "runbook_named", "runbook_names", "what_to_do"]

FOLDER = "runbooks"
"""Of the deployment: pages of its own, which stand before shipped ones of the same name."""
_SHIPPED = files("flyball.loop.alerts.runbooks")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
_LARGEST = 100_000
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_INLINE = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|`(?P<code>[^`]+)`")

Piece = tuple[Literal["text", "strong", "code"], str]


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, one paragraph or one item of a list.

    Parameters
    ----------
    kind : {"heading", "paragraph", "item"}
    pieces : tuple of (kind, text)
        "text", "strong" or "code".
    """

    kind: Literal["heading", "paragraph", "item"]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page.

    Parameters
    ----------
    name : str
    title : str
        Its first heading.
    text : str
        As it is written, without links that lead into the docs.
    own : bool
        Whether the deployment has written it.
    """

    name: str
    title: str
    text: str
    own: bool

    def groups(self) -> list[tuple[str, list[Block]]]:
        """Return what stands below the title: neighbours of one kind together, so that items make a list."""
        return [(kind, list(some)) for kind, some in groupby(self._blocks(), key=lambda one: one.kind)]

    def _blocks(self) -> Iterator[Block]:
        for line in self.text.split("\n")[1:]:
            if line.startswith("#"):
                yield Block("heading", _pieces(line.lstrip("#").strip()))
            elif line.startswith(("- ", "* ")):
                yield Block("item", _pieces(line[2:].strip()))
            elif line.strip():
                yield Block("paragraph", _pieces(line.strip()))


def runbook_names(root: Path) -> list[str]:
    """Return the names of all pages, the deployment's own and the shipped ones, sorted."""
    own = [path.stem for path in (root / FOLDER).glob("*.md") if _NAME.match(path.stem)]
    shipped = [one.name.removesuffix(".md") for one in _SHIPPED.iterdir() if one.name.endswith(".md")]
    return sorted({*own, *shipped})


def runbook_named(root: Path, name: str) -> Runbook:
    """Return one page.

    Parameters
    ----------
    root : Path
        Folder of the deployment.
    name : str

    Raises
    ------
    UnknownName
        There is none of that name.
    BadInput
        It leads out of the folder of the deployment, is larger than 100 kB, or is no text.
    """
    if name not in (known := runbook_names(root)):
        raise UnknownName(
            f"No runbook is called {name[:100]!r}.", fix=f"Known: {', '.join(known)}.", name=name[:100]
        )
    path = root / FOLDER / f"{name}.md"
    own = path.is_file()
    try:
        if own and not path.resolve().is_relative_to(root.resolve()):
            raise BadInput(f"The runbook {name} leads out of the deployment.", fix="Copy it into its folder.")
        text = path.read_text("utf-8") if own else _SHIPPED.joinpath(f"{name}.md").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInput(
            f"The runbook {name} cannot be read: {type(err).__name__}.",
            fix="Write it as a text file in UTF-8.",
        ) from err
    if len(text) > _LARGEST:
        raise BadInput(f"The runbook {name} is larger than {_LARGEST:,} characters.", fix="Make it shorter.")
    first, _, rest = text.strip().partition("\n")
    title = first.lstrip("#").strip() or name
    return Runbook(name, title, _LINK.sub(_unlinked, f"# {title}\n{rest}"), own)


def what_to_do(runbook: str) -> str:
    """Return the address of a runbook, or the command that shows it."""
    return runbook if "://" in runbook else f"flyball alert runbook {runbook}"


def _unlinked(found: re.Match[str]) -> str:
    """Return the words of a link; its address too where that leads to the web."""
    words, address = found.groups()
    return f"{words} ({address})" if "://" in address else words


def _pieces(line: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    end = 0
    for one in _INLINE.finditer(line):
        if one.start() > end:
            pieces.append(("text", line[end : one.start()]))
        pieces.append(("strong", one["strong"]) if one["strong"] else ("code", one["code"]))
        end = one.end()
    return (*pieces, ("text", line[end:])) if end < len(line) else tuple(pieces)
