"""One way out: the result on stdout as text or JSON, the talk on stderr."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from flyball.core.digests import canonical_json
from flyball.core.errors import FlyballError

__all__ = ["Output", "show_error"]

T = TypeVar("T")

_WIDE = 220
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""Names of tables and files come from elsewhere: none of them moves the cursor or colours the screen."""


class Output:
    """What a command says.

    Parameters
    ----------
    as_json : bool
        Result as JSON on stdout; no progress bars.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        # Where nobody watches, lines are as long as they need to be: `flyball rule list | grep ...`.
        self.out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
        self.talk = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDE)

    def json(self, value: object) -> None:
        """Write one JSON value as one line."""
        sys.stdout.write(canonical_json(value).decode() + "\n")
        sys.stdout.flush()

    def text(self, line: str = "", *, wrap: bool = True) -> None:
        """Write a line of the result; rich markup is allowed, so escape what is not ours."""
        self.out.print(_still(line), soft_wrap=not wrap)

    def say(self, line: str) -> None:
        """Talk: what is going on, for people only."""
        if not self.as_json:
            self.talk.print(_still(line))

    def table(self, columns: list[str], rows: Iterable[list[str]]) -> None:
        """Write a table; names of columns and cells are taken as they are, without markup."""
        table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
        for column in columns:
            right = column.startswith(">")
            name = escape(_still(column.removeprefix(">")))
            table.add_column(name, justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*[escape(_still(cell)) for cell in row])
        self.out.print(table)

    def progress(self, items: Iterable[T], title: str, total: int) -> Iterator[T]:
        """Show how far long work is; nothing where nobody watches."""
        if self.as_json or not self.talk.is_terminal:
            yield from items
            return
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.talk,
            transient=True,
        ) as bar:
            yield from bar.track(items, total=total or None, description=escape(_still(title)))


def show_error(err: FlyballError, *, as_json: bool) -> None:
    """Show an error: one shape for machines, one sentence for people; never a traceback."""
    if as_json:
        sys.stdout.write(canonical_json(err.as_record()).decode() + "\n")
    sys.stderr.write(f"{_still(str(err))}\n")


def _still(text: str) -> str:
    return text.translate(_CONTROLS)
