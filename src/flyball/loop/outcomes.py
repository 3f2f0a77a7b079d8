"""What turned out about decisions: taken in from doors, files and sources in one way, and shown."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Literal, TypeVar

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import FlyballError
from flyball.core.records import Field, Span
from flyball.core.tracing import traced
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.again import Heard, Thing, thing_of
from flyball.evaluation.outcomes.claim import BadOutcome, Claim, claim_of_row
from flyball.evaluation.outcomes.files import Row
from flyball.evaluation.outcomes.records import OUTCOME, OutcomeSource, ReportedOutcome
from flyball.evaluation.outcomes.standing import Standing, standings
from flyball.ledger.records import Draft
from flyball.loop.decided import UnknownDecision, entry_of_id
from flyball.loop.given import check_answer
from flyball.loop.workshop import Workshop

T = TypeVar("T")

__all__ = [
    "About",
    "Loaded",
    "OutcomesView",
    "StandsFor",
    "load_outcomes",
    "outcomes_view",
    "reported_outcome",
    "stands_for",
    "told_about",
]

_CHUNK = 5_000
_TOLERANCE = timedelta(minutes=5)
"""How far another machine's clock may be ahead of ours."""
_SHOWN = 20
_LONGEST_ENTRY = 15
"""Digits of a ledger entry."""


@dataclass(frozen=True, slots=True)
class About:
    """The decision that a report is about.

    Parameters
    ----------
    entry : int
    case_id, release, tenant : str
    decided_at : datetime
    """

    entry: int
    case_id: str
    release: str
    tenant: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file of outcomes.

    Parameters
    ----------
    rows : int
        That said something.
    written : int
    repeated : int
        Stood there already, word for word.
    empty : int
        Rows without an answer: nothing turned out yet.
    unknown : int
        Rows about no decision, left out because that was asked for.
    unknown_rows : tuple of int
        The first of them.
    early : int
        Rows that say something turned out before it was decided; written all the same.
    early_rows : tuple of int
        The first of them.
    """

    rows: int
    written: int
    repeated: int
    empty: int
    unknown: int
    unknown_rows: tuple[int, ...]
    early: int
    early_rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StandsFor:
    """What is known about one decision.

    Parameters
    ----------
    entry : int
        Of the decision.
    case_name : str
    decided_at : datetime
    standing : tuple of Standing
    """

    entry: int
    case_name: str
    decided_at: datetime
    standing: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class OutcomesView:
    """Decisions about which something was reported, newest first.

    Parameters
    ----------
    deployment : str
    decisions : int
        Decisions with a report, in all.
    disputed : int
        Fields and results about which reports disagree, in all.
    shown : tuple of StandsFor
    """

    deployment: str
    decisions: int
    disputed: int
    shown: tuple[StandsFor, ...]


def reported_outcome(
    about: About,
    claim: Claim,
    fields: Mapping[str, Field],
    *,
    by: str,
    source: OutcomeSource,
    now: datetime,
    evidence: tuple[Span, ...] = (),
    note: str = "",
) -> ReportedOutcome:
    """Hold a claim against its decision and the fields of the deployment.

    Parameters
    ----------
    about : About
    claim : Claim
    fields : mapping of key to Field
    by : str
        Who hands it in, where the claim names nobody.
    source : {"api", "file", "source", "review", "settled"}
    now : datetime
    evidence : tuple of Span
    note : str
        Digest of what was said about it in words.

    Raises
    ------
    BadOutcome
        Of no field, or observed in the future.
    BadAnswer
        The field cannot have this answer.
    """
    kind = claim.kind or ("label" if claim.name in fields else "business")
    if kind == "business":
        if claim.unit and (isinstance(claim.answer, bool) or not isinstance(claim.answer, int | float)):
            raise BadOutcome(
                f"The result {claim.name[:80]} in {claim.unit} is {str(claim.answer)[:40]!r}, no number.",
                fix="Write it as 1234.56, with a point and no other separator. Where it is not known, "
                "leave it empty.",
                name=claim.name[:80],
            )
        answer = canonical_json(claim.answer).decode()
    elif claim.name not in fields:
        raise BadOutcome(
            f"There is no field {claim.name[:80]!r}.",
            fix=f"Fields: {', '.join(fields)}. A business result has a name instead.",
            field=claim.name[:80],
        )
    else:
        answer = check_answer(fields[claim.name], claim.answer)
    if claim.observed_at is not None and claim.observed_at > now + _TOLERANCE:
        raise BadOutcome(
            f"It turned out at {claim.observed_at:%Y-%m-%d %H:%M} UTC, which is still to come; "
            f"it is {now:%Y-%m-%d %H:%M}.",
            fix="Mend observed_at, or the clock of this machine.",
        )
    return ReportedOutcome(
        decision=about.entry,
        case_id=about.case_id,
        release=about.release,
        tenant=about.tenant,
        kind=kind,
        name=claim.name,
        answer=answer,
        by=claim.by or by,
        source=source,
        unit=claim.unit,
        observed_at=claim.observed_at,
        minutes=claim.minutes,
        evidence=evidence,
        note=note,
    )


def told_about(workshop: Workshop, history: History, entry: int) -> list[ReportedOutcome]:
    """Return every report about one decision, in their order."""
    return [
        msgspec.convert(workshop.ledger.entry(index).body, ReportedOutcome)
        for index in history.reports_of(entry)
    ]


def stands_for(workshop: Workshop, history: History, entry: int) -> list[Standing]:
    """Return what stands for one decision."""
    return standings(told_about(workshop, history, entry))


def outcomes_view(
    workshop: Workshop,
    *,
    tenant: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    disputed: bool = False,
    limit: int = 50,
) -> OutcomesView:
    """Show what was reported.

    Parameters
    ----------
    workshop : Workshop
    tenant : str or None
        Only about decisions of this one; None for those of all.
    since, until : datetime or None
        Only about decisions from the first on, before the second; UTC.
    disputed : bool
        Only decisions about which reports disagree.
    limit : int
        At most so many decisions.
    """
    history = workshop.history
    wanted = Wanted(tenant=tenant, since=since, until=until, reported=True)
    quarrels = _disputed(workshop, wanted)
    entries = sorted({entry for entry, _, _ in quarrels}, reverse=True)[:limit] if disputed else None
    rows = (
        history.decisions(wanted, limit=limit)
        if entries is None
        else [history.decisions(wanted, limit=1, before=entry + 1)[0] for entry in entries]
    )
    return OutcomesView(
        workshop.deployment.name,
        history.count(wanted, at_most=2**62).n,
        len(quarrels),
        tuple(
            StandsFor(
                row.entry, row.case_name, row.decided_at, tuple(stands_for(workshop, history, row.entry))
            )
            for row in rows
        ),
    )


@traced("outcome load")
def load_outcomes(
    workshop: Workshop,
    rows: Iterable[Row],
    *,
    by: str,
    source: Literal["file", "source"] = "file",
    tenant: str | None = None,
    skip_unknown: bool = False,
) -> Loaded:
    """Write down what a file or a source says; all of it, or nothing where a single row cannot be used.

    Every row is checked before the first is written. Killed while it writes, the same call goes on: what
    stands there is not written again. A row that names a case is about its newest decision, of the named
    release where one is named.

    Parameters
    ----------
    workshop : Workshop
    rows : iterable of (number, columns)
    by : str
        Who says so, where a row names nobody.
    source : {"file", "source"}
    tenant : str or None
        Only decisions of this one are known; None for those of all.
    skip_unknown : bool
        Leave out rows about no decision, and count them; otherwise the first of them refuses all.

    Returns
    -------
    Loaded

    Raises
    ------
    UnknownDecision, BadOutcome, BadAnswer
        The message names the row.
    """
    fields = {field.key: field for field in workshop.deployment.fields}
    intake = _Intake(workshop, fields, by, source, tenant, skip_unknown)
    workshop.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=workshop.state) as kept:
        for chunk in _chunks(rows, _CHUNK):
            for one in intake.checked(chunk):
                kept.write(msgspec.json.encode(one) + b"\n")
        kept.seek(0)
        written, repeated = _write(workshop, kept)
    return Loaded(
        rows=written + repeated + intake.unknown,
        written=written,
        repeated=repeated,
        empty=intake.empty,
        unknown=intake.unknown,
        unknown_rows=tuple(intake.unknown_rows),
        early=intake.early,
        early_rows=tuple(intake.early_rows),
    )


class _Intake:
    """Checks rows, a chunk at a time, and counts what is odd about them."""

    def __init__(
        self,
        workshop: Workshop,
        fields: Mapping[str, Field],
        by: str,
        source: Literal["file", "source"],
        tenant: str | None,
        skip_unknown: bool,
    ) -> None:
        self._workshop = workshop
        self._fields = fields
        self._by = by
        self._source: OutcomeSource = source
        self._tenant = tenant
        self._skip = skip_unknown
        self._now = workshop.clock()
        self.empty = self.unknown = self.early = 0
        self.unknown_rows: list[int] = []
        self.early_rows: list[int] = []

    def checked(self, rows: Sequence[Row]) -> Iterator[ReportedOutcome]:
        claims = [(number, self._read(number, row)) for number, row in rows]
        known = self._decisions([claim for _, claim in claims if claim is not None])
        for number, claim in claims:
            if claim is None:
                self.empty += 1
                continue
            about = _find(claim, known)
            if about is None:
                self._unknown(number, claim)
                continue
            yield self._outcome(number, claim, about)

    def _read(self, number: int, row: Mapping[str, object]) -> Claim | None:
        try:
            claim = claim_of_row(row, self._fields)
        except FlyballError as err:
            raise _of_row(err, number) from err
        if claim is None or not claim.decision or _is_entry(claim.decision):
            return claim
        name, entry = _entry(number, claim.decision)
        return replace(claim, decision=str(entry)) if name == self._workshop.deployment.name else claim

    def _outcome(self, number: int, claim: Claim, about: About) -> ReportedOutcome:
        try:
            made = reported_outcome(
                about, claim, self._fields, by=self._by, source=self._source, now=self._now
            )
        except FlyballError as err:
            raise _of_row(err, number) from err
        at = claim.observed_at
        if at is not None and (at.date() if claim.day_only else at) < (
            about.decided_at.date() if claim.day_only else about.decided_at
        ):
            self.early += 1
            self.early_rows += [number] if len(self.early_rows) < _SHOWN else []
        return made

    def _unknown(self, number: int, claim: Claim) -> None:
        if not self._skip:
            raise _no_decision(number, claim.decision or claim.case, self._workshop.deployment.name)
        self.unknown += 1
        self.unknown_rows += [number] if len(self.unknown_rows) < _SHOWN else []

    def _decisions(self, claims: Sequence[Claim]) -> dict[str, list[About]]:
        """Return decisions by entry ("#128"), and by id and name of their case, oldest first."""
        entries = sorted({int(one.decision) for one in claims if _is_entry(one.decision)})
        cases = sorted({one.case for one in claims if one.case})
        table = self._workshop.history.named(entries=entries, cases=cases, tenant=self._tenant)
        found: dict[str, list[About]] = {}
        columns = ("entry", "case_id", "case_name", "release", "tenant", "decided_at")
        for entry, case_id, name, release, tenant, at in zip(
            *(table.column(one).to_pylist() for one in columns), strict=True
        ):
            about = About(entry, case_id, release, tenant, at)
            found[f"#{entry}"] = [about]
            for case in {case_id, name}:
                found.setdefault(f"={case}", []).append(about)
        return found


def _find(claim: Claim, known: Mapping[str, list[About]]) -> About | None:
    if claim.decision:  # that of another deployment is none
        return (
            next(iter(known.get(f"#{int(claim.decision)}", ())), None) if _is_entry(claim.decision) else None
        )
    digest = claim.release if claim.release.startswith("sha256:") else f"sha256:{claim.release}"
    fits = [one for one in known.get(f"={claim.case}", ()) if one.release.startswith(digest)]
    return max(fits, key=lambda one: one.entry, default=None)


def _write(workshop: Workshop, kept: IO[bytes]) -> tuple[int, int]:
    """Write what is new, and return how much was and how much stood there.

    Where a reporter goes back to a word, only what the whole file says last counts: so a file that holds two
    words of somebody about one thing adds nothing the second time either.
    """
    decoder = msgspec.json.Decoder(ReportedOutcome)
    rows = written = 0
    back: dict[Thing, ReportedOutcome] = {}
    for lines in _chunks(kept, _CHUNK):
        made = [decoder.decode(line) for line in lines]
        rows += len(made)
        heard = _heard(workshop, made)
        new = {}
        for one in made:
            if heard.returns(one):
                back[thing_of(one)] = one
                continue
            back.pop(thing_of(one), None)
            key = heard.key(one)
            if not heard.knows(one):
                heard.add(one)
                new[key] = one
        written += _append(workshop, new)
    for last in _chunks(back.values(), _CHUNK):
        heard = _heard(workshop, last)
        written += _append(workshop, {heard.key(one): one for one in last if heard.returns(one)})
    return written, rows - written


def _append(workshop: Workshop, made: Mapping[str, ReportedOutcome]) -> int:
    """Write reports down under their keys, and return how many did not stand there."""
    receipts = workshop.ledger.append_many(
        Draft(OUTCOME, one, workshop.actor, (), key) for key, one in made.items()
    )
    return sum(not receipt.repeated for receipt in receipts)


def _heard(workshop: Workshop, about: Sequence[ReportedOutcome]) -> Heard:
    """Return what was said before about the same decisions."""
    ours = {one.decision: one for one in about}
    columns = ("decision", "kind", "name", "answer", "by", "source", "unit", "observed_at", "minutes")
    table = workshop.history.reports_about(sorted(ours)).select(columns)
    return Heard(
        replace(
            ours[decision],
            kind=kind,
            name=name,
            answer=answer,
            by=by,
            source=source,
            unit=unit,
            observed_at=at,
            minutes=minutes,
        )
        for decision, kind, name, answer, by, source, unit, at, minutes in zip(
            *(column.to_pylist() for column in table.columns), strict=True
        )
    )


def _disputed(workshop: Workshop, wanted: Wanted) -> list[tuple[int, str, bool]]:
    """Return (decision, name, whether it is a business result) wherever reports disagree."""
    last: dict[tuple[int, str, bool], dict[str, tuple[str, str]]] = {}
    settled: set[tuple[int, str, bool]] = set()
    table = workshop.history.reports_table(wanted, several=True)
    columns = ("decision", "name", "kind", "by", "answer", "unit", "source")
    for decision, name, kind, by, answer, unit, source in zip(
        *(table.column(one).to_pylist() for one in columns), strict=True
    ):
        key = (decision, name, kind == "business")
        last.setdefault(key, {})[by] = (answer, unit)
        if source == "settled":
            settled.add(key)
    return [key for key, voices in last.items() if key not in settled and len(set(voices.values())) > 1]


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _is_entry(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ENTRY


def _entry(number: int, id: str) -> tuple[str, int]:
    try:
        return entry_of_id(id)
    except UnknownDecision as err:
        raise _of_row(err, number) from err


def _of_row(err: FlyballError, number: int) -> FlyballError:
    err.message = f"Row {number}: {err.message}"
    err.values["row"] = number
    return err


def _no_decision(number: int, id: str, deployment: str) -> UnknownDecision:
    return UnknownDecision(
        f"Row {number}: no decision or case {id[:100]!r} is known in {deployment}; nothing was written.",
        fix="Mend the row, or leave such rows out with --skip-unknown: they are counted.",
        id=id[:100],
        row=number,
    )
