"""`flyball bias`: what the model of a deployment says to published questions about prejudice."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.gateway.language_bias import measure_language_bias
from flyball.governance.fairness.language_bias import Item, drawn, read_bbq, read_winobias

__all__ = ["command"]


def command(
    bbq: Annotated[
        list[Path] | None,
        typer.Option("--bbq", help="File of BBQ, JSON lines; may be repeated.", show_default=False),
    ] = None,
    winobias: Annotated[
        list[Path] | None,
        typer.Option("--winobias", help="Sentences of WinoBias: pro, then anti; given twice."),
    ] = None,
    sample: Annotated[int, typer.Option(help="Ask so many of them, drawn; 0 for all.")] = 0,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask models that are not on this machine, and pay them.")
    ] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the model of a deployment the questions of BBQ or WinoBias, through its whole gateway.

    Accuracy and bias score, where the text tells the answer and where it does not, with intervals.
    """
    output = Output(json)
    files, pairs = bbq or [], winobias or []
    if bool(files) == bool(pairs) or len(pairs) not in (0, 2) or sample < 0:
        raise BadInput(
            f"{len(files)} files of BBQ, {len(pairs)} of WinoBias and a sample of {sample} are given.",
            fix="Give --bbq FILE, once or more; or --winobias PRO --winobias ANTI; a sample of 0 or more.",
        )
    if len({one.resolve() for one in files}) < len(files):
        raise BadInput("A file of BBQ is given twice.", fix="Name each once: a question counts once.")
    read = read_winobias(*pairs) if pairs else [one for path in files for one in read_bbq(path)]
    items = drawn(read, sample)

    def shown(some: Iterable[Item]) -> Iterator[Item]:
        return output.progress(some, "questions", len(items))

    with open_workshop(deployment, output) as workshop:
        entry, found = measure_language_bias(workshop, items, files or pairs, online=online, progress=shown)
    if json:
        output.json(
            {
                "ok": True,
                "entry": entry,
                "asked": found.asked,
                "unanswered": found.unanswered,
                "measures": {name: as_plain(value) for name, value in found.measures.items()},
            }
        )
        return
    output.text(f"{count(found.asked, 'question')}; {found.unanswered:,} replies choose no answer.")
    output.table(["measure", "value"], [[name, str(value)] for name, value in found.measures.items()])
    output.text(escape(f"Written to the ledger as entry {entry}."))
