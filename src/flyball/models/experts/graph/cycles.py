"""Cycles: money that comes from where it goes.

From the payer of a transfer, money is followed back: who paid the payer, shortly before and about as much?
Who paid that one? Where the way back reaches the payee, the transfer closes a cycle.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flyball.models.experts.graph.log import TransferLog

__all__ = ["Cycles", "cycles_of"]

Integers = npt.NDArray[np.int64]

_NONE = -1


class Cycles(NamedTuple):
    """What was found for each transfer.

    Parameters
    ----------
    transfers : ndarray of int64
        Transfers in the cycle, this one included; 0 where there is none.
    paths : dict of int to list of int
        Place in the batch -> accounts in the order in which the money went, from the payee back to it.
    """

    transfers: Integers
    paths: dict[int, list[int]]


def cycles_of(
    log: TransferLog,
    entries: Integers,
    *,
    most: int = 6,
    days: int = 30,
    kept: float = 0.75,
    looked_at: int = 8,
    followed: int = 6,
) -> Cycles:
    """Return the shortest cycle that each transfer closes.

    Parameters
    ----------
    log : TransferLog
    entries : ndarray of int64
    most : int
        Transfers in a cycle, at most.
    days : int
        How long before the transfer the money may have set out.
    kept : float
        Of the money, what must have been passed on from hop to hop, at least; and as much more at most.
    looked_at : int
        Latest payments to an account that are looked at.
    followed : int
        Ways that are followed at once from one transfer; the latest ones.

    Returns
    -------
    Cycles
    """
    column = log.columns
    n = len(entries)
    found = np.zeros(n, dtype=np.int64)
    paths: dict[int, list[int]] = {}
    since = column["time"][entries] - days * 86_400
    home = column["payee"][entries]
    # A cycle needs money that came in, and a payee that sent some.
    places = np.flatnonzero((column["payer_received"][entries] >= 0) & (column["payee_sent"][entries] >= 0))
    front = entries[places][:, None]
    trail: list[tuple[Integers, Integers]] = []  # entries of each step, and where each came from
    for length in range(2, most + 1):
        if not len(places):
            break
        step, origin = _back(log, front, since[places], kept, looked_at, followed)
        closes = (step != _NONE) & (column["payer"][step] == home[places][:, None])
        trail.append((step, origin))
        hit = closes.any(axis=1)
        if hit.any():
            for row in np.flatnonzero(hit):
                at = int(np.argmax(closes[row]))
                found[places[row]] = length
                way = []
                for steps, origins in reversed(trail):
                    way.append(int(column["payer"][steps[row, at]]))
                    at = int(origins[row, at])
                paths[int(places[row])] = [*way, int(column["payer"][entries[places[row]]]), way[0]]
        open_still = ~hit & (step != _NONE).any(axis=1)
        places, front = places[open_still], step[open_still]
        trail = [(steps[open_still], origins[open_still]) for steps, origins in trail]
    return Cycles(found, paths)


def _back(
    log: TransferLog, front: Integers, since: Integers, kept: float, looked_at: int, followed: int
) -> tuple[Integers, Integers]:
    """Return, for each way, the payments from which its money may have come, the latest ones first.

    Shape (n, followed), -1 where there are fewer; and the place in `front` that each came from.
    """
    column = log.columns
    n, width = front.shape
    candidates = np.full((n, width, looked_at), _NONE, dtype=np.int64)
    there = front != _NONE
    at = np.where(there, column["payer_received"][front], _NONE)
    time, amount = column["time"][front], column["amount"][front]
    low, high = amount * kept, amount / kept
    for number in range(looked_at):
        before, much = column["time"][at], column["amount"][at]
        fits = (at != _NONE) & (before < time) & (before >= since[:, None]) & (much >= low) & (much <= high)
        candidates[:, :, number] = np.where(fits, at, _NONE)
        at = np.where(at == _NONE, _NONE, column["payee_received"][at])
    flat = candidates.reshape(n, width * looked_at)
    if flat.shape[1] > followed:
        order = np.argsort(-flat, axis=1, kind="stable")[:, :followed]
        return np.take_along_axis(flat, order, axis=1), order // looked_at
    order = np.broadcast_to(np.arange(flat.shape[1]), flat.shape)
    return flat, order // looked_at
