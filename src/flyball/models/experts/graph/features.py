"""What is known about a transfer from its neighbours, at the moment at which it happens.

One function over the log serves training and serving: it is asked for entries of the log and looks back from
each. Relations are never merged: what the payer sent, what it received, what the payee received, what it
sent, and what the device was used for are told apart, each over a day, a week and a month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.experts.graph.cycles import cycles_of
from flyball.models.experts.graph.log import LONG_AGO, TransferLog, View

__all__ = [
    "DAY",
    "FEATURES_VERSION",
    "WINDOWS",
    "Described",
    "Limits",
    "describe",
    "learned_columns",
    "names_of_features",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DAY = 86_400
WINDOWS: Mapping[str, int] = {"1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
LOOKED_AT = 32
"""Latest transfers of an account that are looked at in each relation: bounds time and memory."""

FEATURES_VERSION = 1
"""Another number where a column comes to mean something else: rows are described again."""

_PLACES = 4
_SAID_ALREADY = frozenset({"share_of_limit"})
"""For rules: the amount, in another unit. As a reason it would be told twice."""
_AT_ONCE = 1_024
_MOST_PASSED_ON = 10_000
_TWO_HOPS = (
    ("payee_received", "payer_received_accounts_7d"),
    ("payee_received", "payer_age"),
    ("payee_received", "payer_passed_on"),
    ("payer_received", "payer_received_accounts_7d"),
    ("payer_received", "payer_age"),
    ("payer_received", "payer_passed_on"),
    ("payer_sent", "payee_received_accounts_7d"),
    ("payee_sent", "payee_received_accounts_7d"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What people know beforehand.

    Parameters
    ----------
    reporting : float
        Amount from which a transfer has to be reported, in units of the currency.
    near : float
        From which share of it on an amount is near the limit.
    """

    reporting: float = 10_000.0
    near: float = 0.8

    def __post_init__(self) -> None:
        if not (self.reporting > 0.0 and 0.0 < self.near < 1.0):
            raise BadInput(
                f"A reporting limit of {self.reporting} with {self.near} of it as near cannot be used.",
                fix="The limit is above 0, the share between 0 and 1.",
            )


@dataclass(frozen=True, slots=True)
class Described:
    """Transfers and what is known about each.

    Parameters
    ----------
    names : tuple of str
    values : ndarray of float64, shape (n, n_names)
        NaN where there is nothing to take a mean of, or nothing happened before.
    paths : dict of int to tuple of str
        Place -> accounts of the cycle that a transfer closes, in the order of the money.
    """

    names: tuple[str, ...]
    values: Floats
    paths: Mapping[int, tuple[str, ...]]

    def rounded(self) -> Floats:
        """Return the values as a row holds them: to four decimals, in training as in serving."""
        found: Floats = np.round(self.values, _PLACES)
        return found

    def column(self, name: str) -> Floats:
        """Return one column."""
        return self.values[:, self.names.index(name)]

    def learned(self) -> Floats:
        """Return the columns to learn from, as a row holds them."""
        return self.rounded()[:, [self.names.index(name) for name in learned_columns()]]


def describe(log: TransferLog, entries: Integers, limits: Limits | None = None) -> Described:
    """Say of each transfer what was known at its moment.

    Parameters
    ----------
    log : TransferLog
        With these transfers in it. Nothing that is later than a transfer, or was found out later, counts.
    entries : ndarray of int64
        In the order of the log; those before the first of them have been described.
    limits : Limits, optional

    Returns
    -------
    Described
        The same for an entry, whether it is asked for alone, in a batch, now or after a million others.
    """
    limits = limits or Limits()
    names = names_of_features()
    values = np.empty((len(entries), len(names)))
    paths: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(entries), _AT_ONCE):
        part = entries[start : start + _AT_ONCE]
        columns, cycles = _portion(log, part, limits)
        for place, name in enumerate(names):
            values[start : start + len(part), place] = columns[name]
        paths |= {start + row: tuple(log.accounts[one] for one in path) for row, path in cycles.items()}
    return Described(names, values, paths)


@lru_cache(maxsize=1)
def names_of_features() -> tuple[str, ...]:
    """Return the names of all columns, in order."""
    log = TransferLog()
    columns, _ = _portion(log, np.zeros(0, dtype=np.int64), Limits())
    return tuple(columns)


def learned_columns() -> tuple[str, ...]:
    """Return the columns to learn from: all but those that say in other words what another says."""
    return tuple(name for name in names_of_features() if name not in _SAID_ALREADY)


def _portion(
    log: TransferLog, entries: Integers, limits: Limits
) -> tuple[dict[str, Floats | Integers], dict[int, list[int]]]:
    column = log.columns
    time, amount = column["time"][entries], column["amount"][entries]
    limit, near = limits.reporting * 100.0, limits.reporting * limits.near * 100.0
    found: dict[str, Floats | Integers] = {
        "transfer_amount": amount / 100.0,
        "hour": time % DAY // 3_600,
        "share_of_limit": amount / limit,
        "payer_age_days": (time - column["payer_first"][entries]) // DAY,
        "payee_age_days": (time - column["payee_first"][entries]) // DAY,
    }
    looks = {}
    for view in TransferLog.VIEWS:
        look = looks[view.name] = _look_back(log, view, entries, time)
        found |= _over_windows(view.name, look, amount, time)
        found |= _found_out(log, view.name, look, time)
    for name in ("payer_sent", "payee_received"):
        look = looks[name]
        close = look.within["7d"] & (look.amount >= near) & (look.amount < limit)
        found[f"{name}_near_limit_7d"] = close.sum(axis=0)
    sent = looks["payer_sent"]
    same = sent.within["30d"] & (column["payee"][sent.entry] == column["payee"][entries])
    found["pair_count_30d"] = same.sum(axis=0)
    found["passed_on_1d"] = _ratio(
        np.asarray(found["payer_sent_amount_1d"] * 100.0 + amount, dtype=np.float64),
        np.asarray(found["payer_received_amount_1d"] * 100.0, dtype=np.float64),
    )
    _store(log, entries, found, time)
    for name, stored in _TWO_HOPS:
        look = looks[name]
        mask = look.within["30d"]
        mean = _ratio((column[stored][look.entry] * mask).sum(axis=0), mask.sum(axis=0))
        found[f"{name}_{_HOPS[stored]}"] = mean * _UNITS[stored]
    cycles = cycles_of(log, entries)
    found["cycle_transfers"] = cycles.transfers
    return found, cycles.paths


_HOPS = {
    "payer_received_accounts_7d": "payers_received_accounts_7d",
    "payer_age": "payers_age_days",
    "payer_passed_on": "payers_passed_on_1d",
    "payee_received_accounts_7d": "payees_received_accounts_7d",
}
_UNITS = {
    "payer_received_accounts_7d": 1.0,
    "payer_age": 1.0 / DAY,
    "payer_passed_on": 0.001,
    "payee_received_accounts_7d": 1.0,
}


@dataclass(frozen=True, slots=True)
class _Look:
    """The latest transfers before each of a batch, shape (LOOKED_AT, n), the latest first.

    Everything is whole numbers, so that sums do not depend on how many transfers are described at once.
    """

    entry: Integers
    there: Flags
    time: Integers
    amount: Integers
    new: Mapping[str, Flags]
    within: Mapping[str, Flags]


def _look_back(log: TransferLog, view: View, entries: Integers, now: Integers) -> _Look:
    column = log.columns
    before = column[view.before]
    entry = np.empty((LOOKED_AT, len(entries)), dtype=np.int64)
    at = column[view.start][entries]
    deepest = 0
    for step in range(LOOKED_AT):
        entry[step] = at
        if not (at >= 0).any():
            break
        deepest = step + 1
        at = np.where(at >= 0, before[at], -1)
    entry = entry[: max(deepest, 1)]
    time = column["time"][entry]
    there = (entry >= 0) & (time < now)
    within = {name: there & (time >= now - seconds) for name, seconds in WINDOWS.items()}
    earlier = column["device_before" if view.name == "device_used" else "pair_before"][entry]
    oldest = np.where(there, time, np.iinfo(np.int64).max).min(axis=0)
    new = {
        name: within[name] & (earlier < np.maximum(now - seconds, oldest))
        for name, seconds in WINDOWS.items()
    }
    return _Look(entry, there, time, column["amount"][entry], new, within)


def _over_windows(name: str, look: _Look, own: Integers, now: Integers) -> dict[str, Floats | Integers]:
    found: dict[str, Floats | Integers] = {}
    for window, mask in look.within.items():
        found[f"{name}_count_{window}"] = mask.sum(axis=0)
        found[f"{name}_accounts_{window}"] = look.new[window].sum(axis=0)
        found[f"{name}_amount_{window}"] = (look.amount * mask).sum(axis=0) / 100.0
    mask = look.within["30d"]
    count = mask.sum(axis=0)
    total = (look.amount * mask).sum(axis=0)
    mean: Floats = _ratio(total, count) / 100.0
    # Mean distance from the mean, times count squared: whole numbers as long as possible.
    spread = (np.abs(look.amount * count - total) * mask).sum(axis=0)
    found[f"{name}_mean"] = mean
    found[f"{name}_deviation"] = _ratio(spread, count * count) / 100.0
    found[f"{name}_own_minus_mean"] = own / 100.0 - mean
    latest = np.where(look.there, look.time, LONG_AGO).max(axis=0)
    found[f"{name}_hours_since"] = np.where(latest > LONG_AGO, (now - latest) / 3_600.0, np.nan)
    return found


def _found_out(log: TransferLog, name: str, look: _Look, now: Integers) -> dict[str, Floats | Integers]:
    """Count what was known by then, not what has been found out since."""
    known = look.there & (log.columns["known_at"][look.entry] <= now)
    n = known.sum(axis=0)
    suspicious = (log.columns["label"][look.entry] * known).sum(axis=0)
    return {f"{name}_known": n, f"{name}_suspicious_share": _ratio(suspicious, n)}


def _store(
    log: TransferLog, entries: Integers, found: Mapping[str, Floats | Integers], time: Integers
) -> None:
    column = log.columns
    passed_on = np.nan_to_num(found["passed_on_1d"] * 1_000.0, nan=0.0, posinf=_MOST_PASSED_ON)
    column["payer_received_accounts_7d"][entries] = found["payer_received_accounts_7d"]
    column["payer_age"][entries] = time - column["payer_first"][entries]
    column["payer_passed_on"][entries] = np.minimum(np.rint(passed_on), _MOST_PASSED_ON)
    column["payee_received_accounts_7d"][entries] = found["payee_received_accounts_7d"]


def _ratio(above: Floats | Integers, below: Floats | Integers) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    out: Floats = np.full(len(below), np.nan)
    np.divide(above, below, out=out, where=np.asarray(below) > 0)
    return out
