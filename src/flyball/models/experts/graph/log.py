"""The transfer log: who paid whom, when, by which device, and what was later found out. It only grows.

Every transfer keeps, from the moment at which it was added, a pointer to the transfer before it: of the same
payer, of the same payee, of the same device. What was known at the time of a transfer is reached by
following these pointers, so whatever is added later cannot be seen, however often a question is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.text import count

__all__ = ["LONG_AGO", "NOT_KNOWN", "STORED", "BadTransfers", "TransferLog", "Transfers", "View"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOT_KNOWN = np.iinfo(np.int64).max
"""The moment at which something becomes known that is not known yet."""

STORED = ("payer_received_accounts_7d", "payer_age", "payer_passed_on", "payee_received_accounts_7d")
"""What is kept of each transfer once it is described: a later one looks two hops far through it."""

LONG_AGO = -(2**62)
"""The time of what never happened."""

_NONE = -1
_FIRST = 1_024


class BadTransfers(BadInput):
    """Transfers that cannot stand in a log."""

    code = "graph.bad_transfers"


class View(NamedTuple):
    """One way to look back from a transfer: where to begin, and what comes before each.

    Parameters
    ----------
    name : str
        "payer_sent": what the payer sent before; and so on.
    start, before : str
        Columns of the log.
    other : str
        Column with the one on the other side.
    """

    name: str
    start: str
    before: str
    other: str


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers in columns, in the order of their times.

    Parameters
    ----------
    ids, payers, payees : sequence of str
        A payer or payee is an account; a merchant is the account of one.
    times : ndarray of int64
        Seconds since 1970 in UTC.
    amounts : ndarray of int64
        In the smallest unit of one currency (cents), at least 0: sums are exact in any order.
    devices : sequence of str or None
        None where none was seen, or none is recorded.
    """

    ids: Sequence[str]
    payers: Sequence[str]
    payees: Sequence[str]
    times: Integers
    amounts: Integers
    devices: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: Sequence[int]) -> "Transfers":
        """Return some of them, in the given order."""
        at = np.asarray(places, dtype=np.int64)
        return Transfers(
            [self.ids[one] for one in places],
            [self.payers[one] for one in places],
            [self.payees[one] for one in places],
            self.times[at],
            self.amounts[at],
            [self.devices[one] for one in places],
        )


class TransferLog:
    """All transfers so far.

    Notes
    -----
    Columns are arrays with room to grow; `n` of their entries are in use. Nothing is ever moved or taken
    out: to forget, build another log from what may be kept.
    """

    VIEWS = (
        View("payer_sent", "payer_sent", "payer_sent", "payee"),
        View("payer_received", "payer_received", "payee_received", "payer"),
        View("payee_received", "payee_received", "payee_received", "payer"),
        View("payee_sent", "payee_sent", "payer_sent", "payee"),
        View("device_used", "device_used", "device_used", "payer"),
    )
    """Relations, kept apart: money out and money in of either side, and what one device was used for."""

    _COLUMNS = (
        "payer",
        "payee",
        "device",
        "time",
        "amount",
        "payer_sent",
        "payer_received",
        "payee_received",
        "payee_sent",
        "device_used",
        "label",
        "known_at",
        "payer_first",
        "payee_first",
        "pair_before",
        "device_before",
        *STORED,
    )

    _KEYS = ("sent", "received", "used", "first", "pair", "device_pair")

    def __init__(self) -> None:
        self.n = 0
        self.columns = {name: np.zeros(_FIRST, dtype=np.int64) for name in self._COLUMNS}
        self.accounts: list[str] = []
        self._account_numbers: dict[str, int] = {}
        self._device_numbers: dict[str, int] = {}
        self._pair_numbers: dict[int, int] = {}
        self._entries: dict[str, int] = {}
        self._last = {name: np.full(1, _NONE, dtype=np.int64) for name in self._KEYS}

    def entry(self, name: str) -> int | None:
        """Return the place of a transfer by its id; None where it was never added."""
        return self._entries.get(name)

    def add(self, transfers: Transfers) -> Integers:
        """Add transfers; those that stand there already are found, not added again.

        Parameters
        ----------
        transfers : Transfers

        Returns
        -------
        ndarray of int64
            The entry of each.

        Raises
        ------
        BadTransfers
            An amount below 0, an empty name, or a known id with other content. Nothing was added.
        """
        self._check(transfers)
        fresh: dict[str, int] = {}
        for place, name in enumerate(transfers.ids):
            if name in self._entries:
                self._refuse_other(transfers, place, self._entries[name])
            elif name in fresh:
                self._refuse_twice(transfers, fresh[name], place)
            else:
                fresh[name] = place
        if fresh:
            places = list(fresh.values())
            self._append(transfers if len(places) == len(transfers) else transfers.take(places))
        return np.array([self._entries[name] for name in transfers.ids], dtype=np.int64)

    def tell(self, names: Sequence[str], labels: Sequence[bool], known_at: Sequence[int]) -> None:
        """Write down what was found out about transfers, and when.

        Parameters
        ----------
        names : sequence of str
            Ids; unknown ones are refused.
        labels : sequence of bool
            Whether a transfer turned out to be suspicious.
        known_at : sequence of int
            Seconds since 1970: no feature of an earlier moment may rest on it.

        Raises
        ------
        BadTransfers
            An unknown id, or a label known before its transfer happened.
        """
        lost = [name for name in names if name not in self._entries]
        if lost:
            raise BadTransfers(
                f"{count(len(lost), 'label')} of transfers that are not in the log, such as {lost[0]!r}.",
                fix="Add the transfers first.",
            )
        at = np.array([self._entries[name] for name in names], dtype=np.int64)
        known = np.asarray(known_at, dtype=np.int64)
        early = known < self.columns["time"][at]
        if early.any():
            raise BadTransfers(
                f"{count(int(early.sum()), 'label')} known before the transfer happened, such as that of "
                f"{names[int(np.argmax(early))]!r}.",
                fix="Give the time at which it was found out; at least the transfer's own.",
            )
        self.columns["label"][at] = np.asarray(labels, dtype=np.int64)
        self.columns["known_at"][at] = known

    def _check(self, transfers: Transfers) -> None:
        lengths = {
            len(one)
            for one in (
                transfers.ids,
                transfers.payers,
                transfers.payees,
                transfers.times,
                transfers.amounts,
                transfers.devices,
            )
        }
        if len(lengths) != 1:
            raise BadTransfers(
                f"Columns of different lengths: {sorted(lengths)}.", fix="Give one value per transfer."
            )
        for what, names in (("id", transfers.ids), ("payer", transfers.payers), ("payee", transfers.payees)):
            for place, name in enumerate(names):
                if not name:
                    raise BadTransfers(
                        f"Transfer {place + 1} ({transfers.ids[place]!r}) has no {what}.",
                        fix="Leave it out, or find out who it was: a transfer joins two accounts.",
                    )
        wrong = np.flatnonzero(transfers.amounts < 0)
        if len(wrong):
            raise BadTransfers(
                f"Transfer {transfers.ids[wrong[0]]!r} has the amount {transfers.amounts[wrong[0]]}.",
                fix="Amounts are at least 0; money that goes back is a transfer the other way.",
            )

    def _refuse_other(self, transfers: Transfers, place: int, entry: int) -> None:
        column = self.columns
        same = (
            self.accounts[column["payer"][entry]] == transfers.payers[place]
            and self.accounts[column["payee"][entry]] == transfers.payees[place]
            and column["time"][entry] == transfers.times[place]
            and column["amount"][entry] == transfers.amounts[place]
        )
        if not same:
            self._conflict(transfers.ids[place])

    def _refuse_twice(self, transfers: Transfers, first: int, second: int) -> None:
        if (
            transfers.payers[first] != transfers.payers[second]
            or transfers.payees[first] != transfers.payees[second]
            or transfers.times[first] != transfers.times[second]
            or transfers.amounts[first] != transfers.amounts[second]
        ):
            self._conflict(transfers.ids[first])

    def _conflict(self, name: str) -> None:
        raise BadTransfers(
            f"The transfer {name!r} came twice, with another payer, payee, time or amount.",
            fix="Give each transfer an id of its own; a correction is a transfer too.",
            transfer=name,
        )

    def _append(self, transfers: Transfers) -> None:
        start, end = self.n, self.n + len(transfers)
        self._make_room(end)
        payer = self._number(transfers.payers)
        payee = self._number(transfers.payees)
        device = np.array(
            [
                _NONE if one is None else self._device_numbers.setdefault(one, len(self._device_numbers))
                for one in transfers.devices
            ],
            dtype=np.int64,
        )
        pair = self._paired(payer, payee, 0)
        device_pair = self._paired(device, payer, 1)
        self._make_keys()
        entries = np.arange(start, end)
        self.columns["time"][start:end] = transfers.times
        given = {
            "payer": payer,
            "payee": payee,
            "device": device,
            "amount": transfers.amounts,
            "payer_sent": _before(self._last["sent"], payer, payer, start),
            "payer_received": _before(self._last["received"], payee, payer, start),
            "payee_received": _before(self._last["received"], payee, payee, start),
            "payee_sent": _before(self._last["sent"], payer, payee, start),
            "device_used": np.where(
                device == _NONE, _NONE, _before(self._last["used"], device, device, start)
            ),
            "pair_before": self._times(_before(self._last["pair"], pair, pair, start)),
            "device_before": self._times(_before(self._last["device_pair"], device_pair, device_pair, start)),
            "label": np.zeros(len(entries), dtype=np.int64),
            "known_at": np.full(len(entries), NOT_KNOWN),
        }
        for name, values in given.items():
            self.columns[name][start:end] = values
        self._last["sent"][payer] = entries  # of several, the last is kept
        self._last["received"][payee] = entries
        self._last["used"][device[device != _NONE]] = entries[device != _NONE]
        self._last["pair"][pair] = entries
        self._last["device_pair"][device_pair] = entries
        both = np.column_stack([payer, payee]).ravel()
        seen, where = np.unique(both, return_index=True)
        news = seen[self._last["first"][seen] == _NONE]
        self._last["first"][news] = start + where[np.isin(seen, news, assume_unique=True)] // 2
        times = self.columns["time"]
        self.columns["payer_first"][start:end] = times[self._last["first"][payer]]
        self.columns["payee_first"][start:end] = times[self._last["first"][payee]]
        for entry, name in enumerate(transfers.ids, start=start):
            self._entries[name] = entry
        self.n = end

    def _number(self, names: Sequence[str]) -> Integers:
        known = self._account_numbers
        found = np.empty(len(names), dtype=np.int64)
        for place, name in enumerate(names):
            number = known.get(name)
            if number is None:
                number = known[name] = len(self.accounts)
                self.accounts.append(name)
            found[place] = number
        return found

    def _paired(self, one: Integers, other: Integers, kind: int) -> Integers:
        """Number pairs; those of devices apart from those of accounts."""
        keys = (((one + 1) << 31 | other) << 1 | kind).tolist()
        known = self._pair_numbers
        return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)

    def _times(self, entries: Integers) -> Integers:
        return np.where(entries == _NONE, LONG_AGO, self.columns["time"][entries])

    def _make_keys(self) -> None:
        sizes = (len(self.accounts), len(self.accounts), len(self._device_numbers), len(self.accounts))
        pairs = len(self._pair_numbers)
        for name, size in zip(self._KEYS, (*sizes, pairs, pairs), strict=True):
            missing = size - len(self._last[name])
            if missing > 0:
                room = np.full(max(missing, size), _NONE, dtype=np.int64)
                self._last[name] = np.append(self._last[name], room)

    def _make_room(self, size: int) -> None:
        room = len(self.columns["time"])
        if size > room:
            for name, values in self.columns.items():
                grown = np.zeros(max(size, 2 * room), dtype=values.dtype)
                grown[:room] = values
                self.columns[name] = grown


def _before(last: Integers, written: Integers, asked: Integers, start: int) -> Integers:
    """Return, for each of a batch, the entry last written under the key that it asks for, before its own.

    Parameters
    ----------
    last : ndarray
        By key: the entry last written before the batch, -1 for none.
    written, asked : ndarray
        The key that each of the batch writes, and the one that it asks for.
    start : int
        Entry of the first of the batch.
    """
    n = len(written)
    if n == 1:
        return last[asked]
    keys = np.concatenate([asked, written])
    turn = np.concatenate([2 * np.arange(n), 2 * np.arange(n) + 1])  # each asks before it writes
    order = np.lexsort((turn, keys))
    ordered = keys[order]
    value = np.where(order < n, last[ordered] + 1, order - n + start + 1)
    group = np.cumsum(np.append(0, ordered[1:] != ordered[:-1]))
    wide = np.int64(start + n + 2)
    newest = np.maximum.accumulate(group * wide + value) - group * wide
    found = np.empty(n, dtype=np.int64)
    asks = order < n
    found[order[asks]] = newest[asks] - 1
    return found
