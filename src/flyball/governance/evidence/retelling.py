"""What a pack says, told again from its own record and the entries of the ledger that are in it."""

from datetime import timedelta
from pathlib import Path

import flyball
from flyball.core.errors import UnknownName
from flyball.core.text import count
from flyball.core.verdicts import Check
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
from flyball.governance.evidence.subjects import framework_for
from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Control
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.excerpts import Excerpt
from flyball.ledger.notes import VerifierKey, open_note

__all__ = [
    "SOFTWARE",
    "controls_hold",
    "documents_hold",
    "gaps_told",
    "known_of",
    "records_hold",
    "release_holds",
    "same_ledger",
    "samples_hold",
]

_AT_HOME = (
    "evaluation.",
    "release.objectives",
    "release.ledger_verified",
    *(f"{one.name}.sample" for one in POPULATIONS),
)
"""Checks whose records are not made again from the entries of the gate and of measurements: figures of the
re-test rest on a report that stays at home; samples are drawn again."""


_ALWAYS_SHOWN = frozenset({"approval", "evidence", "release.made", *MEASURED})
"""Kinds of entries, beside the populations, on which records rest: nobody may hold them back."""


SOFTWARE = f"flyball {flyball.__version__}"


def same_ledger(pack: Pack, excerpt: Excerpt) -> Check:
    """Check that the pack is about this ledger, counts its entries right, and shows all it has to."""
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


def release_holds(pack: Pack, excerpt: Excerpt, key: VerifierKey) -> Check:
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
    made = known_of(pack, excerpt).made(pack.release)
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


def records_hold(pack: Pack, excerpt: Excerpt) -> Check:
    """Check every record by its digest, and make those again that the ledger alone gives."""
    wrong = [one.title for one in pack.records if sealed(one).id != one.id]
    if wrong:
        return Check("records", False, f"altered: {'; '.join(wrong[:3])}")
    said = f"{count(len(pack.records), 'record')}, each by its digest"
    if pack.software != SOFTWARE:
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


def samples_hold(pack: Pack, excerpt: Excerpt) -> Check:
    """Count the populations and draw the samples again."""
    mine = [one for one in pack.records if one.check.endswith(".sample")]
    if not mine:
        return Check("samples", False, "no population was counted")
    known = known_of(pack, excerpt)
    one = mine[0]
    about = About(
        one.digests.get("release", ""), {}, one.reviewers, pack.release_made_by, one.expires_at - one.made_at
    )
    again, examined = sample_records(
        known, pack.period, about, n=pack.sample_of, seed=pack.ledger.root, at=one.made_at
    )
    if (
        pack.software != SOFTWARE
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


def controls_hold(pack: Pack) -> Check:
    """Check that no control is left out or asks for less, and that each follows from the records."""
    if pack.software == SOFTWARE and (wrong := _left_out(pack)):
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


def gaps_told(pack: Pack, excerpt: Excerpt) -> Check:
    """Check that nothing is missing from what the pack says it did not test."""
    said = f"{count(len(pack.not_tested), 'gap')} told"
    if pack.software != SOFTWARE:
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


def documents_hold(folder: Path, pack: Pack) -> Check:
    """Write every document again from the record, and compare."""
    if pack.software != SOFTWARE:
        return Check("documents", True, f"made by {pack.software}, this is {SOFTWARE}: not written again")
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


def known_of(pack: Pack, excerpt: Excerpt) -> Known:
    """Return what items of samples and approvals are held against."""
    return Known(excerpt.entries, pack.people, pack.required, pack.approval_days)
