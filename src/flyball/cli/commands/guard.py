"""`flyball guard`: say of texts what the guardrails find in them."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from flyball.cli.commands.privacy import opened
from flyball.cli.output import Output
from flyball.cli.session import JsonOption
from flyball.core.digests import from_json
from flyball.core.text import count

__all__ = ["command"]


def command(
    source: Annotated[
        Path,
        typer.Option(
            "--in",
            help='Lines {"id", "text", "source"}, the source "user" or "document"; - for standard input.',
            show_default=False,
        ),
    ],
    guardrail: Annotated[
        list[str] | None,
        typer.Option(
            "--guardrail",
            help="Ask this one, and no other; may be given several times.  [default: injection, secrets]",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Find injections, secrets and more in texts; with --json one line per text, in their order.

    A line that cannot be read, or a guardrail that fails, ends it: what is not told of did not pass.
    """
    from flyball.governance.guardrails.inspect import open_guardrails
    from flyball.governance.guardrails.lines import guard_lines

    output = Output(json)
    guardrails = open_guardrails(guardrail or ("injection", "secrets"))
    with opened(source) as lines:
        told = guard_lines(lines, guardrails)
        if json:
            for line in told:
                sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
            return
        _show(output, told)


def _show(output: Output, lines: Iterable[bytes]) -> None:
    kinds: Counter[str] = Counter()
    texts = flagged = 0
    for line in lines:
        one = from_json(line, dict[str, Any])
        texts += 1
        flagged += one["flagged"]
        kinds.update(one["kinds"])
    if kinds:
        output.table(["kind", ">texts"], ([kind, str(n)] for kind, n in kinds.most_common()))
    output.text(f"{count(flagged, 'text')} of {texts:,} flagged.")
