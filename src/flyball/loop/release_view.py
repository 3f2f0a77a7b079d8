"""Releases as people look at them: the list, one with its evidence and approvals, the difference of two."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from flyball.core.digests import short
from flyball.core.errors import Refused, UnknownName
from flyball.core.text import count
from flyball.core.verdicts import Verdict
from flyball.evaluation.records import Report, report_from_json
from flyball.governance.approvals import Approval, missing_approvals
from flyball.governance.evidence.records import Coverage, EvidenceRecord
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.ledger.newest import newest_with
from flyball.ledger.records import Entry
from flyball.loop.comparing import Compared, compare_challenge
from flyball.loop.promotion import (
    approvals_in,
    approvals_needed,
    is_rejected,
    makers_of,
    people_of,
    signed_within,
)
from flyball.loop.release_words import ChangedWord, changed_words, counted_words
from flyball.loop.releases import Promotion, Release, ReleaseForged, promotions, read_release
from flyball.loop.traffic import Change, Traffic, traffic_history, traffic_now
from flyball.loop.workshop import Workshop

__all__ = [
    "ChangedText",
    "DifferenceView",
    "Evidence",
    "ReleaseLine",
    "ReleaseView",
    "ReleasesView",
    "compared_now",
    "difference_view",
    "evidence_entry",
    "evidence_of_release",
    "release_view",
    "releases_view",
]

_LONGEST_TEXT = 200_000
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release in the list.

    Parameters
    ----------
    digest, made_at, made_by : str
    entry : int
        Of the ledger, where it was made.
    state : {"live", "shadow", "canary", "was live", "waits for approval", "rejected", "never live"}
        Only the newest one waits: signing what a later one replaced helps nobody.
    live_since : str
        When it last went live; "" for never.
    """

    digest: str
    made_at: datetime
    made_by: str
    entry: int
    state: str
    live_since: str


@dataclass(frozen=True, slots=True)
class ReleasesView:
    """All releases of a deployment, newest first, and which answers what.

    Parameters
    ----------
    lines : tuple of ReleaseLine
    traffic : Traffic
    promotions : tuple of Promotion
        Newest first; the first is in force.
    changes : tuple of Change
        Of shadows and canaries, newest first.
    """

    lines: tuple[ReleaseLine, ...]
    traffic: Traffic
    promotions: tuple[Promotion, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate last said about a release, and what its checks show.

    Parameters
    ----------
    entry : int
        Of the ledger.
    at : datetime
    verdict : Verdict
    records : tuple of EvidenceRecord
    coverage : tuple of Coverage
    """

    entry: int
    at: datetime
    verdict: Verdict
    records: tuple[EvidenceRecord, ...]
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release.

    Parameters
    ----------
    line : ReleaseLine
    release : Release
    note : str
        Its signed note.
    approvals : tuple of Approval
        All that name it, oldest first.
    missing : tuple of str
        What still stands between it and its approval.
    author : str
    evidence : Evidence or None
        None: its gate was never asked.
    tested : Report or None
        None: the report is no longer kept.
    promotions : tuple of Promotion
        The times at which it went live, newest first.
    """

    line: ReleaseLine
    release: Release
    note: str
    approvals: tuple[Approval, ...]
    missing: tuple[str, ...]
    author: str
    evidence: Evidence | None
    tested: Report | None
    promotions: tuple[Promotion, ...]


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A file that differs between two releases.

    Parameters
    ----------
    name : str
    how : {"changed", "added", "removed"}
    lines : tuple of (str, str)
        Sign ("+", "-", " ", "@") and text of each line that matters; () where it is no text.
    said : str
        Why no lines are shown, or how many are not; "" for neither.
    """

    name: str
    how: str
    lines: tuple[tuple[str, str], ...]
    said: str


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """What differs between two releases.

    Parameters
    ----------
    before, after : ReleaseLine
    words : tuple of ChangedWord
        By rule, threshold, setting and count, what a reviewer has to know.
    parts : tuple of (str, str, str, str)
        How ("changed", "added", "removed"), name, digest before, digest after.
    texts : tuple of ChangedText
    same : int
        Parts and files that are alike.
    promises : tuple of (str, str)
        Sign and promise, where they differ.
    tested : tuple of (str, object, object, str)
        Title, measurement before, measurement after, unit, of every measure that both were tested by.
    """

    before: ReleaseLine
    after: ReleaseLine
    words: tuple[ChangedWord, ...]
    parts: tuple[tuple[str, str, str, str], ...]
    texts: tuple[ChangedText, ...]
    same: int
    promises: tuple[tuple[str, str], ...]
    tested: tuple[tuple[str, object, object, str], ...]


def releases_view(workshop: Workshop) -> ReleasesView:
    """Return every release that was made, newest first, and which answers what."""
    traffic = traffic_now(workshop.ledger)
    live = promotions(workshop.ledger)
    return ReleasesView(
        lines=tuple(reversed(_lines(workshop, traffic, live))),
        traffic=traffic,
        promotions=tuple(reversed(live)),
        changes=tuple(reversed(traffic_history(workshop.ledger))),
    )


def release_view(workshop: Workshop, digest: str) -> ReleaseView:
    """Return one release with everything that is known about it.

    Raises
    ------
    UnknownName, ReleaseForged
        There is none, or it was altered.
    """
    signed = read_release(workshop.state, digest, workshop.key.verifier)
    live = promotions(workshop.ledger)
    line = _line_of(_lines(workshop, traffic_now(workshop.ledger), live), digest)
    approvals = approvals_in(workshop)
    return ReleaseView(
        line=line,
        release=signed.release,
        note=signed.note,
        approvals=tuple(one for one in approvals if one.digest == digest),
        missing=_missing(workshop, signed.release, line, approvals),
        author=line.made_by.partition(":")[2],
        evidence=evidence_of_release(workshop, digest),
        tested=_tested(workshop, signed.release),
        promotions=tuple(one for one in reversed(live) if one.release == digest),
    )


def difference_view(workshop: Workshop, before: str, after: str) -> DifferenceView:
    """Return what differs between two releases, with the lines of the files that changed.

    Raises
    ------
    UnknownName, ReleaseForged
        There is no such release, or it was altered.
    """
    lines = _lines(workshop, traffic_now(workshop.ledger), promotions(workshop.ledger))
    old, new = (read_release(workshop.state, one, workshop.key.verifier).release for one in (before, after))
    parts = _parts(old.parts, new.parts)
    files = _parts(old.files, new.files)
    texts = [_text(workshop, *one) for one in files]
    same = sum(old.parts.get(name) == digest for name, digest in new.parts.items())
    same += sum(old.files.get(name) == digest for name, digest in new.files.items())
    return DifferenceView(
        before=_line_of(lines, before),
        after=_line_of(lines, after),
        words=tuple(_words(workshop, (before, after), parts, files)),
        parts=tuple(parts),
        texts=tuple(texts),
        same=same,
        promises=(
            *(("-", one) for one in old.promises if one not in new.promises),
            *(("+", one) for one in new.promises if one not in old.promises),
        ),
        tested=tuple(_both_tested(_tested(workshop, old), _tested(workshop, new))),
    )


def compared_now(workshop: Workshop) -> Compared | None:
    """Return how the challenge that is on compares; None where none is on."""
    try:
        return compare_challenge(workshop)
    except Refused:
        return None


def evidence_entry(workshop: Workshop, digest: str) -> Entry | None:
    """Return the newest evidence entry about a release; None where its gate was never asked."""
    return newest_with(workshop.ledger, "evidence", f'"release":"{digest}"')


def evidence_of_release(workshop: Workshop, digest: str) -> Evidence | None:
    """Return what the gate last said about a release; None where it was never asked."""
    entry = evidence_entry(workshop, digest)
    if entry is None:
        return None
    return Evidence(
        entry=entry.index,
        at=entry.at,
        verdict=msgspec.convert(entry.body["verdict"], Verdict),
        records=msgspec.convert(entry.body["records"], tuple[EvidenceRecord, ...]),
        coverage=msgspec.convert(entry.body["coverage"], tuple[Coverage, ...]),
    )


def _lines(workshop: Workshop, traffic: Traffic, live: Sequence[Promotion]) -> list[ReleaseLine]:
    since = {one.release: one.at for one in live}
    found: dict[str, ReleaseLine] = {}
    for entry in workshop.ledger.entries(kind="release.made"):
        digest = str(entry.body["release"])
        found.setdefault(
            digest,
            ReleaseLine(
                digest,
                entry.at,
                entry.actor,
                entry.index,
                _state(digest, traffic, since),
                since.get(digest, ""),
            ),
        )
    lines = list(found.values())
    if lines and lines[-1].state == "never live":
        lines[-1] = replace(lines[-1], state=_waiting(workshop, lines[-1]))
    return lines


def _waiting(workshop: Workshop, line: ReleaseLine) -> str:
    """Return what a release that was never live waits for."""
    try:
        release = read_release(workshop.state, line.digest, workshop.key.verifier).release
    except (ReleaseForged, UnknownName):  # its own page says so
        return line.state
    if not _missing(workshop, release, line, approvals_in(workshop)):
        return line.state
    return "rejected" if is_rejected(workshop, line.digest) else "waits for approval"


def _missing(
    workshop: Workshop, release: Release, line: ReleaseLine, approvals: Sequence[Approval]
) -> tuple[str, ...]:
    author = line.made_by.partition(":")[2]
    return missing_approvals(
        approvals_needed(workshop, release),
        author,
        approvals,
        line.digest,
        people_of(workshop),
        makers=makers_of(workshop, line.digest),
        signed_within=signed_within(workshop),
    )


def _state(digest: str, traffic: Traffic, since: dict[str, str]) -> str:
    if digest == traffic.champion:
        return "live"
    if traffic.challenge is not None and traffic.challenge.release == digest:
        return traffic.challenge.mode
    return "was live" if digest in since else "never live"


def _line_of(lines: Sequence[ReleaseLine], digest: str) -> ReleaseLine:
    for one in lines:
        if one.digest == digest:
            return one
    raise Refused(
        f"Release {short(digest)} has a file here, but no entry of the ledger says that it was made.",
        fix="Treat it as forged: flyball verify.",
        release=digest,
    )


def _tested(workshop: Workshop, release: Release) -> Report | None:
    try:
        return report_from_json(workshop.blobs.get(release.parts["evaluation"]))
    except (KeyError, BlobErased, BlobMissing):
        return None


def _both_tested(before: Report | None, after: Report | None) -> list[tuple[str, object, object, str]]:
    if before is None or after is None:
        return []
    return [
        (result.title, before.metrics[name].estimate, result.estimate, result.unit)
        for name, result in after.metrics.items()
        if name in before.metrics and before.metrics[name].version == result.version
    ]


def _parts(old: object, new: object) -> list[tuple[str, str, str, str]]:
    before, after = msgspec.convert(old, dict[str, str]), msgspec.convert(new, dict[str, str])
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, ""), after.get(name, "")
        if was != now:
            found.append(("changed" if was and now else "added" if now else "removed", name, was, now))
    return found


def _words(
    workshop: Workshop,
    releases: tuple[str, str],
    parts: Sequence[tuple[str, str, str, str]],
    files: Sequence[tuple[str, str, str, str]],
) -> list[ChangedWord]:
    """Return what differs, told by rule, threshold, setting and count."""
    found = []
    for how, name, _, _ in parts:
        if name.startswith("expert "):
            found.append(
                ChangedWord(
                    f"Expert {name.removeprefix('expert ')}",
                    "",
                    "" if how == "added" else "one" if how == "removed" else "as it was",
                    {"added": "one more", "removed": "", "changed": "another: its files are below"}[how],
                )
            )
    seen = [_cases(workshop, one) for one in releases]
    found += counted_words("Cases on which it is re-tested", *seen)
    for _, name, was, now in files:
        try:
            texts = [workshop.blobs.get(one) if one else b"" for one in (was, now)]
        except (BlobErased, BlobMissing):
            continue
        if all(len(one) <= _LONGEST_TEXT for one in texts):
            found += changed_words(name, *texts) or []
    return found


def _cases(workshop: Workshop, digest: str) -> int | None:
    """Return how many cases the gate of a release saw; None where it was never asked."""
    evidence = evidence_of_release(workshop, digest)
    if evidence is None:
        return None
    return next((one.n_cases for one in evidence.records if one.check == "dataset.cases"), None)


def _text(workshop: Workshop, how: str, name: str, was: str, now: str) -> ChangedText:
    try:
        texts = [workshop.blobs.get(one) if one else b"" for one in (was, now)]
    except (BlobErased, BlobMissing) as err:
        return ChangedText(name, how, (), err.message)
    if any(len(one) > _LONGEST_TEXT or b"\0" in one for one in texts):
        return ChangedText(name, how, (), "too large, or not a text")
    try:
        before, after = (one.decode("utf-8").splitlines() for one in texts)
    except UnicodeDecodeError:
        return ChangedText(name, how, (), "not a text")
    compared = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    lines = [(one[:1], one[1:]) if one[:1] in "+- " else ("@", one) for one in compared]
    left = len(lines) - _MOST_LINES
    said = f"{count(left, 'more line')} not shown" if left > 0 else ""
    return ChangedText(name, how, tuple(lines[:_MOST_LINES]), said)
