"""`flyball verify`: check the ledger, or an export of it, offline."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.ledger.keys import load_verifier
from flyball.ledger.notes import VerifierKey
from flyball.ledger.records import Verification
from flyball.ledger.verify import verify_export, verify_ledger

__all__ = ["command"]


def command(
    export: Annotated[
        Path | None, typer.Argument(help="Folder that `flyball ledger export` wrote.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help="The .vkey file that you got from the owner, not from the export.",
            show_default=False,
        ),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--known-checkpoint", help="A checkpoint that you kept from earlier.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the ledger, or an export of it, offline."""
    output = Output(json)
    vkey: VerifierKey | None = load_verifier(key) if key else None
    kept = [path.read_text(encoding="utf-8") for path in known or []]
    if export is not None:
        found = verify_export(export, vkey=vkey, known_checkpoints=kept)
    else:
        with open_workshop(deployment, output) as workshop:
            found = verify_ledger(workshop.ledger, vkey=vkey, known_checkpoints=kept, blobs=workshop.blobs)
    if json:
        output.json(
            {
                "entries": found.entries,
                "ok": found.ok,
                "first_bad": found.first_bad,
                "bad_before": found.bad_before,
                "signed": found.signed,
                "reason": found.reason,
                "origin": found.origin,
                "checks": found.checks,
            }
        )
    else:
        _show(output, found)
    if not found.ok:
        sys.exit(1)


def _show(output: Output, found: Verification) -> None:
    output.table(
        ["", "check", "what was seen"],
        (["ok" if check.passed else "FAILED", check.name, check.detail] for check in found.checks),
    )
    output.text()
    output.text(f"{'[bold]Verified[/]' if found.ok else '[bold]NOT verified[/]'}: {found.reason}")
