"""The catalogue of duties: TOML files, read strictly, joined, and checked against each other."""

import itertools
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.governance.obligations.jurisdictions import shipped_jurisdictions
from flyball.governance.obligations.records import AppliesTo, Covers, Obligation, Source

__all__ = ["SHIPPED", "BadCatalogue", "Catalogue", "load_catalogue"]

SHIPPED = Path(__file__).with_name("entries")
"""Folder of the entries that Flyball ships."""


class BadCatalogue(BadInput):
    """An entry of the catalogue cannot be believed."""

    code = "obligations.bad_catalogue"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All duties that are known, past, present and future, sorted by key.

    Parameters
    ----------
    obligations : tuple of Obligation
    """

    obligations: tuple[Obligation, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Every identifier that a rule or principle may cite."""
        return frozenset(obligation.id for obligation in self.obligations)

    @property
    def digest(self) -> str:
        """Digest of all entries together."""
        return digest_of([obligation.digest for obligation in self.obligations])

    def versions(self, id: str) -> tuple[Obligation, ...]:
        """Return the versions of one duty, oldest first.

        Raises
        ------
        BadCatalogue
            No such duty.
        """
        found = tuple(obligation for obligation in self.obligations if obligation.id == id)
        if not found:
            raise BadCatalogue(
                f"No obligation is called {id!r}.",
                fix="Correct the name, or add the duty to the deployment's obligations folder.",
                id=id,
            )
        return found


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


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry with the file that it stands in, for messages."""

    obligation: Obligation
    file: str


def load_catalogue(paths: Sequence[Path] = (), *, shipped: bool = True) -> Catalogue:
    """Read the shipped entries and those of a deployment into one catalogue.

    A deployment may add entries. It may replace a shipped one (same id and version) only by saying
    why, in `override_reason`; the reason stays in the record and is shown with the duty.

    Parameters
    ----------
    paths : sequence of Path
        TOML files, or folders of them, of the deployment; later ones may override earlier ones.
    shipped : bool
        Whether to start from the entries that Flyball ships.

    Returns
    -------
    Catalogue
        With `superseded_by` worked out.

    Raises
    ------
    BadCatalogue
        A path that does not exist, a file that is not TOML, an unknown key, a bad or disordered
        date, a duplicate, a dangling `supersedes`, or two versions in force on one day. The message
        names the file and the id.
    """
    known: dict[str, _Placed] = {}
    for path in [*([SHIPPED] if shipped else []), *paths]:
        _join(known, path)
    _check_versions(known.values())
    return Catalogue(tuple(_with_successors(known)))


def _join(known: dict[str, _Placed], path: Path) -> None:
    """Add what stands under one path; within it every key stands once."""
    here: dict[str, _Placed] = {}
    for file in _files(path):
        for obligation in _read(file):
            twin = here.get(obligation.key)
            if twin is not None:
                raise BadCatalogue(
                    f"{file.name}: obligation {obligation.key} is already in {twin.file}.",
                    fix="Give a changed text a new `version`, or delete one of the two.",
                    file=file,
                    id=obligation.id,
                )
            here[obligation.key] = _Placed(obligation, file.name)
    for key, placed in here.items():
        replaced = known.get(key)
        reason = placed.obligation.override_reason.strip()
        if replaced is not None and not reason:
            raise BadCatalogue(
                f"{placed.file}: obligation {key} is already in {replaced.file} and is replaced "
                "without a reason.",
                fix="Say why in `override_reason`, or give it an id of its own.",
                file=placed.file,
                id=placed.obligation.id,
            )
        if replaced is None and reason:
            raise BadCatalogue(
                f"{placed.file}: obligation {key} has an override_reason, but there is nothing to override.",
                fix="Check id and version, or take the reason away.",
                file=placed.file,
                id=placed.obligation.id,
            )
    known.update(here)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.toml"))
    if path.is_file():
        return [path]
    raise BadCatalogue(
        f"{path.name}: no such file or folder of obligations.",
        fix="Make the folder, or take the setting away; a missing folder must not read as no duties.",
        path=path,
    )


def _read(file: Path) -> list[Obligation]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadCatalogue(
            f"{file.name} is not TOML: {err}.", fix="Mend the line it names.", file=file
        ) from err
    unknown = sorted(set(data) - {"obligation"})
    if unknown:
        raise BadCatalogue(
            f"{file.name}: unknown key {unknown[0]!r}.",
            fix="Write each duty as an [[obligation]] table.",
            file=file,
        )
    rows = data.get("obligation", [])
    if not isinstance(rows, list):
        raise BadCatalogue(
            f"{file.name}: `obligation` is a single table.",
            fix="Write [[obligation]] with two brackets.",
            file=file,
        )
    return [_entry(row, number, file) for number, row in enumerate(rows, start=1)]


def _entry(row: dict[str, Any], number: int, file: Path) -> Obligation:
    name = row.get("id") if isinstance(row.get("id"), str) else f"number {number}"
    for key, value in row.items():
        if isinstance(value, datetime):  # msgspec would cut a time of day off silently
            raise BadCatalogue(
                f"{file.name}: obligation {name}: {key} must be a date without a time, "
                f"got {value.isoformat()}.",
                fix="Write YYYY-MM-DD.",
                file=file,
                id=name,
            )
    try:
        entry = msgspec.convert(row, _Entry, strict=True)
    except msgspec.ValidationError as err:
        raise BadCatalogue(
            f"{file.name}: obligation {name}: {err}.",
            fix="See docs/governance.md for every key and its form.",
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
    )
    _refuse_nonsense(obligation, file)
    return obligation


def _refuse_nonsense(obligation: Obligation, file: Path) -> None:
    """Check what types cannot: empty words, days out of order, a place that is none."""

    def refuse(what: str, fix: str) -> BadCatalogue:
        return BadCatalogue(
            f"{file.name}: obligation {obligation.id}: {what}.", fix=fix, file=file, id=obligation.id
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
    if "#" in obligation.id or obligation.id != obligation.id.strip() or " " in obligation.id:
        raise refuse(
            f"the id {obligation.id!r} holds '#' or a space", "Use letters, digits, dots and dashes."
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
    if obligation.covers == "part" and not (obligation.checks and obligation.gaps.strip()):
        raise refuse(
            'covers is "part", but checks or gaps are empty',
            "Name the checks that show part of the duty, and say in `gaps` what they leave open.",
        )
    try:
        shipped_jurisdictions().normal(obligation.jurisdiction)
    except BadInput as err:
        raise refuse(err.message.removesuffix("."), err.fix) from err


def _check_versions(placed: Iterable[_Placed]) -> None:
    """Refuse two versions of one duty that apply on one day, as known on one day: a citation names both."""
    by_id: dict[str, list[_Placed]] = {}
    for item in placed:
        by_id.setdefault(item.obligation.id, []).append(item)
    for id, items in by_id.items():
        items.sort(key=lambda item: item.obligation.version)
        for earlier, later in itertools.combinations(items, 2):
            old, new = earlier.obligation, later.obligation
            end = old.effective_to
            if old.withdrawn_on is not None:
                overlap = new.known_from < old.withdrawn_on
            else:
                overlap = (
                    end is None or end > new.effective_from or (old.end_known_from or end) > new.known_from
                )
            if overlap:
                raise BadCatalogue(
                    f"{later.file}: obligation {id}: {old.key} does not end, as far as was known, when "
                    f"{new.key} begins.",
                    fix="End the earlier version by effective_to and end_known_from, or by withdrawn_on "
                    "if it never applied.",
                    file=later.file,
                    id=id,
                )


def _with_successors(known: dict[str, _Placed]) -> list[Obligation]:
    """Resolve `supersedes` and turn it round."""
    ids = {placed.obligation.id for placed in known.values()}
    successors: dict[str, set[str]] = {}
    for key, placed in known.items():
        obligation = placed.obligation
        for old in obligation.supersedes:
            if old == key or (old not in known and old not in ids):
                raise BadCatalogue(
                    f"{placed.file}: obligation {key} supersedes {old!r}, which is not another entry "
                    "of the catalogue.",
                    fix="Add the old duty with its dates, or correct the name.",
                    file=placed.file,
                    id=obligation.id,
                )
            for other_key, other in known.items():
                if old == other_key or (old == other.obligation.id and other_key != key):
                    successors.setdefault(other_key, set()).add(key)
    return [
        replace(known[key].obligation, superseded_by=tuple(sorted(successors.get(key, ()))))
        for key in sorted(known, key=lambda key: (known[key].obligation.id, known[key].obligation.version))
    ]
