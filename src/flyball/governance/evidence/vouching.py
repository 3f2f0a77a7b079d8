"""Who vouches for a pack and until when: signatures, witnesses, checkpoints kept from earlier, expiry."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flyball.core.digests import canonical_json
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.governance.approvals import ApprovalForged, verify_approval
from flyball.governance.evidence.pack import Pack
from flyball.governance.evidence.retelling import known_of
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.cosignatures import WitnessKey, cosignatures
from flyball.ledger.errors import BadCheckpoint, BadKeyFile
from flyball.ledger.excerpts import Excerpt
from flyball.ledger.exported import recorded_hashes
from flyball.ledger.merkle import RootBuilder
from flyball.ledger.notes import VerifierKey

__all__ = ["COSIGNED_NOTE", "approvals_hold", "checkpoints_hold", "still_valid", "witnesses_hold"]

COSIGNED_NOTE = "ledger/checkpoint.cosigned"
"""The longest checkpoint that witnesses have cosigned, where there is one."""


_AHEAD = timedelta(minutes=5)
"""By how much a clock may be ahead."""


def checkpoints_hold(folder: Path, key: VerifierKey, known: Sequence[str]) -> Check:
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


def approvals_hold(pack: Pack, excerpt: Excerpt, on: datetime) -> Check:
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
    known = known_of(pack, excerpt)
    live = known.went_live(pack.release) if pack.release else None
    if live is not None:
        problems += known.missing(pack.release, pack.approvals_required, live)
    elif pack.release:
        problems.append("no entry says that the release went live")
    said = f"{count(len(pack.approvals), 'signature')}, {pack.approvals_required} asked for"
    return Check("approvals", not problems, "; ".join(dict.fromkeys(problems)) or said)


def still_valid(pack: Pack, on: datetime) -> Check:
    """Check that no record has expired, and that the pack is not from the future."""
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


def witnesses_hold(
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
    held = checkpoints_hold(folder, key, [note])
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
