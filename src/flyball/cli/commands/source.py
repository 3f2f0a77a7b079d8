"""`flyball source`: what cases come from - look at it, check it, load what is new."""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.markup import escape
from typer.core import TyperCommand

from flyball.cli.output import Output
from flyball.cli.rows import cell
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput, FlyballError, UnknownName
from flyball.core.secrets import is_reference, names_secret, secret
from flyball.core.text import count
from flyball.data.sources.rendering import json_lines_of
from flyball.data.sources.source import SOURCES, Batch, Source, Stream
from flyball.loop.settings import SourceSettings
from flyball.loop.sources import (
    check_url,
    find_source,
    kind_of,
    open_source,
    shown_settings,
    shown_url,
)
from flyball.loop.workshop import Workshop

__all__ = ["command"]

command = typer.Typer()

_PREVIEW_ROWS = 10
_SINGLES = "mainframe"
"""The kind whose single floats are kept as doubles."""

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Names of declared sources; none means all of them.", show_default=False),
]


@command.command("list")
def list_all(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List the sources of the deployment; nothing is connected to."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = [_described(workshop, source) for source in workshop.deployment.settings.source]
    if json:
        output.json({"ok": True, "sources": found, "kinds": SOURCES.names()})
        return
    output.table(
        ["source", "kind", "where", "streams", "last load (UTC)"],
        (
            [
                one["name"],
                one["kind"],
                one["where"],
                ", ".join(one["streams"]) or "all",
                one["last_load"] or "",
            ]
            for one in found
        ),
    )
    output.say(f"Kinds on the shelf: {', '.join(SOURCES.names())}.")


@command.command("check")
def check(names: NamesArgument = None, deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Connect, sign in, and show what each source offers. Exit code 1 when one of them cannot be read."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = [_checked(workshop, source) for source in _wanted(workshop, names)]
    if json:
        output.json({"ok": all(one["ok"] for one in found), "sources": found})
    else:
        for one in found:
            _show_check(output, one)
    if not all(one["ok"] for one in found):
        raise typer.Exit(1)


class _Preview(TyperCommand):
    """The command `preview`, whose help shows the settings of a kind where one is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        kind = next((word for word in args if not word.startswith("-")), "")
        if "--help" in args and kind in SOURCES.names():
            maker = SOURCES.load(kind)
            options = getattr(sys.modules[maker.__module__], "OPTIONS", ())
            if options:
                _show_options(kind, options)
                ctx.exit()
        return super().parse_args(ctx, args)


def _show_options(kind: str, options: Iterable[Any]) -> None:
    """Write the settings of a kind as options, a line and a sentence for each."""
    write = sys.stdout.write
    write(f"\nflyball source preview {kind} --copybook FILE --data FILE [--rows N] [--json] [OPTIONS]\n\n")
    for one in options:
        value = {"flag": "", "number": " N", "list": " A,B", "map": " A=B;C=D"}.get(one.kind, " TEXT")
        allowed = f" One of: {', '.join(one.choices)}." if one.choices else ""
        default = f" Default: {one.default}." if one.default else ""
        write(f"  --{one.name.replace('_', '-')}{value}\n      {one.help}{allowed}{default}\n")
    aliases = getattr(sys.modules[SOURCES.load(kind).__module__], "ALIASES", {})
    if aliases:
        named = ", ".join(f"{theirs} ({ours})" for theirs, ours in sorted(aliases.items()))
        write(f"\nAlso understood, as other tools call them: {named}.\n")
    write("\nA name may have - or _; --flag alone means true; a list or map may be given several times.\n")


@command.command(
    "preview",
    cls=_Preview,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def preview(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Name of a declared source, or a kind such as mainframe.")],
    stream: Annotated[
        str | None,
        typer.Option("--stream", "-s", help="What to read. Default: the first one.", show_default=False),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            "-n",
            min=0,
            help="How many; 0 for all. Default: 10, with --json all.",
            show_default=False,
        ),
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show rows of a source without keeping anything. With --json: one line per row.

    A kind needs no deployment: give its settings as options, such as --path, --url or --copybook.
    `flyball source preview mainframe --help` lists those of mainframe files.
    """
    output = Output(json)
    most = (0 if json else _PREVIEW_ROWS) if rows is None else rows
    settings = _settings_of(context.args)
    kind = source
    if source in SOURCES.names() and (settings or deployment is None):
        for setting in ("url", "connect"):
            check_url(source, str(settings.get(setting, "")))
        opened: Source = SOURCES.load(source)(source, settings)
    elif settings:
        raise BadInput(
            f"--{next(iter(settings)).replace('_', '-')} is a setting of a kind, and {source!r} is none.",
            fix=f"Kinds: {', '.join(SOURCES.names())}. A declared source is set in flyball.toml.",
        )
    else:
        with open_workshop(deployment, output) as workshop:
            declared = find_source(workshop.deployment, source)
            opened, kind = open_source(workshop.deployment, declared), kind_of(declared)
    wanted = stream or _first(opened)
    batches = _limited(opened.batches(wanted), most)
    if json:
        for batch in batches:
            sys.stdout.writelines(f"{line}\n" for line in json_lines_of(batch, singles=kind == _SINGLES))
        sys.stdout.flush()
        return
    shown = [
        [cell(value, one) for value, one in zip(row.values(), batch.schema.types, strict=True)]
        for batch in batches
        for row in batch.to_pylist()
    ]
    output.say(escape(f"{opened.name}, {wanted}:"))
    if shown:
        output.table(next(one for one in opened.streams() if one.name == wanted).schema.names, shown)
    else:
        output.say("No rows.")


@command.command("sync")
def sync(
    names: NamesArgument = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", "-s", help="Only these streams.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Forget the saved state; load everything.")] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on where the source has other columns than before.")
    ] = False,
    deployment: DeploymentOption = None,
    person: AsOption = None,
    json: JsonOption = False,
) -> None:
    """Load what is new into snapshots. Killed at any point, the same command goes on."""
    from flyball.loop.outcome_sources import load_due  # Iceberg takes a second to import
    from flyball.loop.syncing import Synced, sync_source

    output = Output(json)
    done: list[Synced] = []
    with open_workshop(deployment, output, person) as workshop:
        for source in _wanted(workshop, names):
            if kind_of(source) == "files" and not names:
                continue  # documents are read by the turn itself
            for one in sync_source(
                workshop, source, streams=stream or (), again=again, accept_changes=accept_changes
            ):
                done.append(one)
                output.say(escape(f"{one.source}/{one.stream}: {one.outcome}, {count(one.rows, 'row')}"))
        outcomes = load_due(workshop, datasets={one.dataset for one in done})
    bad = any(one.problem for one in outcomes)
    if json:
        output.json({"ok": not bad, "synced": done, "outcomes": outcomes})
        raise typer.Exit(int(bad))
    output.table(
        ["source", "stream", "outcome", ">read", ">gone", ">left out", ">rows now", "snapshot"],
        (
            [
                one.source,
                one.stream,
                one.outcome,
                *map(str, (one.read, one.removed, one.left_out, one.rows)),
                one.snapshot,
            ]
            for one in done
        ),
    )
    for one in done:
        for change in one.changes:
            output.text(escape(f"{one.source}/{one.stream}: {change}"))
        for column in one.untreated:
            output.say(escape(f"{one.source}/{one.stream}: personal data without a treatment? {column}"))
    for loaded in outcomes:
        output.text(escape(loaded.in_words))
    raise typer.Exit(int(bad))


def _wanted(workshop: Workshop, names: list[str] | None) -> list[SourceSettings]:
    if not names:
        return list(workshop.deployment.settings.source)
    return [find_source(workshop.deployment, name) for name in names]


def _described(workshop: Workshop, source: SourceSettings) -> dict[str, Any]:
    last = None
    for entry in workshop.ledger.entries("source.synced"):
        if entry.body.get("source") == source.name:
            last = entry
    return {
        "name": source.name,
        "kind": kind_of(source),
        "where": shown_url(source.url) or source.path,
        "streams": [one.name for one in source.stream],
        "settings": shown_settings(source.settings),
        "last_load": f"{last.at:%Y-%m-%d %H:%M:%S}" if last else None,
    }


def _checked(workshop: Workshop, source: SourceSettings) -> dict[str, Any]:
    try:
        opened = open_source(workshop.deployment, source)
        facts = dict(opened.check())
        streams = [_stream_record(one) for one in opened.streams()]
    except FlyballError as err:
        return {"name": source.name, "kind": source.kind, **err.as_record()}
    offered = {one["name"] for one in streams}
    missing = [one.name for one in source.stream if one.name not in offered]
    if missing:
        told = UnknownName(
            f"The source {source.name} offers no {missing[0]!r}.",
            fix=f"It offers: {', '.join(sorted(offered)) or 'nothing'}.",
        )
        return {"name": source.name, "kind": kind_of(source), **told.as_record()}
    return {"ok": True, "name": source.name, "kind": kind_of(source), "facts": facts, "streams": streams}


def _stream_record(stream: Stream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "key": list(stream.key),
        "cursor": stream.cursor,
        "columns": [{"name": one.name, "type": str(one.type)} for one in stream.schema],
    }


def _show_check(output: Output, one: dict[str, Any]) -> None:
    if not one["ok"]:
        output.text(f"[red]{escape(one['name'])}[/red]: cannot be read")
        output.table(["", ""], [["", f"{one['message']} {one['fix']}"]])
        return
    facts = ", ".join(f"{name} {value}" for name, value in one["facts"].items())
    output.text(f"[green]{escape(one['name'])}[/green] ({one['kind']})")
    output.say(escape(f"  {facts}"))
    output.table(
        ["stream", "key", "changes by", ">columns"],
        (
            [each["name"], ", ".join(each["key"]), each["cursor"] or "whole load", str(len(each["columns"]))]
            for each in one["streams"]
        ),
    )


def _first(opened: Source) -> str:
    streams = opened.streams()
    if not streams:
        raise BadInput(
            f"{opened.name} offers nothing to read.", fix="Check the path or the rights of the user."
        )
    return streams[0].name


def _limited(batches: Iterator[Batch], most: int) -> Iterator[pa.RecordBatch]:
    """Yield the first rows, `most` of them; 0 for all."""
    left = most
    for batch in batches:
        if not most:
            yield batch.rows
            continue
        yield batch.rows.slice(0, left)
        left -= batch.rows.num_rows
        if left <= 0:
            return


def _settings_of(words: list[str]) -> dict[str, object]:
    """Read `--record-format rdw --trim` as settings; a value is TOML where it can be, else text.

    Raises
    ------
    BadInput
        A word that belongs to no option, or a secret that is not a reference.
    """
    found: dict[str, object] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--") or len(word) == 2:
            raise BadInput(f"{word!r} is no option.", fix="Write settings as --name value.", word=word)
        name, equals, text = word[2:].partition("=")
        if not equals:
            text = left.pop(0) if left and not left[0].startswith("--") else "true"
        value = _value(text)
        name = name.replace("-", "_")
        read = secret(value) if is_reference(value) or names_secret(name) else value
        if name in found:  # given several times: a list
            before = found[name]
            read = [*(before if isinstance(before, list) else [before]), read]
        found[name] = read
    return found


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
