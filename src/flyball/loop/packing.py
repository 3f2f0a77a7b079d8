"""Packing: what a deployment can show about a framework in a period, as a sealed folder for strangers."""

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import flyball
from flyball.core.digests import canonical_json, from_json, short
from flyball.core.errors import BadInput, Refused
from flyball.core.verdicts import Check
from flyball.governance.evidence.controls import controls_shown, gaps_of_period, what_was_not_tested
from flyball.governance.evidence.form import forms_for
from flyball.governance.evidence.making import (
    gaps_of_measurements,
)
from flyball.governance.evidence.pack import (
    LedgerPart,
    Pack,
    Period,
)
from flyball.governance.evidence.sealing import seal
from flyball.governance.evidence.verifying import verify_pack
from flyball.governance.evidence.vouching import COSIGNED_NOTE
from flyball.governance.frameworks.records import Framework
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.cosignatures import WitnessKey
from flyball.ledger.errors import ExportExists
from flyball.ledger.excerpts import read_excerpt, write_excerpt
from flyball.ledger.files import sync_folder
from flyball.ledger.verify import verify_ledger
from flyball.ledger.witnessing import cosigned
from flyball.loop.pack_parts import datasets_of, models_of, principles_of
from flyball.loop.pack_records import kinds_shown, told_of
from flyball.loop.packs_view import EXPORTED
from flyball.loop.stages.obligations import duties_of
from flyball.loop.workshop import Workshop

__all__ = ["Packed", "pack_evidence"]

ToPdf = Callable[[str], bytes]


_PRINTED = ("report.html", "technical-file.html", "validation-note.html")


_JUDGED = ("approvals", "validity", "witnesses")
"""What may fail in a true pack: it then says so, and whoever verifies it sees it."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written.

    Parameters
    ----------
    folder : Path
    digest : str
        Of the list of its files.
    pack : Pack
    entry : int
        Of the ledger, that says so; after the part of the ledger that is in the pack.
    """

    folder: Path
    digest: str
    pack: Pack
    entry: int


def pack_evidence(
    workshop: Workshop,
    framework: Framework,
    period: Period,
    folder: Path,
    *,
    whole_ledger: bool = False,
    forms: Sequence[str] = (),
    to_pdf: ToPdf | None = None,
) -> Packed:
    """Write a pack into a new folder, check it as a stranger would, and write down that it was made.

    Parameters
    ----------
    workshop : Workshop
    framework : Framework
    period : Period
    folder : Path
        Must not exist, or be empty. It may be a link to such a folder.
    whole_ledger : bool
        With the entries that may hold cases.
    forms : sequence of str
        In addition to those that belong to the framework.
    to_pdf : callable (html) -> bytes, optional
        None: the documents stay HTML and Markdown.

    Returns
    -------
    Packed

    Raises
    ------
    ExportExists
        The folder holds something, or is the one that the process runs in.
    BadInput
        No folder can be made there.
    Refused
        Fewer witnesses than the settings ask for have cosigned the ledger, or the pack does not hold.
    """
    folder = _place(folder)
    writers = forms_for(framework.id, tuple(forms))
    checkpoint, cosigned_note = _checkpoint(workshop)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
    try:
        (part / "ledger").mkdir(mode=0o700, parents=True)
    except OSError as err:
        raise BadInput(
            f"No folder can be made at {folder}: {err.strerror}.", fix="Give another place.", folder=folder
        ) from err
    try:
        gathered = _gathered(workshop, framework, period, part, checkpoint, whole_ledger=whole_ledger)
        pack = from_json(canonical_json(gathered), Pack)  # as whoever reads it has it, in every order
        _write(part, "pack.json", canonical_json(pack) + b"\n")
        if cosigned_note:
            _write(part, COSIGNED_NOTE, cosigned_note.encode())
        for one in writers.values():
            for path, data in one.write(pack).items():
                _write(part, path, data)
                if to_pdf is not None and path in _PRINTED:
                    _write(part, f"{path.removesuffix('.html')}.pdf", to_pdf(data.decode()))
        _write(part, "README.txt", _readme(pack).encode())
        digest = seal(part, workshop.key)
        found = verify_pack(part, on=workshop.clock(), key=workshop.key.verifier)
        if found.pack is None or not all(one.passed for one in found.checks if one.name not in _JUDGED):
            raise Refused(
                f"The pack does not hold what it says: {found.reason}.",
                fix="Run flyball verify: the ledger was altered, or this is a fault of Flyball.",
            )
        _put(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    body = {
        "framework": framework.id,
        "period": str(period),
        "release": pack.release,
        "pack": digest,
        "entries": checkpoint.size,
        "root": checkpoint.root.hex(),
        "records": len(pack.records),
        "not_tested": len(pack.not_tested),
        "whole_ledger": whole_ledger,
    }
    entry = workshop.ledger.append(kind=EXPORTED, actor=workshop.actor, body=body).index
    return Packed(folder, digest, pack, entry)


def _place(folder: Path) -> Path:
    """Return where a pack goes; refused where it would be mixed with something, or pull away the floor."""
    place = Path(folder).resolve()
    if place == Path.cwd():
        raise ExportExists(
            f"{place} is the folder that you are in.", fix="Give a new one: it is made whole.", folder=place
        )
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ExportExists(
            f"{folder} exists already.", fix="Give a new folder: a pack is never mixed.", folder=folder
        )
    return place


def _put(part: Path, folder: Path) -> None:
    try:
        part.rename(folder)
    except OSError as err:
        raise ExportExists(
            f"{folder} was taken while the pack was made: {err.strerror}.",
            fix="Give a new folder: somebody else wrote into this one.",
            folder=folder,
        ) from err


def _write(folder: Path, path: str, data: bytes) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def _checkpoint(workshop: Workshop) -> tuple[Checkpoint, str]:
    """Return up to where the ledger is shown: where witnesses are asked for, as far as they saw it."""
    wanted = workshop.deployment.settings.evidence
    keys = [WitnessKey.parse(one) for one in wanted.witnesses]
    note = cosigned(workshop.ledger, keys, needed=wanted.witnesses_needed) if keys else ""
    if not wanted.witnesses_needed:
        return workshop.ledger.checkpoint(), note
    if not note:
        raise Refused(
            f"{wanted.witnesses_needed} of {len(keys)} witnesses must have cosigned the ledger, and no "
            "checkpoint "
            "has so many.",
            fix="Ask them: flyball ledger checkpoint --out REQUEST, then flyball ledger cosign ANSWER.",
            needed=wanted.witnesses_needed,
        )
    size = read_checkpoint(note, workshop.key.verifier).size
    plain = next(one for known, one in workshop.ledger.store.checkpoints() if known == size)
    return read_checkpoint(plain, workshop.key.verifier), note


def _gathered(
    workshop: Workshop,
    framework: Framework,
    period: Period,
    part: Path,
    checkpoint: Checkpoint,
    *,
    whole_ledger: bool,
) -> Pack:
    ledger, settings = workshop.ledger, workshop.deployment.settings
    kinds = ledger.store.kinds(0, checkpoint.size)
    shown = set(kinds) if whole_ledger else kinds_shown(kinds)
    write_excerpt(ledger, part / "ledger", checkpoint, shown, key=workshop.key.verifier)
    entries = read_excerpt(part / "ledger", workshop.key.verifier).entries
    now = workshop.clock()
    checked = verify_ledger(ledger)
    verified = Check("ledger", checked.ok, checked.reason)
    told = told_of(
        workshop, entries, period, now, size=checkpoint.size, root=checkpoint.root, verified=verified
    )
    release, about, records = told.release, told.about, told.records
    parts, digest, released = about.digests, about.release, told.settings
    controls = controls_shown(framework.controls, records)
    withheld = {kind: number for kind, number in kinds.items() if kind not in shown}
    described = (settings if released is None else released).deployment
    return Pack(
        form=1,
        software=f"flyball {flyball.__version__}",
        framework=framework.id,
        framework_title=framework.title,
        framework_source=framework.citation,
        framework_licence=framework.licence,
        framework_digest=framework.digest,
        framework_gaps=framework.gaps,
        period=period,
        made_at=now,
        deployment=described.name,
        purpose=described.purpose,
        owner=described.owner,
        jurisdictions=described.jurisdictions,
        tags=described.tags,
        data_labels=described.data_labels,
        fields={one.key: one.title for one in workshop.deployment.fields},
        release=digest,
        release_made_by=about.made_by,
        release_note="" if release is None else release.note,
        parts=parts,
        promises=() if release is None else release.release.promises,
        approvals_required=0 if release is None else release.release.approvals_required,
        approvals=told.approvals,
        people=told.people,
        required=told.required,
        approval_days=settings.approvals.valid_days,
        valid_days=settings.evidence.valid_days,
        sample_of=settings.evidence.sample,
        models=models_of(workshop, digest, parts),
        datasets=datasets_of(workshop, parts),
        records=records,
        controls=controls,
        examined=told.examined,
        duties=tuple(
            f"{one.key}: {one.title} ({one.jurisdiction})"
            for one in duties_of(workshop, min(period.last, now.date()))
        ),
        principles=principles_of(workshop, digest),
        changes=tuple(
            f"{entry.at:%Y-%m-%d %H:%M} UTC, entry {entry.index}: release "
            f"{short(str(entry.body['release']))} by "
            f"{entry.actor}"
            for entry in entries
            if entry.kind == "release.promoted" and period.holds(entry.at)
        ),
        ledger=LedgerPart(
            checkpoint.origin, checkpoint.size, checkpoint.root.hex(), kinds, tuple(sorted(withheld))
        ),
        witnesses_needed=settings.evidence.witnesses_needed,
        witnesses=settings.evidence.witnesses,
        not_tested=what_was_not_tested(
            controls,
            records,
            withheld=withheld,
            more=(*gaps_of_period(period, now, entries), *gaps_of_measurements(entries, period, digest)),
        ),
    )


def _readme(pack: Pack) -> str:
    return f"""\
Evidence of {pack.deployment}: {pack.framework_title}
Period {pack.period}, made {pack.made_at:%Y-%m-%d %H:%M} UTC by {pack.software}.

This is evidence and no certificate. What was not tested stands in not-tested.csv.

pack.json            everything, as one record; all documents are made from it
controls.csv         control by control: evidence, population, sample, result, limit, what is left open
samples.csv          the changes, acts on access and alerts that were looked at, one by one
report.md, .html     the same for people
oscal/               component definition, assessment results, plan of action (NIST OSCAL 1.2.1)
cards/               one for each model and dataset
bom.cdx.json         models and data with their digests (CycloneDX 1.6)
ledger/              entries, the hashes of all others, the signed checkpoint, the public key
SHA256SUMS           every file; SHA256SUMS.note is the same with the signature of the deployment

With Flyball:     flyball verify FOLDER --key KEY.vkey      (the key from the owner, not from this folder)
Without Flyball:  sha256sum -c SHA256SUMS
                  then check the signature of SHA256SUMS.note with any tool for C2SP signed notes, or
                  with openssl: docs/evidence.md of Flyball has the four lines.
"""
