"""`flyball import`: the configuration of another gateway, as deployments of ours."""  # noqa: N999 - its name is the command

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import JsonOption
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.loop.importing import IMPORTERS, Answers, Importer, to_do, write_import

__all__ = ["command"]


def command(
    tool: Annotated[str, typer.Argument(help="Whose configuration it is: litellm or tensorzero.")],
    path: Annotated[Path, typer.Argument(help="The file: config.yaml, tensorzero.toml.")],
    to: Annotated[Path, typer.Option("--to", help="Folder that the deployments are written into.")],
    residency: Annotated[
        str, typer.Option(help="Where the words may go, such as EU. Without it they stay on this machine.")
    ] = "",
    place: Annotated[
        list[str] | None, typer.Option("--place", help="Where a host stands: HOST=AREA; several times.")
    ] = None,
    usd_in_eur: Annotated[
        str, typer.Option("--usd-in-eur", help="What a dollar costs; prices there are in dollars.")
    ] = "",
    owner: Annotated[str, typer.Option(help="Who answers for the deployments.")] = "not stated",
    purpose: Annotated[str, typer.Option(help="What they are for.")] = "",
    jurisdiction: Annotated[
        list[str] | None, typer.Option("--jurisdiction", help="Whose law applies, such as DE; several times.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read the configuration of LiteLLM or TensorZero into deployments; list what could not come along."""
    output = Output(json)
    importer: Importer = IMPORTERS.load(tool)
    answers = Answers(
        owner=owner,
        purpose=purpose,
        jurisdictions=tuple(jurisdiction or ()),
        residency=residency,
        places=dict(_pair(one) for one in place or ()),
        usd_in_eur=_rate(usd_in_eur) if usd_in_eur else None,
        environ=os.environ,
    )
    imported = importer.read(path, answers)
    places = write_import(imported, answers, to.absolute())
    left = imported.left_behind
    if json:
        output.json(
            {
                "ok": True,
                "deployments": [
                    {
                        "model": one.name,
                        "folder": where.name,
                        "models": [{"name": m.name, "vendor": m.vendor, **m.settings} for m in one.models],
                    }
                    for one, where in zip(imported.deployments, places, strict=True)
                ],
                "to_do": to_do(imported, answers),
                "not_carried_over": left,
            }
        )
        return
    output.table(
        ["ask for", "folder", "models, in the order of asking"],
        (
            [one.name, where.name, ", ".join(str(model.settings["model"]) for model in one.models)]
            for one, where in zip(imported.deployments, places, strict=True)
        ),
    )
    for item in to_do(imported, answers):
        output.text(f"- {escape(item)}")
    if left:
        output.text(
            f"[bold]Not carried over: {count(len(left), 'thing')}[/], listed with reasons in IMPORT.md."
        )
    output.text(f"Serve them with: flyball serve {escape(str(to))}")


def _pair(text: str) -> tuple[str, str]:
    host, equals, area = text.partition("=")
    if not (host and equals and area):
        raise BadInput(
            f"--place must be HOST=AREA, got {text!r}.", fix="Write, for instance, api.openai.com=US."
        )
    return host.strip().lower(), area.strip()


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal("NaN")
    if not (rate.is_finite() and 0 < rate < 1000):
        raise BadInput(
            f"--usd-in-eur must be a number above 0, got {text!r}.", fix="Write, for instance, 0.92."
        )
    return rate
