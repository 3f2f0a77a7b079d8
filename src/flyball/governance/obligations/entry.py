"""One file of the catalogue: each `[[obligation]]` and `[[precedence]]` read strictly, by itself."""

import re
import tomllib
from datetime import date, datetime
from typing import Any

import msgspec

from flyball.core.errors import BadInput
from flyball.governance.obligations.errors import BadCatalogue
from flyball.governance.obligations.jurisdictions import shipped_jurisdictions
from flyball.governance.obligations.records import (
    AppliesTo,
    Covers,
    Demand,
    Obligation,
    Precedence,
    Source,
)

__all__ = ["read_entries"]

_ID = re.compile(r"[\w.-]+")


class _Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    law: str
    article: str
    citation: str


class _AppliesTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sectors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    data_labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    decision_kinds: tuple[str, ...] = ()
    expert_kinds: tuple[str, ...] = ()


class _Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    of: str
    at_least: int | None = None
    at_most: int | None = None
    must: bool | None = None


class _Precedence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    duty: str
    over: str
    why: str
    decided_by: str


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    jurisdiction: str
    source: _Source
    text: str
    effective_from: date
    read_at: str
    version: int = 1
    effective_to: date | None = None
    known_from: date | None = None
    end_known_from: date | None = None
    withdrawn_on: date | None = None
    supersedes: tuple[str, ...] = ()
    applies_to: _AppliesTo = _AppliesTo()
    checks: tuple[str, ...] = ()
    gaps: str = ""
    confirm_with_counsel: bool = True
    confirmed_by: str = ""
    override_reason: str = ""
    covers: Covers = "whole"
    review_by: date | None = None
    demands: tuple[_Demand, ...] = ()
    contradicts: tuple[str, ...] = ()


def read_entries(file: str, data: bytes) -> tuple[list[Obligation], list[Precedence]]:
    """Read one file: its duties and its rules of precedence.

    Parameters
    ----------
    file : str
        Its name, for messages.
    data : bytes
        What it holds.

    Returns
    -------
    list of Obligation, list of Precedence
        As they stand there; whether they fit the rest of the catalogue `load_catalogue` looks at.

    Raises
    ------
    BadCatalogue
        Names the file and the id.
    """
    try:
        tables: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadCatalogue(f"{file} is not TOML: {err}.", fix="Mend the line it names.", file=file) from err
    unknown = sorted(set(tables) - {"obligation", "precedence"})
    if unknown:
        raise BadCatalogue(
            f"{file}: unknown key {unknown[0]!r}.",
            fix="Write each duty as an [[obligation]] table, each rule of precedence as [[precedence]].",
            file=file,
        )
    for name in ("obligation", "precedence"):
        if not isinstance(tables.get(name, []), list):
            raise BadCatalogue(
                f"{file}: `{name}` is a single table.",
                fix=f"Write [[{name}]] with two brackets.",
                file=file,
            )
    obligations = [_entry(row, number, file) for number, row in enumerate(tables.get("obligation", []), 1)]
    return obligations, [_precedence(row, file) for row in tables.get("precedence", [])]


def _precedence(row: dict[str, Any], file: str) -> Precedence:
    try:
        read = msgspec.convert(row, _Precedence, strict=True)
    except msgspec.ValidationError as err:
        raise BadCatalogue(
            f"{file}: a rule of precedence: {err}.",
            fix="Write duty, over, why and decided_by.",
            file=file,
        ) from err
    if not read.why.strip() or not read.decided_by.strip():
        raise BadCatalogue(
            f"{file}: precedence of {read.duty} over {read.over}: why or decided_by is empty.",
            fix="Say why, and who decided it and when.",
            file=file,
            id=read.duty,
        )
    return Precedence(read.duty, read.over, read.why, read.decided_by)


def _entry(row: dict[str, Any], number: int, file: str) -> Obligation:
    name = row.get("id") if isinstance(row.get("id"), str) else f"number {number}"
    for key, value in row.items():
        if isinstance(value, datetime):  # msgspec would cut a time of day off silently
            raise BadCatalogue(
                f"{file}: obligation {name}: {key} must be a date without a time, got {value.isoformat()}.",
                fix="Write YYYY-MM-DD.",
                file=file,
                id=name,
            )
    try:
        entry = msgspec.convert(row, _Entry, strict=True)
    except msgspec.ValidationError as err:
        raise BadCatalogue(
            f"{file}: obligation {name}: {err}.",
            fix="See docs/obligations.md for every key and its form.",
            file=file,
            id=name,
        ) from err
    obligation = Obligation(
        id=entry.id,
        version=entry.version,
        title=entry.title,
        jurisdiction=entry.jurisdiction,
        source=Source(entry.source.law, entry.source.article, entry.source.citation),
        text=entry.text,
        effective_from=entry.effective_from,
        effective_to=entry.effective_to,
        known_from=entry.known_from or entry.effective_from,
        end_known_from=entry.end_known_from or entry.effective_to,
        withdrawn_on=entry.withdrawn_on,
        supersedes=entry.supersedes,
        superseded_by=(),
        applies_to=AppliesTo(**{key: getattr(entry.applies_to, key) for key in _AppliesTo.__struct_fields__}),
        checks=entry.checks,
        read_at=entry.read_at,
        gaps=entry.gaps,
        confirm_with_counsel=entry.confirm_with_counsel,
        confirmed_by=entry.confirmed_by,
        override_reason=entry.override_reason,
        covers=entry.covers,
        review_by=entry.review_by,
        demands=tuple(Demand(one.of, one.at_least, one.at_most, one.must) for one in entry.demands),
        contradicts=entry.contradicts,
    )
    _refuse_nonsense(obligation, file)
    return obligation


def _refuse_nonsense(obligation: Obligation, file: str) -> None:
    """Check what types cannot: empty words, days out of order, a place that is none."""

    def refuse(what: str, fix: str) -> BadCatalogue:
        return BadCatalogue(
            f"{file}: obligation {obligation.id}: {what}.", fix=fix, file=file, id=obligation.id
        )

    source = obligation.source
    words = {
        "id": obligation.id,
        "title": obligation.title,
        "text": obligation.text,
        "read_at": obligation.read_at,
        "source.law": source.law,
        "source.article": source.article,
        "source.citation": source.citation,
    }
    for key, value in words.items():
        if not value.strip():
            raise refuse(f"{key} is empty", f"Write {key}; an entry without it cannot be checked by anyone")
    if not _ID.fullmatch(obligation.id):
        raise refuse(
            f"the id {obligation.id!r} holds something else than letters, digits, dots and dashes",
            "Use only these; addresses, files and citations are made of it.",
        )
    if obligation.version < 1:
        raise refuse(f"version must be 1 or more, got {obligation.version}", "Count versions from 1.")
    start, end = obligation.effective_from, obligation.effective_to
    if end is not None and start >= end:
        raise refuse(
            f"effective_from {start} is not before effective_to {end}",
            "effective_to is the first day on which it no longer applies.",
        )
    if obligation.known_from > start:
        raise refuse(
            f"known_from {obligation.known_from} is after effective_from {start}",
            "A duty is known on the day it begins, or before.",
        )
    if obligation.end_known_from is not None and (end is None or obligation.end_known_from > end):
        raise refuse(
            f"end_known_from {obligation.end_known_from} does not fit effective_to {end}",
            "Give the day on which the end was published; it is not after the end.",
        )
    withdrawn = obligation.withdrawn_on
    if withdrawn is not None and not obligation.known_from < withdrawn <= start:
        raise refuse(
            f"withdrawn_on {withdrawn} must lie after known_from {obligation.known_from} and not after "
            f"effective_from {start}",
            "A version that did apply ends by effective_to instead.",
        )
    if not obligation.confirm_with_counsel and not obligation.confirmed_by.strip():
        raise refuse(
            "confirm_with_counsel is false, but confirmed_by names nobody",
            "Write who confirmed it and when.",
        )
    for demand in obligation.demands:
        bounds = [one for one in (demand.at_least, demand.at_most) if one is not None]
        if not demand.of.strip() or bool(bounds) == (demand.must is not None) or bounds != sorted(bounds):
            raise refuse(
                f"a demand of {demand.of!r} asks for nothing, or for what cannot be",
                "Write `of`, and either `must` or bounds of which at_least is not above at_most.",
            )
    if obligation.covers == "part" and not (obligation.checks and obligation.gaps.strip()):
        raise refuse(
            'covers is "part", but checks or gaps are empty',
            "Name the checks that show part of the duty, and say in `gaps` what they leave open.",
        )
    try:
        shipped_jurisdictions().normal(obligation.jurisdiction)
    except BadInput as err:
        raise refuse(err.message.removesuffix("."), err.fix) from err
