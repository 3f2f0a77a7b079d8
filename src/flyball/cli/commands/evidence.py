"""`flyball evidence`: what the deployment can show an auditor, as a sealed folder; what was made so far."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.console.pdf import as_pdf, find_chromium
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.governance.evidence.pack import Showing
from flyball.governance.evidence.subjects import framework_for, frameworks_known, period_of
from flyball.loop.packing import pack_evidence
from flyball.loop.packs_view import packs_made
from flyball.loop.stages.obligations import catalogue_of

__all__ = ["command"]

command = typer.Typer()


@command.command("export")
def export_pack(
    framework: Annotated[
        str,
        typer.Option(help='For instance soc-2, nist-sp-800-53, "EU AI Act"; see evidence frameworks.'),
    ],
    out: Annotated[Path, typer.Option("--out", help="New folder for the pack.")],
    period: Annotated[
        str,
        typer.Option(
            help="2026, 2026-Q3, 2026-11, 2026-11-30, or 2026-01..2026-06. Default: the last 365 days.",
            show_default=False,
        ),
    ] = "",
    form: Annotated[
        list[str] | None,
        typer.Option(
            help="One more form: technical_file, validation_note; may be repeated.", show_default=False
        ),
    ] = None,
    whole_ledger: Annotated[
        bool, typer.Option("--whole-ledger", help="With the entries that may hold cases.")
    ] = False,
    pdf: Annotated[
        bool | None,
        typer.Option(
            "--pdf/--no-pdf",
            help="Documents as PDF too. Default: where Chromium is here.",
            show_default=False,
        ),
    ] = None,
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write evidence about a framework as a sealed folder that a stranger can check."""
    output = Output(json)
    to_pdf = _pdf(pdf)
    with open_workshop(deployment, output, person) as workshop:
        today = workshop.clock().date()
        wanted = framework_for(framework, catalogue_of(workshop.deployment), today)
        packed = pack_evidence(
            workshop,
            wanted,
            period_of(period, today),
            out,
            whole_ledger=whole_ledger,
            forms=form or (),
            to_pdf=to_pdf,
        )
        key = workshop.key.verifier
    pack = packed.pack
    showing = {name: sum(one.showing == name for one in pack.controls) for name in get_args(Showing)}
    if json:
        output.json(
            {
                "ok": True,
                "folder": str(out),
                "pack": packed.digest,
                "framework": pack.framework,
                "period": pack.period,
                "release": pack.release,
                "records": len(pack.records),
                "controls": showing,
                "populations": {
                    one.check.partition(".")[0]: {"population": one.population.n, "sample": one.sample.n}
                    for one in pack.records
                    if one.check.endswith(".sample")
                },
                "not_tested": pack.not_tested,
                "pdf": to_pdf is not None,
                "entries": pack.ledger.size,
                "entry": packed.entry,
                "key": str(key),
            }
        )
        return
    output.text(
        f"{count(len(pack.records), 'record')} about {count(len(pack.controls), 'control')} of "
        f"{escape(pack.framework_title)}, {pack.period}, written to {escape(str(out))}."
    )
    output.text(
        f"All checks passed for {showing['supported']}, a check failed for {showing['exception']}, a "
        f"check is missing for {showing['incomplete']}, a check has no limit for {showing['measured']}, "
        f"nothing was tested for {showing['not_tested']}."
    )
    if to_pdf is None:
        output.text("Documents are HTML and Markdown; with Chromium here they come as PDF too.")
    output.text(f"Check it anywhere with: flyball verify {escape(str(out))} --key KEY.vkey")
    output.text(f"The key: {key}")


@command.command("list")
def list_packs(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List the packs that were made, newest first."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        made = packs_made(workshop)
    if json:
        output.json({"ok": True, "packs": made})
        return
    if not made:
        output.text("No pack was made. Make one: flyball evidence export --framework soc-2 --out FOLDER")
        return
    output.table(
        [">entry", "at (UTC)", "framework", "period", "pack", ">records", "by"],
        (
            [
                str(one.index),
                f"{one.at:%Y-%m-%d %H:%M}",
                str(one.body.get("framework", "")),
                str(one.body.get("period", "")),
                short(str(one.body.get("pack", ""))),
                str(one.body.get("records", "")),
                one.actor,
            ]
            for one in made
        ),
    )


@command.command("frameworks")
def list_frameworks(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List the control frameworks and laws that a pack can be about."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        catalogue, today = catalogue_of(workshop.deployment), workshop.clock().date()
        known = [framework_for(name, catalogue, today) for name in frameworks_known(catalogue)]
    if json:
        output.json(
            {
                "ok": True,
                "frameworks": [
                    {"id": one.id, "title": one.title, "controls": len(one.controls)} for one in known
                ],
            }
        )
        return
    output.table(
        ["name", "what", ">controls", ">with a check"],
        (
            [one.id, one.title, str(len(one.controls)), str(sum(bool(each.checks) for each in one.controls))]
            for one in known
        ),
    )


def _pdf(wanted: bool | None) -> Callable[[str], bytes] | None:
    """Return what makes PDFs; None where none are wanted, or none can be made and nobody insists."""
    if wanted is False:
        return None
    try:
        find_chromium()
    except BadInput:
        if wanted:
            raise
        return None
    return as_pdf
