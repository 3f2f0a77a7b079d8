"""Rules of retention: the least time that records stay, by the duties in force and the labels of the data."""

import tomllib
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import msgspec

from flyball.core.errors import BadInput

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


class BadRetentionRule(BadInput):
    """A rule of retention cannot be used as it is written."""

    code = "retention.bad_rule"


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
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
    rule: tuple[_Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionRule:
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


def load_rules(own: Path | None = None) -> tuple[RetentionRule, ...]:
    """Read the shipped rules and those of a deployment.

    Parameters
    ----------
    own : Path, optional
        `retention.toml`; may be missing.

    Raises
    ------
    BadRetentionRule
        An unknown key, an id twice, neither or both of obligation and label, no records, no source, or
        months out of 1 to 1,200.
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
            problem = _problem(row, found)
            if problem:
                raise BadRetentionRule(f"{name}: rule {row.id!r} {problem}.", fix="Correct it.", rule=row.id)
            found[row.id] = RetentionRule(**{one: getattr(row, one) for one in row.__struct_fields__})
    return tuple(found.values())


def rules_in_force(
    rules: Iterable[RetentionRule], *, obligations: Iterable[str], labels: Iterable[str]
) -> dict[Records, Kept]:
    """Return for each kind of record how long it stays at least.

    Parameters
    ----------
    rules : iterable of RetentionRule
    obligations : iterable of str
        Ids of the duties in force.
    labels : iterable of str
        Of the data.
    """
    duties, tags = frozenset(obligations), frozenset(labels)
    held = [one for one in rules if one.obligation in duties or one.label in tags]
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


def _problem(row: _Rule, found: dict[str, RetentionRule]) -> str:
    if not row.id.strip() or row.id in found:
        return "is there twice, or has no id"
    if bool(row.obligation) == bool(row.label):
        return "needs either an obligation or a label, by which it holds"
    if not row.records or not 1 <= row.months <= _LONGEST_MONTHS:
        return f"needs records and 1 to {_LONGEST_MONTHS} months, got {len(row.records)} and {row.months}"
    return "" if row.source.strip() else "states no source"
