"""Verification of a pack, offline: who sealed it, what was changed, and whether it fits the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flyball
from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput, FlyballError, UnknownName
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.governance.approvals import ApprovalForged, verify_approval
from flyball.governance.evidence.controls import controls_shown, gaps_of_period, what_was_not_tested
from flyball.governance.evidence.form import FORMS
from flyball.governance.evidence.making import (
    MEASURED,
    About,
    gaps_of_measurements,
    sample_records,
    told_by_ledger,
)
from flyball.governance.evidence.pack import Pack, sealed
from flyball.governance.evidence.populations import POPULATIONS, Known, wanted_kinds
from flyball.governance.evidence.sealing import check_seal, not_files
from flyball.governance.evidence.subjects import framework_for
from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Control
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.cosignatures import WitnessKey, cosignatures
from flyball.ledger.errors import BadCheckpoint, BadKeyFile
from flyball.ledger.excerpts import Excerpt, read_excerpt
from flyball.ledger.exported import recorded_hashes
from flyball.ledger.keys import load_verifier
from flyball.ledger.merkle import RootBuilder
from flyball.ledger.notes import VerifierKey, open_note

__all__ = ["COSIGNED_NOTE", "PackVerification", "verify_pack"]

COSIGNED_NOTE = "ledger/checkpoint.cosigned"
"""The longest checkpoint that witnesses have cosigned, where there is one."""

_AT_HOME = (
    "evaluation.",
    "release.objectives",
    "release.ledger_verified",
    *(f"{one.name}.sample" for one in POPULATIONS),
)
"""Checks whose records are not made again from the entries of the gate and of measurements: figures of the
re-test rest on a report that stays at home; samples are drawn again."""
_SOFTWARE = f"flyball {flyball.__version__}"
_AHEAD = timedelta(minutes=5)
"""By how much a clock may be ahead."""
_ALWAYS_SHOWN = frozenset({"approval", "evidence", "release.made", *MEASURED})
"""Kinds of entries, beside the populations, on which records rest: nobody may hold them back."""
_DAYS = 3660
"""The longest that the settings let evidence and approvals count."""


@dataclass(frozen=True, slots=True)
class PackVerification:
    """What a verification found.

    Parameters
    ----------
    ok : bool
        True only if every check passed.
    reason : str
        One sentence for people.
    checks : tuple of Check
    pack : Pack or None
        None: it cannot be read.
    """

    ok: bool
    reason: str
    checks: tuple[Check, ...]
    pack: Pack | None


def verify_pack(
    folder: Path,
    *,
    on: datetime,
    key: VerifierKey | None = None,
    known_checkpoints: Sequence[str] = (),
    witnesses: Sequence[WitnessKey] = (),
    needed: int | None = None,
) -> PackVerification:
    """Check a pack with nothing but its files.

    Parameters
    ----------
    folder : Path
    on : datetime
        For which time: evidence and approvals expire.
    key : VerifierKey or None
        That the owner is known to sign with. None takes the one in the pack, which proves it whole, but not
        whose it is.
    known_checkpoints : sequence of str
        Kept from earlier, as text: they show a ledger that was written anew.
    witnesses : sequence of WitnessKey
        Trusted by whoever verifies; () takes those that the pack names.
    needed : int or None
        How many of them must have cosigned; None: as many as the pack says.

    Returns
    -------
    PackVerification
    """
    checks: list[Check] = []
    if strange := not_files(folder):
        return _verdict([Check("files", False, f"{', '.join(strange[:10])}: a link, or no file")], None)
    trusted = _key(folder, key, checks)
    if trusted is None:
        return _verdict(checks, None)
    checks += check_seal(folder, trusted)
    pack = _read(folder, checks)
    excerpt = read_excerpt(folder / "ledger", trusted)
    checks += [Check(f"ledger {one.name}", one.passed, one.detail) for one in excerpt.checks]
    if pack is None:
        return _verdict(checks, None)
    checks.append(_known(folder, trusted, known_checkpoints))
    checks += [
        _tells_the_ledger(pack, excerpt),
        _release(pack, excerpt, trusted),
        _records(pack, excerpt),
        _samples(pack, excerpt),
        _controls(pack),
        _not_tested(pack, excerpt),
        _documents(folder, pack),
        _approvals(pack, excerpt, on),
        _valid(pack, on),
        _witnessed(folder, pack, trusted, witnesses, needed, on),
    ]
    return _verdict(checks, pack)


def _key(folder: Path, given: VerifierKey | None, checks: list[Check]) -> VerifierKey | None:
    try:
        shipped = load_verifier(folder / "ledger" / "verifier.vkey")
    except BadKeyFile as err:
        if given is None:
            checks.append(Check("key", False, err.message))
            return None
        shipped = given
        checks.append(Check("key file", False, err.message))
    if given is None:
        checks.append(Check("key", True, f"{shipped} came with the pack: compare it with a copy you trust"))
        return shipped
    same = given == shipped
    checks.append(
        Check(
            "key",
            same,
            f"{given} was given" if same else f"the pack brings the key {shipped}, you gave {given}",
        )
    )
    return given


def _read(folder: Path, checks: list[Check]) -> Pack | None:
    try:
        pack = from_json((folder / "pack.json").read_bytes(), Pack)
        if pack.form != 1:
            raise BadInput(f"It is of form {pack.form}.", fix="Use a newer Flyball.")
        _refuse_nonsense(pack)
    except (OSError, BadInput) as err:
        said = err.message if isinstance(err, FlyballError) else str(err)
        checks.append(Check("record", False, f"pack.json cannot be read: {said}"))
        return None
    return pack


def _refuse_nonsense(pack: Pack) -> None:
    """Refuse what no export writes, and what the other checks could not even be made on."""
    known = {one.id for one in pack.records}
    asked = (pack.approvals_required, *pack.required.values())
    said = ""
    if not pack.records:
        said = "it holds no record"
    elif unknown := [one.id for one in pack.controls if not known.issuperset(one.records)]:
        said = f"control {unknown[0]} names a record that is not in it"
    elif not all(1 <= days <= _DAYS for days in (pack.valid_days, pack.approval_days)):
        said = f"evidence counts for {pack.valid_days} and approvals for {pack.approval_days} days"
    elif min(asked) < 0 or pack.sample_of < 1:
        said = "it asks for fewer than no signatures, or samples of nothing"
    if said:
        raise BadInput(f"{said}.", fix="Ask the owner for the pack as it was exported.")


def _known(folder: Path, key: VerifierKey, known: Sequence[str]) -> Check:
    """Hold the tree of the pack against checkpoints that were kept from earlier."""
    wanted: dict[int, Checkpoint] = {}
    for note in known:
        try:
            one = read_checkpoint(note, key)
        except BadCheckpoint as err:
            return Check("known checkpoints", False, err.message)
        wanted[one.size] = one
    builder, found = RootBuilder(), {}
    left = sorted(wanted)
    for piece in recorded_hashes(folder / "ledger" / "leaf_hashes.bin"):
        while left and left[0] <= builder.size + len(piece):
            take = left.pop(0) - builder.size
            builder.extend(piece[:take])
            piece = piece[take:]
            found[builder.size] = builder.root()
        builder.extend(piece)
    wrong = [size for size, one in wanted.items() if found.get(size) != one.root]
    if wrong:
        return Check(
            "known checkpoints", False, f"the ledger no longer holds what was signed for {wrong[0]:,} entries"
        )
    return Check("known checkpoints", True, f"{count(len(wanted), 'checkpoint')} kept from earlier")


def _tells_the_ledger(pack: Pack, excerpt: Excerpt) -> Check:
    part = pack.ledger
    open_ = {*wanted_kinds(part.withheld), *_ALWAYS_SHOWN.intersection(part.withheld)}
    if open_:
        kinds = ", ".join(sorted(open_))
        said = f"entries of kind {kinds} are held back, and no case stands in them"
        return Check("same ledger", False, said)
    if excerpt.checkpoint is None:
        return Check("same ledger", False, "there is no signed checkpoint")
    signed = (excerpt.checkpoint.origin, excerpt.checkpoint.size, excerpt.checkpoint.root.hex())
    if signed != (part.origin, part.size, part.root):
        return Check("same ledger", False, "pack.json names another ledger, size or root than the checkpoint")
    seen: dict[str, int] = {}
    for one in excerpt.entries:
        seen[one.kind] = seen.get(one.kind, 0) + 1
    for kind, number in part.kinds.items():
        if kind not in part.withheld and seen.get(kind, 0) != number:
            return Check(
                "same ledger",
                False,
                f"pack.json counts {number} entries of kind {kind}, {seen.get(kind, 0)} are here",
            )
    if sum(part.kinds.values()) != part.size:
        return Check("same ledger", False, "the kinds that pack.json counts do not add up to the ledger")
    return Check("same ledger", True, f"{part.origin}, {part.size:,} entries")


def _release(pack: Pack, excerpt: Excerpt, key: VerifierKey) -> Check:
    """Check the signature of the release, and that the ledger says that it was live, whose it is, of what."""
    promoted = [
        str(one.body.get("release"))
        for one in excerpt.entries
        if one.kind == "release.promoted" and one.at.date() <= pack.period.last
    ]
    live = promoted[-1] if promoted else ""
    if live != pack.release:
        said = f"the ledger says that {live or 'nothing'} was live at the end of the period"
        return Check("release", False, said)
    if not pack.release:
        return Check("release", not pack.release_note, "nothing was live")
    made = _known_of(pack, excerpt).made(pack.release)
    if made is None or (made.actor, made.body.get("parts")) != (pack.release_made_by, dict(pack.parts)):
        entry = "no entry" if made is None else f"entry {made.index}"
        return Check("release", False, f"{entry} names another author or other parts than pack.json")
    try:
        text = open_note(pack.release_note, key)
    except BadCheckpoint as err:
        return Check("release", False, f"the signature of the release: {err.message}")
    names = pack.release in text.split()
    said = f"{pack.release} is signed" if names else f"what was signed is not {pack.release}"
    return Check("release", names, said)


def _records(pack: Pack, excerpt: Excerpt) -> Check:
    """Check every record by its digest, and make those again that the ledger alone gives."""
    wrong = [one.title for one in pack.records if sealed(one).id != one.id]
    if wrong:
        return Check("records", False, f"altered: {'; '.join(wrong[:3])}")
    said = f"{count(len(pack.records), 'record')}, each by its digest"
    if pack.software != _SOFTWARE:
        return Check("records", True, f"{said}; made by {pack.software}: not made again")
    signers = tuple(sorted({one.person for one in pack.approvals if one.decision == "approve"}))
    about = About(pack.release, pack.parts, signers, pack.release_made_by, timedelta(days=pack.valid_days))
    again = told_by_ledger(excerpt.entries, pack.period, about, approvals_required=pack.approvals_required)
    here, told = {one.id for one in pack.records}, {one.id for one in again}
    left_out = [one.title for one in again if one.id not in here]
    made_up = [one.title for one in pack.records if one.id not in told and not one.check.startswith(_AT_HOME)]
    if left_out or made_up:
        parts = [f"not as the ledger says: {'; '.join(left_out[:3])}"] if left_out else []
        parts += [f"the ledger says nothing of: {'; '.join(made_up[:3])}"] if made_up else []
        return Check("records", False, "; ".join(parts))
    return Check("records", True, f"{said}; {len(again)} made again from the ledger")


def _samples(pack: Pack, excerpt: Excerpt) -> Check:
    """Count the populations and draw the samples again."""
    mine = [one for one in pack.records if one.check.endswith(".sample")]
    if not mine:
        return Check("samples", False, "no population was counted")
    known = _known_of(pack, excerpt)
    one = mine[0]
    about = About(
        one.digests.get("release", ""), {}, one.reviewers, pack.release_made_by, one.expires_at - one.made_at
    )
    again, examined = sample_records(
        known, pack.period, about, n=pack.sample_of, seed=pack.ledger.root, at=one.made_at
    )
    if (
        pack.software != _SOFTWARE
    ):  # another one may ask otherwise; what is there and what is drawn is the same
        drawn = [(item.check, item.population.n, item.sample) for item in mine]
        if drawn != [(item.check, item.population.n, item.sample) for item in again]:
            return Check("samples", False, "population or sample differ from what the ledger gives")
        return Check("samples", True, f"drawn again; made by {pack.software}: not asked again")
    if tuple(again) != tuple(mine) or examined != pack.examined:
        return Check("samples", False, "population, sample or finding differ from what the ledger gives")
    said = ", ".join(
        f"{item.check.partition('.')[0]} {item.sample.n} of {item.population.n}" for item in again
    )
    return Check("samples", True, f"drawn again: {said}")


def _controls(pack: Pack) -> Check:
    """Check that no control is left out or asks for less, and that each follows from the records."""
    if pack.software == _SOFTWARE and (wrong := _left_out(pack)):
        return Check("controls", False, f"not those of {pack.framework}: {', '.join(wrong[:10])}")
    again = controls_shown(
        [Control(one.id, one.title, one.checks, one.gaps) for one in pack.controls], pack.records
    )
    same = again == pack.controls
    said = (
        f"{count(len(again), 'control')} follow from the records"
        if same
        else "they do not follow from the records"
    )
    return Check("controls", same, said)


def _left_out(pack: Pack) -> list[str]:
    """Return the controls of the framework that are not in a pack as they are shipped.

    Of a law only whether each duty is there: a house may have a version of its own.
    """
    here = {one.id: (one.title, one.checks) for one in pack.controls}
    shipped = {one.id: one for one in load_frameworks()}
    if pack.framework in shipped:
        asked = shipped[pack.framework].controls
        return [one.id for one in asked if here.get(one.id) != (one.title, one.checks)]
    try:
        duties = framework_for(pack.framework, load_catalogue(), pack.made_at.date()).controls
    except UnknownName:
        return []  # a law that only the house knows
    known = {one.partition("#")[0] for one in here}
    return [duty for one in duties if (duty := one.id.partition("#")[0]) not in known]


def _not_tested(pack: Pack, excerpt: Excerpt) -> Check:
    """Check that nothing is missing from what the pack says it did not test."""
    said = f"{count(len(pack.not_tested), 'gap')} told"
    if pack.software != _SOFTWARE:
        return Check("not tested", True, f"{said}; made by {pack.software}: not written again")
    again = what_was_not_tested(
        pack.controls,
        pack.records,
        withheld={kind: n for kind, n in pack.ledger.kinds.items() if kind in pack.ledger.withheld},
        more=(
            *gaps_of_period(pack.period, pack.made_at, excerpt.entries),
            *gaps_of_measurements(excerpt.entries, pack.period, pack.release),
        ),
    )
    if again == pack.not_tested:
        return Check("not tested", True, said)
    left_out = [one for one in again if one not in pack.not_tested]
    wrong = f"left out: {left_out[0]}" if left_out else "it says more than the record, or in another order"
    return Check("not tested", False, wrong)


def _documents(folder: Path, pack: Pack) -> Check:
    """Write every document again from the record, and compare."""
    if pack.software != _SOFTWARE:
        return Check("documents", True, f"made by {pack.software}, this is {_SOFTWARE}: not written again")
    wrong, n = [], 0
    for name in FORMS.names():
        for path, data in FORMS.load(name).write(pack).items():
            place = folder / path
            if place.is_file():
                n += 1
                wrong += [] if place.read_bytes() == data else [path]
    said = (
        f"not what the record gives: {', '.join(wrong)}"
        if wrong
        else f"{count(n, 'file')} written again, the same"
    )
    return Check("documents", not wrong and n > 0, said)


def _approvals(pack: Pack, excerpt: Excerpt, on: datetime) -> Check:
    """Check every signature on the release, its place in the ledger, and that it has not expired."""
    listed = {one.id: one for one in pack.people}
    written = {str(one.body.get("signature")): one for one in excerpt.entries if one.kind == "approval"}
    problems: list[str] = []
    for one in pack.approvals:
        said = f"the approval of {one.person} of {one.at:%Y-%m-%d}"
        entry, person = written.get(one.signature), listed.get(one.person)
        until = one.at + timedelta(days=pack.valid_days)
        if entry is None or canonical_json(entry.body) != canonical_json(one):
            problems.append(f"{said} is not in the ledger")
        elif person is None:
            problems.append(f"{said}: {one.person} is not listed among the people who may sign")
        elif one.decision == "approve" and until <= on:
            problems.append(f"{said} expired on {until:%Y-%m-%d}")
        else:
            try:
                verify_approval(one, person)
            except ApprovalForged as err:
                problems.append(err.message)
    known = _known_of(pack, excerpt)
    live = known.went_live(pack.release) if pack.release else None
    if live is not None:
        problems += known.missing(pack.release, pack.approvals_required, live)
    elif pack.release:
        problems.append("no entry says that the release went live")
    said = f"{count(len(pack.approvals), 'signature')}, {pack.approvals_required} asked for"
    return Check("approvals", not problems, "; ".join(dict.fromkeys(problems)) or said)


def _known_of(pack: Pack, excerpt: Excerpt) -> Known:
    return Known(excerpt.entries, pack.people, pack.required, pack.approval_days)


def _valid(pack: Pack, on: datetime) -> Check:
    if pack.made_at > on + _AHEAD:
        return Check(
            "validity",
            False,
            f"it says that it was made on {pack.made_at:%Y-%m-%d %H:%M}, after {on:%Y-%m-%d %H:%M}",
        )
    expired = [one for one in pack.records if one.expires_at <= on]
    if expired:
        first = min(expired, key=lambda one: one.expires_at)
        return Check(
            "validity",
            False,
            f"{count(len(expired), 'record')} of {len(pack.records)} expired, the first on "
            f"{first.expires_at:%Y-%m-%d}: {first.title}",
        )
    first = min(pack.records, key=lambda one: one.expires_at)
    return Check("validity", True, f"no record expires before {first.expires_at:%Y-%m-%d}")


def _witnessed(
    folder: Path,
    pack: Pack,
    key: VerifierKey,
    witnesses: Sequence[WitnessKey],
    needed: int | None,
    on: datetime,
) -> Check:
    """Count the witnesses who cosigned a checkpoint of this ledger, at least the one of this pack."""
    least = pack.witnesses_needed if needed is None else needed
    try:
        keys = tuple(witnesses) or tuple(WitnessKey.parse(one) for one in pack.witnesses)
    except BadKeyFile as err:
        return Check("witnesses", False, err.message)
    path = folder / COSIGNED_NOTE
    if not path.is_file():
        return Check("witnesses", least <= 0, f"none cosigned, {least} needed")
    try:
        note = path.read_text(encoding="utf-8")
        checkpoint = read_checkpoint(note, key)
        found = cosignatures(note, [one for one in keys if one.public != key.public])
    except (OSError, UnicodeDecodeError) as err:
        return Check("witnesses", False, f"{COSIGNED_NOTE} cannot be read: {err}")
    except BadCheckpoint as err:
        return Check("witnesses", False, err.message)
    held = _known(folder, key, [note])
    if not held.passed:
        return Check("witnesses", False, f"{held.detail}: the witnesses saw another ledger")
    if checkpoint.size < pack.ledger.size and least > 0:
        return Check(
            "witnesses",
            False,
            f"they cosigned {checkpoint.size:,} entries, the pack rests on {pack.ledger.size:,}",
        )
    ahead = [name for name, at in found.items() if at > on + _AHEAD]
    if ahead:
        return Check("witnesses", False, f"{', '.join(ahead)} cosigned in the future")
    who = (
        ", ".join(f"{name} at {at.astimezone(UTC):%Y-%m-%d %H:%M}" for name, at in found.items()) or "nobody"
    )
    return Check("witnesses", len(found) >= least, f"{who}; {least} needed, {len(found)} found")


def _verdict(checks: Iterable[Check], pack: Pack | None) -> PackVerification:
    made = tuple(checks)
    failed = [one for one in made if not one.passed]
    if failed:
        return PackVerification(False, f"{failed[0].name}: {failed[0].detail}", made, pack)
    name = f"{pack.deployment}, {pack.framework}, {pack.period}" if pack else ""
    return PackVerification(True, f"{name}: sealed, complete and as the ledger says", made, pack)
