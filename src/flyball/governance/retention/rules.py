"""Rules of retention: the least time that records stay, by the duties in force and the labels of the data."""

import tomllib
from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Literal, get_args

import msgspec

from flyball.core.errors import BadInput
from flyball.governance.obligations.records import Obligation

__all__ = [
    "RECORDS",
    "BadRetentionRule",
    "Kept",
    "Records",
    "RetentionRule",
    "after_months",
    "load_rules",
    "rules_in_force",
]

Records = Literal["ledger", "releases", "texts"]
RECORDS: tuple[Records, ...] = get_args(Records)
_LONGEST_MONTHS = 1200
_DEMANDED: dict[str, tuple[Records, ...]] = {
    "record.kept_days": ("ledger", "texts"),
    "documentation.kept_days": ("ledger", "releases"),
}
"""What duties demand to be kept, and which records that is where no rule says it more closely."""
_MONTHS_A_DAY = 12 / 365.2425
_MONTHS_DIFFER_DAYS = 3


class BadRetentionRule(BadInput):
    """A rule of retention cannot be used as it is written."""

    code = "retention.bad_rule"


class RetentionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long some records stay at least.

    Parameters
    ----------
    id, title : str
    records : tuple of {"ledger", "releases", "texts"}
    months : int
        Calendar months from the day of a record.
    source : str
        To the article.
    obligation, label : str
        One of them: the duty by whose force it holds, or the data label.
    gaps : str
        What was not read, or is not settled.
    confirm_with_counsel : bool
    """

    id: str
    title: str
    records: tuple[Records, ...]
    months: int
    source: str
    obligation: str = ""
    label: str = ""
    gaps: str = ""
    confirm_with_counsel: bool = True


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[RetentionRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """The least time that one kind of record stays.

    Parameters
    ----------
    records : {"ledger", "releases", "texts"}
    months : int
        0 where nothing in the rules asks for any time.
    rules : tuple of RetentionRule
        All that hold, the longest first.
    """

    records: Records
    months: int
    rules: tuple[RetentionRule, ...]


def load_rules(own: Path | None = None, *, known: Collection[str] | None = None) -> tuple[RetentionRule, ...]:
    """Read the shipped rules and those of a deployment.

    Parameters
    ----------
    own : Path, optional
        `retention.toml`; may be missing.
    known : collection of str, optional
        Ids of all duties of the catalogue; a rule of any other would never hold.

    Raises
    ------
    BadRetentionRule
        An unknown key, an id twice, neither or both of obligation and label, a duty that is not known, no
        records, no source, or months out of 1 to 1,200.
    """
    shipped = files("flyball.governance.retention").joinpath("rules.toml").read_text(encoding="utf-8")
    read = [("rules.toml", shipped)]
    if own is not None and own.is_file():
        read.append((own.name, own.read_text(encoding="utf-8", errors="replace")))
    found: dict[str, RetentionRule] = {}
    for name, text in read:
        try:
            file = msgspec.convert(tomllib.loads(text), _File, strict=True)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as err:
            raise BadRetentionRule(
                f"{name}: {err}.", fix="See docs/access.md for its form.", file=name
            ) from err
        for row in file.rule:
            problem = _problem(row, found, known)
            if problem:
                raise BadRetentionRule(f"{name}: rule {row.id!r} {problem}.", fix="Correct it.", rule=row.id)
            found[row.id] = row
    return tuple(found.values())


def rules_in_force(
    rules: Sequence[RetentionRule], *, duties: Sequence[Obligation], labels: Iterable[str]
) -> dict[Records, Kept]:
    """Return for each kind of record how long it stays at least.

    Parameters
    ----------
    rules : sequence of RetentionRule
    duties : sequence of Obligation
        In force. One that demands days of keeping and that no rule names is kept to as it stands.
    labels : iterable of str
        Of the data.

    Raises
    ------
    BadRetentionRule
        A duty demands more than 1,200 months.
    """
    ids, tags = {duty.id for duty in duties}, frozenset(labels)
    held = [one for one in rules if one.obligation in ids or one.label in tags]
    ruled = {one.obligation for one in rules}
    held += [rule for duty in duties if duty.id not in ruled for rule in _demanded(duty)]
    found: dict[Records, Kept] = {}
    for records in RECORDS:
        mine = sorted((one for one in held if records in one.records), key=lambda one: (-one.months, one.id))
        found[records] = Kept(records, mine[0].months if mine else 0, tuple(mine))
    return found


def after_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many calendar months later; the last day where the month is shorter."""
    number = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(number, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _demanded(duty: Obligation) -> list[RetentionRule]:
    """Return the demands of a duty as rules, in months that are never shorter than its days."""
    found = [one for one in duty.demands if one.of in _DEMANDED and (one.at_least or 0) > 0]
    return [
        RetentionRule(
            id=duty.key,
            title=duty.title,
            records=_DEMANDED[demand.of],
            months=_months(demand.at_least or 0, duty),
            source=f"{duty.source.law}, {duty.source.article}: {demand.in_words}",
            obligation=duty.id,
            gaps=duty.gaps,
            confirm_with_counsel=duty.confirm_with_counsel,
        )
        for demand in found
    ]


def _months(days: int, duty: Obligation) -> int:
    months = ceil((days + _MONTHS_DIFFER_DAYS) * _MONTHS_A_DAY)
    if months > _LONGEST_MONTHS:
        raise BadRetentionRule(
            f"Duty {duty.key} demands that records stay {days:,} days, more than {_LONGEST_MONTHS} months.",
            fix="Correct the demand of the duty.",
            obligation=duty.id,
        )
    return months


def _problem(row: RetentionRule, found: dict[str, RetentionRule], known: Collection[str] | None) -> str:
    if not row.id.strip() or row.id in found:
        return "is there twice, or has no id"
    if bool(row.obligation) == bool(row.label):
        return "needs either an obligation or a label, by which it holds"
    if row.obligation and known is not None and row.obligation not in known:
        return f"holds by {row.obligation!r}, which is no duty of the catalogue, so it would never hold"
    if not row.records or not 1 <= row.months <= _LONGEST_MONTHS:
        return f"needs records and 1 to {_LONGEST_MONTHS} months, got {len(row.records)} and {row.months}"
    return "" if row.source.strip() else "states no source"
