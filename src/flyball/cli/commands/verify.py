"""`flyball verify`: check the ledger, an export of it, a pack of evidence, or one entry, offline."""

import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.clock import utc_now
from flyball.core.errors import BadInput
from flyball.governance.evidence.sealing import is_pack
from flyball.governance.evidence.verifying import PackVerification, verify_pack
from flyball.ledger.cosignatures import load_witness
from flyball.ledger.keys import load_verifier
from flyball.ledger.notes import VerifierKey
from flyball.ledger.proofs import ProofBundle, verify_proof
from flyball.ledger.records import Verification
from flyball.ledger.verify import verify_export, verify_ledger

__all__ = ["command"]


def command(
    export: Annotated[
        Path | None,
        typer.Argument(
            help="Folder of `flyball evidence export` or `flyball ledger export`, or a file of "
            "`flyball ledger proof`.",
            show_default=False,
        ),
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
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            "--witness", help="Of a pack: the .vkey file of a witness that you trust.", show_default=False
        ),
    ] = None,
    witnesses: Annotated[
        int | None,
        typer.Option(
            help="Of a pack: so many of them must have cosigned. Default: all that are named, or as the "
            "pack says.",
            min=0,
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="Of a pack: the day for which it has to be valid, YYYY-MM-DD. Default: now.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the ledger, an export of it, a pack of evidence, or the proof of one entry, offline."""
    output = Output(json)
    vkey: VerifierKey | None = load_verifier(key) if key else None
    kept = [_kept(path) for path in known or []]
    if export is not None and not export.exists():
        raise BadInput(
            f"There is no {export}.",
            fix="Give a folder of `flyball evidence export` or `flyball ledger export`, or a proof.",
            path=export,
        )
    if export is not None and export.is_file():
        _proof(output, export, vkey or _own_key(deployment, output))
        return
    if export is not None and is_pack(export):
        keys = [load_witness(path) for path in witness or []]
        least = len(keys) if witnesses is None and keys else witnesses
        _pack(
            output,
            verify_pack(
                export, on=_moment(on), key=vkey, known_checkpoints=kept, witnesses=keys, needed=least
            ),
        )
        return
    if witness or witnesses is not None or on is not None:
        raise BadInput(
            "--witness, --witnesses and --on are about a pack of evidence, and none is given.",
            fix="Give the folder that `flyball evidence export` wrote.",
        )
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


def _own_key(deployment: str | None, output: Output) -> VerifierKey:
    """Return the key of the deployment here; an auditor, who has none, must name the one that they trust."""
    try:
        with open_workshop(deployment, output) as workshop:
            return workshop.key.verifier
    except BadInput as err:
        raise BadInput(
            "A proof does not bring the key that it was signed with.",
            fix="Give the .vkey file that you got from the owner of the ledger: --key FILE.",
        ) from err


def _proof(output: Output, path: Path, vkey: VerifierKey) -> None:
    """Check the proof of one entry; raise with exit code 1 where it does not hold."""
    try:
        bundle = ProofBundle.from_json(path.read_bytes())
    except BadInput as err:
        raise BadInput(
            f"{path} is not the proof of an entry.",
            fix="Give a file of `flyball ledger proof`, or the whole folder of `flyball ledger export`.",
        ) from err
    entry, checkpoint = verify_proof(bundle, vkey)
    if output.as_json:
        output.json(
            {
                "ok": True,
                "entry": entry.index,
                "kind": entry.kind,
                "at": entry.at,
                "actor": entry.actor,
                "entries": checkpoint.size,
                "origin": checkpoint.origin,
                "key": str(vkey),
            }
        )
        return
    output.table(
        ["", "check", "what was seen"],
        [
            ["ok", "key", str(vkey)],
            ["ok", "checkpoint", f"{checkpoint.size:,} entries of {checkpoint.origin}, signed with this key"],
            ["ok", "place", f"these bytes are entry {entry.index} of them"],
        ],
    )
    output.text()
    output.text(
        f"[bold]Verified[/]: entry {entry.index}, {escape(entry.kind)}, {entry.at:%Y-%m-%d %H:%M:%S} UTC, "
        f"by {escape(entry.actor)}"
    )


def _pack(output: Output, found: PackVerification) -> None:
    """Show what was found about a pack; leave with exit code 1 where it does not hold."""
    if output.as_json:
        output.json(
            {
                "ok": found.ok,
                "reason": found.reason,
                "framework": "" if found.pack is None else found.pack.framework,
                "period": None if found.pack is None else found.pack.period,
                "entries": 0 if found.pack is None else found.pack.ledger.size,
                "not_tested": () if found.pack is None else found.pack.not_tested,
                "checks": found.checks,
            }
        )
    else:
        _show(output, found)
    if not found.ok:
        sys.exit(1)


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInput(
            f"The checkpoint {path} cannot be read: {err}.",
            fix="Give the file that you kept: what `flyball ledger checkpoint` wrote.",
            path=path,
        ) from err


def _moment(on: str | None) -> datetime:
    if on is None:
        return utc_now()
    try:
        return datetime.combine(date.fromisoformat(on), time.max, UTC)
    except ValueError as err:
        raise BadInput(f"{on!r} is not a day.", fix="Write it as YYYY-MM-DD.", day=on) from err


def _show(output: Output, found: Verification | PackVerification) -> None:
    output.table(
        ["", "check", "what was seen"],
        (["ok" if check.passed else "FAILED", check.name, check.detail] for check in found.checks),
    )
    output.text()
    output.text(f"{'[bold]Verified[/]' if found.ok else '[bold]NOT verified[/]'}: {found.reason}")
