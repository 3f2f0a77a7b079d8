"""`flyball privacy`: find personal data, treat it, give pseudonyms back, show privacy budgets.

Each command imports what it alone needs: a scan starts in half the time without the loop.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import from_json
from flyball.core.errors import BadInput
from flyball.core.text import count

__all__ = ["command", "opened"]

command = typer.Typer()

InOption = Annotated[
    Path, typer.Option("--in", help='Lines {"id", "text"}; - for standard input.', show_default=False)
]


@command.command("scan")
def scan(source: InOption, json: JsonOption = False) -> None:
    """Find personal data in texts; with --json one line per text, in their order."""
    from flyball.data.privacy.detection.lines import scan_lines

    output = Output(json)
    with opened(source) as lines:
        found = scan_lines(lines)
        if json:
            for line in found:
                sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
            return
        _show_scan(output, found)


@command.command("treat")
def treat(
    source: InOption,
    domain: Annotated[
        str,
        typer.Option(
            help="Replace by tokens of this domain, to be given back later; default: [KIND].",
            show_default=False,
        ),
    ] = "",
    deployment: DeploymentOption = None,
) -> None:
    """Write each text without its personal data, and where everything was: one JSON line per text."""
    from flyball.data.privacy.detection.detector import default_detector
    from flyball.data.privacy.pseudonyms.tokens import tokens_of
    from flyball.data.privacy.treatment.lines import treat_lines
    from flyball.loop.revealing import keys_of

    keys = None
    if domain:
        with open_workshop(deployment, Output(as_json=True)) as workshop:
            keys = keys_of(workshop)
        if keys is None:
            raise BadInput(
                "[privacy.keys] names no key.", fix="Make one with `openssl rand -hex 32` and name it there."
            )
    with opened(source) as lines:
        for line in treat_lines(
            lines,
            default_detector().scan,
            lambda span, words: (
                tokens_of([words], kind=span.kind, domain=domain, keys=keys)[0] if keys else f"[{span.kind}]"
            ),
        ):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


@command.command("budget")
def budget(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show every privacy budget: what was told, what it cost, what is left.

    Exit code 1 where one cannot be read: it counts as spent.
    """
    from flyball.loop.privacy_budgets import budgets_of

    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = budgets_of(workshop)
    if json:
        output.json(found)
    else:
        _show_budgets(output, found["budgets"])
    if not found["ok"]:
        raise typer.Exit(1)


@command.command("reveal")
def reveal(
    pseudonyms: Annotated[list[str], typer.Argument(help="Pseudonyms as they stand in the data.")],
    domain: Annotated[str, typer.Option(help="Domain of their column, as in its treatment.")],
    reason: Annotated[str, typer.Option(help="Why; it goes into the ledger.")],
    person: Annotated[str, typer.Option("--as", help="Who asks, as in people.toml.")],
    alphabet: Annotated[
        str, typer.Option(help="text, digits, capitals or letters, as in the treatment.")
    ] = "text",
    check_digit: Annotated[bool, typer.Option("--check-digit", help="As in the treatment.")] = False,
    integers: Annotated[bool, typer.Option("--integer", help="The column holds integers, not text.")] = False,
    key: Annotated[str, typer.Option(help="Key by name, where it is not the current one.")] = "",
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Give back what stands behind pseudonyms. Needs the permission "reveal"; it is written down first."""
    from flyball.loop import revealing

    output = Output(json)
    with open_workshop(deployment, output, person) as workshop:
        found = revealing.reveal(
            workshop,
            pseudonyms,
            domain=domain,
            person=person,
            reason=reason,
            alphabet=alphabet,
            check_digit=check_digit,
            integers=integers,
            key=key,
        )
    if json:
        output.json({"ok": True, "values": list(found.values), "ledger_entry": found.entry})
        return
    for value in found.values:
        output.text(escape(value))
    output.say(f"Written down as entry {found.entry} of the ledger.")


def opened(source: Path) -> BinaryIO:
    """Open a file of lines, or standard input for "-"."""
    if str(source) == "-":
        return sys.stdin.buffer
    try:
        return source.open("rb")
    except OSError as err:
        raise BadInput(
            f"{source} cannot be read ({type(err).__name__}).", fix="Check the path.", file=source
        ) from err


def _show_scan(output: Output, lines: Iterable[bytes]) -> None:
    kinds: Counter[str] = Counter()
    texts = 0
    for line in lines:
        texts += 1
        kinds.update(span["kind"] for span in from_json(line, dict[str, Any])["spans"])
    if kinds:
        output.table(["kind", ">found"], ([kind, str(n)] for kind, n in kinds.most_common()))
    output.text(f"{count(sum(kinds.values()), 'finding')} in {count(texts, 'text')}.")


def _show_budgets(output: Output, budgets: list[dict[str, Any]]) -> None:
    if not budgets:
        output.text("None: \\[\\[privacy.budget]] declares no budget, so nothing may be released.")
        return
    output.table(
        ["dataset", "group", "unit", ">epsilon spent", ">of", ">delta", ">left", ">releases"],
        (
            [
                one["dataset"] if one["declared"] else f"{one['dataset']} (not declared)",
                one["group"],
                one["unit"],
                f"{one['epsilon_spent']:.4g}",
                f"{one['epsilon_limit']:.4g}",
                f"{one['delta_limit']:.2g}",
                f"{one['remaining']:.4g}",
                str(len(one["releases"])),
            ]
            for one in budgets
        ),
    )
    for one in budgets:
        if one.get("problem"):
            output.text(f"[red]{escape(str(one['problem']))}[/red]")
