"""`flyball ledger`: show, prove and export the ledger; have its checkpoints cosigned by a witness."""

from collections import deque
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.clock import utc_now
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.ledger.checkpoints import read_unverified
from flyball.ledger.cosignatures import WitnessKey, load_witness
from flyball.ledger.exports import export as write_export
from flyball.ledger.files import write_new, write_whole
from flyball.ledger.keys import load_or_create_key, load_verifier
from flyball.ledger.proofs import prove
from flyball.ledger.witnessing import Witness, keep_cosignatures, last_cosigned, request_for

__all__ = ["command"]

command = typer.Typer()


@command.command("list")
def list_entries(
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind.", show_default=False)] = None,
    last: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 20,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the newest entries."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        start = max(0, workshop.ledger.size() - last) if kind is None else 0
        entries = list(deque(workshop.ledger.entries(kind=kind, start=start), maxlen=last))
        kinds = {one.kind for one in workshop.ledger.entries()} if kind and not entries else set()
    if json:
        output.json({"ok": True, "entries": entries})
        return
    if kinds:
        output.text(f"No entry is of the kind {escape(str(kind))}. There are: {', '.join(sorted(kinds))}.")
        return
    output.table(
        [">entry", "at (UTC)", "kind", "by"],
        ([str(one.index), f"{one.at:%Y-%m-%d %H:%M:%S}", one.kind, one.actor] for one in entries),
    )


@command.command("show")
def show_entry(
    index: Annotated[int, typer.Argument(help="Number of the entry, from 0.", min=0)],
    deployment: DeploymentOption = None,
) -> None:
    """Show one entry as JSON."""
    output = Output(True)
    with open_workshop(deployment, output) as workshop:
        output.json(workshop.ledger.entry(index))


@command.command("proof")
def prove_entry(
    index: Annotated[int, typer.Argument(help="Number of the entry, from 0.", min=0)],
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: proof-NUMBER.json here.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write one entry with the proof that it stands under the signed root, for an auditor."""
    output = Output(json)
    out = out or Path(f"proof-{index}.json")
    with open_workshop(deployment, output) as workshop:
        out.write_bytes(prove(workshop.ledger, index).to_json())
    if json:
        output.json({"ok": True, "entry": index, "file": str(out)})
        return
    output.text(f"Entry {index} with its proof written to {escape(str(out))}.")
    output.text(f"Check it anywhere with: flyball verify {escape(str(out))} --key VKEY-FILE")


@command.command("export")
def export_ledger(
    folder: Annotated[Path, typer.Argument(help="New folder for the export.")],
    blobs: Annotated[bool, typer.Option("--blobs", help="With the texts that decisions speak of.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write everything that an auditor needs to verify offline."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        written = write_export(workshop.ledger, folder, blobs=workshop.blobs if blobs else None)
    size = written.checkpoint.size
    if json:
        output.json({"ok": True, "folder": str(folder), "entries": size, "blobs": written.blobs})
        return
    output.text(
        f"{count(size, 'entry', 'entries')} written to {folder}. Check it with: flyball verify {folder}"
    )


@command.command("checkpoint")
def ask_witness(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File for the request. Default: on the screen.", show_default=False),
    ] = None,
    witness: Annotated[
        Path | None,
        typer.Option(
            "--witness",
            help="The .vkey file of the witness: go on from what they cosigned last.",
            show_default=False,
        ),
    ] = None,
    seen: Annotated[
        int | None,
        typer.Option(help="Go on from so many entries, as the witness answered.", min=0, show_default=False),
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a checkpoint and write the request with which a witness is asked to cosign it."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        ledger = workshop.ledger
        checkpoint = ledger.checkpoint()
        known = last_cosigned(ledger, load_witness(witness)) if witness else 0
        start = known if seen is None else seen
        if start > checkpoint.size:
            raise BadInput(
                f"The ledger has {checkpoint.size} entries, the witness is said to have seen {start}.",
                fix="Ask the witness which checkpoint they hold: somebody else may sign with this key.",
            )
        request = request_for(ledger, checkpoint, seen=start)
    if out is not None:
        write_whole(out, request.encode())
    if json:
        output.json(
            {
                "ok": True,
                "entries": checkpoint.size,
                "root": checkpoint.root.hex(),
                "seen": start,
                "file": None if out is None else str(out),
                "request": request,
            }
        )
    elif out is None:
        output.out.print(request, end="", soft_wrap=True, markup=False)
    else:
        output.text(
            f"Request for {count(checkpoint.size, 'entry', 'entries')} written to {escape(str(out))}."
        )
        output.text(
            "The witness answers with: flyball ledger witness FILE; then: flyball ledger cosign ANSWER"
        )


@command.command("witness")
def answer_as_witness(
    request: Annotated[Path, typer.Argument(help="File of `flyball ledger checkpoint`.")],
    key: Annotated[Path, typer.Option("--key", help="Your private key; made where there is none.")],
    name: Annotated[str, typer.Option(help="Your name as a witness, like auditor.example/w1.")],
    log: Annotated[list[Path], typer.Option("--log", help="The .vkey file of a ledger that you watch.")],
    state: Annotated[Path, typer.Option(help="Folder in which you remember what you cosigned.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File for the answer. Default: on the screen.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Cosign a checkpoint as a third party, if it goes on from everything that you saw before."""
    output = Output(json)
    public = WitnessKey(name, bytes(32))  # refuses a bad name before a key is made
    if any(load_verifier(one).name == public.name for one in log):
        raise BadInput(
            f"{name!r} is the name of the ledger.",
            fix="A witness has a name and a key of its own.",
            name=name,
        )
    held = load_or_create_key(key, name=name)
    who = Witness(held, tuple(load_verifier(one) for one in log), state)
    write_new(key.with_name(f"{key.name}.witness.vkey"), f"{who.public}\n".encode(), mode=0o644)
    if any(one.public == who.public.public for one in who.logs):
        raise BadInput(
            "This is the key of the ledger itself.", fix="A witness has a key of its own.", key=str(key)
        )
    try:
        asked = request.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInput(f"{request} cannot be read: {err}.", fix="Give the file of the request.") from err
    line = who.answer(asked, utc_now())
    size = read_unverified(asked.partition("\n\n")[2]).size
    if out is not None:
        write_whole(out, line.encode())
    if json:
        output.json({"ok": True, "entries": size, "key": str(who.public), "answer": line})
    elif out is None:
        output.out.print(line, end="", soft_wrap=True, markup=False)
    else:
        output.text(f"{count(size, 'entry', 'entries')} cosigned; the answer is in {escape(str(out))}.")
    output.say(f"Your public key, for whoever verifies: {who.public}")


@command.command("cosign")
def keep_answer(
    answer: Annotated[Path, typer.Argument(help="File with the answer of a witness.")],
    witness: Annotated[list[Path], typer.Option("--witness", help="The .vkey file of the witness.")],
    request: Annotated[
        Path | None,
        typer.Option(
            "--request",
            help="The request that was answered. Default: the last checkpoint.",
            show_default=False,
        ),
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Keep the answer of a witness in the ledger."""
    output = Output(json)
    try:
        lines = answer.read_text(encoding="utf-8").splitlines()
        asked = None if request is None else request.read_text(encoding="utf-8").partition("\n\n")[2]
    except (OSError, UnicodeDecodeError) as err:
        raise BadInput(f"{answer} cannot be read: {err}.", fix="Give the file of the answer.") from err
    keys = [load_witness(one) for one in witness]
    with open_workshop(deployment, output) as workshop:
        last = workshop.ledger.store.last_checkpoint()
        note = asked or ("" if last is None else last[1])
        found = keep_cosignatures(workshop.ledger, note, lines, keys, actor=workshop.actor)
        size = read_unverified(note).size
    if json:
        output.json({"ok": True, "entries": size, "witnesses": found})
        return
    who = ", ".join(f"{name} at {at:%Y-%m-%d %H:%M} UTC" for name, at in found.items())
    output.text(f"{count(size, 'entry', 'entries')} cosigned by {escape(who)}.")
