"""Quotes: the passage that is shown for a field, and whether it is a right one."""

import numpy as np
import numpy.typing as npt

__all__ = ["JOINED_FROM", "LONGEST_QUOTE", "best_quotes", "next_best"]

JOINED_FROM = -0.5
"""Margin from which the sentence beside the best one is quoted with it: a title and the line that repeats
it, a clause cut in two."""
LONGEST_QUOTE = 900
"""Characters; nothing is joined beyond this."""

Floats = npt.NDArray[np.float64]


def best_quotes(segments: npt.NDArray[np.int32], margins: Floats) -> npt.NDArray[np.int64]:
    """Return the first and last segment of the best quote of each field.

    Parameters
    ----------
    segments : ndarray of int32, shape (n_segments, 2)
        At least one.
    margins : ndarray of float64, shape (n_segments, n_fields)

    Returns
    -------
    ndarray of int64, shape (n_fields, 2)
        The best segment; with it the one after, then the one before, where their margins are at least
        JOINED_FROM and the quote stays within LONGEST_QUOTE.
    """
    n, width = margins.shape
    best = margins.argmax(axis=0)
    every = np.arange(width)
    start, end = segments[:, 0].astype(np.int64), segments[:, 1].astype(np.int64)
    after = np.minimum(best + 1, n - 1)
    takes_after = (
        (after > best) & (margins[after, every] >= JOINED_FROM) & (end[after] - start[best] <= LONGEST_QUOTE)
    )
    last = np.where(takes_after, after, best)
    before = np.maximum(best - 1, 0)
    takes_before = (
        (before < best)
        & (margins[before, every] >= JOINED_FROM)
        & (end[last] - start[before] <= LONGEST_QUOTE)
    )
    return np.column_stack([np.where(takes_before, before, best), last])


def next_best(margins: Floats, quotes: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Return the best segments of each field outside its quote, best first.

    Parameters
    ----------
    margins : ndarray of float64, shape (n_segments, n_fields)
    quotes : ndarray of int64, shape (n_fields, 2)
        From `best_quotes`.
    count : int

    Returns
    -------
    ndarray of int64, shape (n_found, n_fields)
        At most `count` rows; -1 where a field has no further segment.
    """
    n, _ = margins.shape
    places = np.arange(n)[:, None]
    inside = (places >= quotes[:, 0]) & (places <= quotes[:, 1])
    open_margins = np.where(inside, -np.inf, margins)
    # Stable, and not a partition: of two alike the first, whatever the processor sorts with.
    found = np.argsort(-open_margins, axis=0, kind="stable")[: min(count, n)]
    return np.where(np.isinf(np.take_along_axis(open_margins, found, axis=0)), -1, found)
