"""Packing: what a deployment can show about a framework in a period, as a sealed folder for strangers."""

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import flyball
from flyball.core.digests import canonical_json, from_json, short
from flyball.core.errors import BadInput, FlyballError, Refused
from flyball.core.verdicts import Check
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import list_datasets, list_snapshots
from flyball.evaluation.records import Report, report_from_json
from flyball.governance.approvals import Approval, Person
from flyball.governance.evidence.controls import controls_shown, gaps_of_period, what_was_not_tested
from flyball.governance.evidence.form import forms_for
from flyball.governance.evidence.making import (
    MEASURED,
    About,
    Goal,
    gaps_of_measurements,
    gate_entry,
    ledger_record,
    objective_records,
    sample_records,
    told_by_ledger,
)
from flyball.governance.evidence.pack import (
    ControlShown,
    Dataset,
    Examined,
    LedgerPart,
    Model,
    Pack,
    PackRecord,
    Period,
    figure_of,
)
from flyball.governance.evidence.populations import Known, wanted_kinds
from flyball.governance.evidence.sealing import seal
from flyball.governance.evidence.verifying import COSIGNED_NOTE, verify_pack
from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Framework
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.cosignatures import WitnessKey
from flyball.ledger.errors import BlobErased, BlobMissing, ExportExists
from flyball.ledger.excerpts import read_excerpt, write_excerpt
from flyball.ledger.files import sync_folder
from flyball.ledger.records import Entry
from flyball.ledger.verify import verify_ledger
from flyball.ledger.witnessing import COSIGNED, cosigned
from flyball.loop.ledger_view import holds_no_case
from flyball.loop.live import engine_of_release
from flyball.loop.promotion import approvals_in, people_of
from flyball.loop.releases import Promotion, Release, SignedRelease, promotions, read_release
from flyball.loop.settings import Settings
from flyball.loop.stages.obligations import duties_of
from flyball.loop.workshop import Workshop

__all__ = [
    "EXPORTED",
    "Packed",
    "PacksView",
    "controls_now",
    "pack_evidence",
    "packs_made",
    "packs_view",
]

EXPORTED = "evidence.exported"
"""Kind of the ledger entries about packs that were made."""

ToPdf = Callable[[str], bytes]

_PRINTED = ("report.html", "technical-file.html", "validation-note.html")
_MORE_KINDS = ("approval", "release.made", "redteam.retested", COSIGNED, EXPORTED)


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


@dataclass(frozen=True, slots=True)
class PacksView:
    """What people look at about packs.

    Parameters
    ----------
    made : tuple of Entry
        Of packs that were made, newest first.
    frameworks : tuple of Framework
        The shipped ones.
    witnesses : tuple of str
        Names; () where none is asked.
    needed : int
        So many of them have to cosign before a pack is made.
    cosigned, size : int
        Entries that enough of them saw, and entries in all.
    """

    made: tuple[Entry, ...]
    frameworks: tuple[Framework, ...]
    witnesses: tuple[str, ...]
    needed: int
    cosigned: int
    size: int


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
        part.rename(folder)
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


_JUDGED = ("approvals", "validity", "witnesses")
"""What may fail in a true pack: it then says so, and whoever verifies it sees it."""


def controls_now(workshop: Workshop, framework: Framework) -> tuple[str, tuple[ControlShown, ...]]:
    """Return what is live, and what each control is shown by: as a pack of the last 365 days would say it.

    Parameters
    ----------
    workshop : Workshop
    framework : Framework

    Returns
    -------
    str
        Digest of the live release; "" for none, and then no control is shown.
    tuple of ControlShown
        In the order of the framework. The ledger is not hashed again for it: what the gate of the release
        said of the ledger counts.
    """
    ledger, now = workshop.ledger, workshop.clock()
    size = ledger.size()
    kinds = _shown(ledger.store.kinds(0, size))
    entries = sorted(
        (one for kind in kinds for one in ledger.entries(kind, 0, size)), key=lambda one: one.index
    )
    period = Period(now.date() - timedelta(days=364), now.date())
    told = _told(workshop, tuple(entries), period, now, size=size, root=ledger.root(size), verified=None)
    records = told.records if told.about.release else ()
    return told.about.release, controls_shown(framework.controls, records)


def packs_made(workshop: Workshop) -> tuple[Entry, ...]:
    """Return the packs that were made, newest first."""
    return tuple(reversed(list(workshop.ledger.entries(kind=EXPORTED))))


def packs_view(workshop: Workshop) -> PacksView:
    """Return the packs that were made, what a pack can be about, and how much of the ledger witnesses saw."""
    wanted = workshop.deployment.settings.evidence
    keys = [WitnessKey.parse(one) for one in wanted.witnesses]
    note = cosigned(workshop.ledger, keys, needed=max(1, wanted.witnesses_needed)) if keys else ""
    return PacksView(
        made=packs_made(workshop),
        frameworks=load_frameworks(),
        witnesses=tuple(one.name for one in keys),
        needed=wanted.witnesses_needed,
        cosigned=read_checkpoint(note, workshop.key.verifier).size if note else 0,
        size=workshop.ledger.size(),
    )


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
    shown = set(kinds) if whole_ledger else _shown(kinds)
    write_excerpt(ledger, part / "ledger", checkpoint, shown, key=workshop.key.verifier)
    entries = read_excerpt(part / "ledger", workshop.key.verifier).entries
    now = workshop.clock()
    checked = verify_ledger(ledger)
    verified = Check("ledger", checked.ok, checked.reason)
    told = _told(
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
        models=_models(workshop, digest, parts),
        datasets=_datasets(workshop, parts),
        records=records,
        controls=controls,
        examined=told.examined,
        duties=tuple(
            f"{one.key}: {one.title} ({one.jurisdiction})"
            for one in duties_of(workshop, min(period.last, now.date()))
        ),
        principles=_principles(workshop, digest),
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


@dataclass(frozen=True, slots=True)
class _Told:
    """What the entries of a ledger tell about what was live at the end of a period."""

    release: SignedRelease | None
    about: About
    approvals: tuple[Approval, ...]
    people: tuple[Person, ...]
    required: dict[str, int]
    settings: Settings | None
    records: tuple[PackRecord, ...]
    examined: tuple[Examined, ...]


def _told(
    workshop: Workshop,
    entries: tuple[Entry, ...],
    period: Period,
    now: datetime,
    *,
    size: int,
    root: bytes,
    verified: Check | None,
) -> _Told:
    settings = workshop.deployment.settings
    live = _live_at_end(promotions(workshop.ledger), period, size)
    release = None if live is None else read_release(workshop.state, live.release, workshop.key.verifier)
    digest = "" if live is None else live.release
    people = people_of(workshop)
    approvals = tuple(one for one in approvals_in(workshop) if one.digest == digest)
    approvals = tuple(one for one in approvals if _is_written(one.signature, entries))
    made = next(
        (one for one in entries if one.kind == "release.made" and one.body.get("release") == digest), None
    )
    about = About(
        digest,
        {} if release is None else dict(release.release.parts),
        tuple(sorted({one.person for one in approvals if one.decision == "approve"})),
        "" if made is None else made.actor,
        timedelta(days=settings.evidence.valid_days),
    )
    released = _settings_of(workshop, digest)
    objectives = () if released is None else released.objective
    goals = [Goal(one.metric, one.at_least, one.at_most) for one in objectives]
    required = _required(workshop, entries)
    samples, examined = sample_records(
        Known(entries, people, required, settings.approvals.valid_days),
        period,
        about,
        n=settings.evidence.sample,
        seed=root.hex(),
        at=now,
    )
    asked = 0 if release is None else release.release.approvals_required
    gate = gate_entry(entries, digest, period)
    records = (
        *told_by_ledger(entries, period, about, approvals_required=asked),
        *objective_records(_report(workshop, about.digests), goals, gate, about),
        *samples,
    )
    if verified is not None:
        records = (*records, ledger_record(verified, about, size=size, root=root.hex(), at=now))
    return _Told(release, about, approvals, people, required, released, records, examined)


def _shown(kinds: dict[str, int]) -> set[str]:
    """Return the kinds of entries in which no case stands."""
    open_ = {kind for kind in kinds if holds_no_case(kind) or kind in _MORE_KINDS or kind in MEASURED}
    return open_ | set(wanted_kinds(kinds))


def _live_at_end(history: Sequence[Promotion], period: Period, size: int) -> Promotion | None:
    """Return what was live at the end of the period."""
    before = [one for one in history if one.entry < size and date.fromisoformat(one.at[:10]) <= period.last]
    return before[-1] if before else None


def _is_written(signature: str, entries: Sequence[Entry]) -> bool:
    return any(one.kind == "approval" and one.body.get("signature") == signature for one in entries)


def _settings_of(workshop: Workshop, digest: str) -> Settings | None:
    """Return the settings as they were released; None where they are no longer kept."""
    try:
        return engine_of_release(workshop, digest).settings if digest else None
    except FlyballError:
        return None


def _required(workshop: Workshop, entries: Sequence[Entry]) -> dict[str, int]:
    """Return how many signatures each release asks for that the ledger knows and that is still kept."""
    found: dict[str, int] = {}
    for digest in {str(one.body["release"]) for one in entries if one.kind == "release.made"}:
        try:
            release: Release = read_release(workshop.state, digest, workshop.key.verifier).release
        except FlyballError:
            continue
        found[digest] = release.approvals_required
    return found


def _report(workshop: Workshop, parts: Mapping[str, str]) -> Report | None:
    try:
        return report_from_json(workshop.blobs.get(parts["evaluation"]))
    except (KeyError, BlobErased, BlobMissing):
        return None


def _models(workshop: Workshop, digest: str, parts: Mapping[str, str]) -> tuple[Model, ...]:
    if not digest:
        return ()
    try:
        cards = engine_of_release(workshop, digest).engine.cards
    except FlyballError:  # its files are no longer kept: names and digests are all that is left
        return tuple(
            Model(name.removeprefix("expert "), "", "", one, "", (), (), "", (), {}, {})
            for name, one in sorted(parts.items())
            if name.startswith("expert ")
        )
    return tuple(
        Model(
            one.name,
            one.version,
            one.kind,
            parts.get(f"expert {one.name}", ""),
            one.summary,
            one.trained_on,
            one.limits,
            one.licence,
            one.fields,
            dict(one.parameters),
            {name: figure_of(figure) for name, figure in one.figures.items()},
        )
        for one in cards
    )


def _datasets(workshop: Workshop, parts: Mapping[str, str]) -> tuple[Dataset, ...]:
    known: dict[str, Snapshot] = {}
    wanted = {name: one for name, one in parts.items() if name.startswith("snapshot ")}
    if wanted:
        with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
            known = {
                one.digest: one
                for name in list_datasets(catalogue)
                for one in list_snapshots(catalogue, name)
            }
    found = []
    for name, digest in sorted(wanted.items()):
        snapshot = known.get(digest)
        card = {} if snapshot is None else {key: _fact(value) for key, value in snapshot.card.items()}
        rows = None if snapshot is None else snapshot.rows
        found.append(Dataset(name.removeprefix("snapshot "), digest, rows, card))
    return tuple(found)


def _fact(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _principles(workshop: Workshop, digest: str) -> tuple[str, ...]:
    try:
        principles = engine_of_release(workshop, digest).engine.constitution.principles if digest else ()
    except FlyballError:
        return ()
    return tuple(f"{one.id}: {one.title}" for one in principles)


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
