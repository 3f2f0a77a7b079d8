"""Verification of a pack, offline: who sealed it, what was changed, and whether it fits the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput, FlyballError
from flyball.core.verdicts import Check
from flyball.governance.evidence.pack import Pack
from flyball.governance.evidence.retelling import (
    SOFTWARE,
    controls_hold,
    documents_hold,
    gaps_told,
    records_hold,
    release_holds,
    same_ledger,
    samples_hold,
)
from flyball.governance.evidence.sealing import check_seal, not_files
from flyball.governance.evidence.vouching import approvals_hold, checkpoints_hold, still_valid, witnesses_hold
from flyball.ledger.cosignatures import WitnessKey
from flyball.ledger.errors import BadKeyFile
from flyball.ledger.excerpts import read_excerpt
from flyball.ledger.keys import load_verifier
from flyball.ledger.notes import VerifierKey

__all__ = ["PackVerification", "verify_pack"]

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
    checks.append(checkpoints_hold(folder, trusted, known_checkpoints))
    checks += [
        same_ledger(pack, excerpt),
        release_holds(pack, excerpt, trusted),
        records_hold(pack, excerpt),
        samples_hold(pack, excerpt),
        controls_hold(pack),
        gaps_told(pack, excerpt),
        documents_hold(folder, pack),
        approvals_hold(pack, excerpt, on),
        still_valid(pack, on),
        witnesses_hold(folder, pack, trusted, witnesses, needed, on),
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
        data = (folder / "pack.json").read_bytes()
        pack = from_json(data, Pack)
        if pack.form != 1:
            raise BadInput(f"It is of form {pack.form}.", fix="Use a newer Flyball.")
        _refuse_nonsense(pack)
        if pack.software == SOFTWARE and canonical_json(pack) != data.rstrip():
            raise BadInput(
                "It says something twice, or more than a pack says.", fix="Ask for it as it was exported."
            )
    except (OSError, BadInput) as err:
        said = err.message if isinstance(err, FlyballError) else str(err)
        checks.append(Check("record", False, f"pack.json cannot be read: {said}"))
        return None
    return pack


def _refuse_nonsense(pack: Pack) -> None:
    """Refuse what no export writes, and what the other checks could not even be made on."""
    known = {one.id for one in pack.records}
    asked = (pack.approvals_required, *pack.required.values())
    times = [pack.made_at, *(one.at for one in pack.approvals), *(one.at for one in pack.examined)]
    times += [at for one in pack.records for at in (one.made_at, one.expires_at)]
    said = ""
    if not pack.records:
        said = "it holds no record"
    elif unknown := [one.id for one in pack.controls if not known.issuperset(one.records)]:
        said = f"control {unknown[0]} names a record that is not in it"
    elif not all(1 <= days <= _DAYS for days in (pack.valid_days, pack.approval_days)):
        said = f"evidence counts for {pack.valid_days} and approvals for {pack.approval_days} days"
    elif min(asked) < 0 or pack.sample_of < 1:
        said = "it asks for fewer than no signatures, or samples of nothing"
    elif any(at.tzinfo is None for at in times):
        said = "it holds a time without its zone"
    if said:
        raise BadInput(f"{said}.", fix="Ask the owner for the pack as it was exported.")


def _verdict(checks: Iterable[Check], pack: Pack | None) -> PackVerification:
    made = tuple(checks)
    failed = [one for one in made if not one.passed]
    if failed:
        return PackVerification(False, f"{failed[0].name}: {failed[0].detail}", made, pack)
    name = f"{pack.deployment}, {pack.framework}, {pack.period}" if pack else ""
    said = "sealed, complete and as the ledger says"
    if pack and pack.software != SOFTWARE:
        said = f"sealed and complete; made by {pack.software}, so this version did not make all of it again"
    return PackVerification(True, f"{name}: {said}", made, pack)
