"""What a period shows: the records of a pack about what was live, and how controls stand by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flyball.core.errors import FlyballError
from flyball.core.verdicts import Check
from flyball.evaluation.records import Report, report_from_json
from flyball.governance.approvals import Approval, Person
from flyball.governance.evidence.controls import controls_shown
from flyball.governance.evidence.making import (
    MEASURED,
    About,
    Goal,
    gate_entry,
    ledger_record,
    objective_records,
    sample_records,
    told_by_ledger,
)
from flyball.governance.evidence.pack import (
    ControlShown,
    Examined,
    PackRecord,
    Period,
)
from flyball.governance.evidence.populations import Known, wanted_kinds
from flyball.governance.frameworks.records import Framework
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.ledger.records import Entry
from flyball.ledger.witnessing import COSIGNED
from flyball.loop.ledger_view import holds_no_case
from flyball.loop.live import engine_of_release
from flyball.loop.packs_view import EXPORTED
from flyball.loop.promotion import approvals_in, people_of
from flyball.loop.releases import Promotion, Release, SignedRelease, promotions, read_release
from flyball.loop.settings import Settings
from flyball.loop.workshop import Workshop

__all__ = ["Told", "controls_now", "kinds_shown", "told_of"]

_MORE_KINDS = ("approval", "release.made", "redteam.retested", COSIGNED, EXPORTED)


@dataclass(frozen=True, slots=True)
class Told:
    """What the entries of a ledger tell about what was live at the end of a period."""

    release: SignedRelease | None
    about: About
    approvals: tuple[Approval, ...]
    people: tuple[Person, ...]
    required: dict[str, int]
    settings: Settings | None
    records: tuple[PackRecord, ...]
    examined: tuple[Examined, ...]


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
    kinds = kinds_shown(ledger.store.kinds(0, size))
    entries = sorted(
        (one for kind in kinds for one in ledger.entries(kind, 0, size)), key=lambda one: one.index
    )
    period = Period(now.date() - timedelta(days=364), now.date())
    told = told_of(workshop, tuple(entries), period, now, size=size, root=ledger.root(size), verified=None)
    records = told.records if told.about.release else ()
    return told.about.release, controls_shown(framework.controls, records)


def told_of(
    workshop: Workshop,
    entries: tuple[Entry, ...],
    period: Period,
    now: datetime,
    *,
    size: int,
    root: bytes,
    verified: Check | None,
) -> Told:
    """Return what entries of the ledger tell about what was live at the end of a period.

    Parameters
    ----------
    workshop : Workshop
    entries : tuple of Entry
        That a pack holds, in order.
    period : Period
    now : datetime
    size : int
        Entries that the pack goes as far as.
    root : bytes
        Of these entries; the seed of samples.
    verified : Check or None
        That the whole ledger is what was signed; None: it was not hashed again.
    """
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
    return Told(release, about, approvals, people, required, released, records, examined)


def kinds_shown(kinds: dict[str, int]) -> set[str]:
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
