"""Marks of a segment: where it stands, how long it is, how much is in capitals, and which cues it shows."""

import numpy as np
import numpy.typing as npt

from flyball.models.experts.clause_detector.cues import CUES, cue_marks

__all__ = ["MARKS", "MARK_WEIGHTS", "cue_counts", "marks_of"]

Ints = npt.NDArray[np.int64]

_POSITIONS = np.array([1, 2, 3, 4, 5, 8, 13, 21, 41])
_LENGTHS = np.array([60, 90, 140, 220, 350, 550])
_CAPITALS = np.array([0.05, 0.12, 0.3, 0.6])
_EACH = 16  # room for the classes of one kind of shape
_SHAPES = 5 * _EACH

MARKS = _SHAPES + len(CUES)
"""How many marks there are: shapes, then cues."""

MARK_WEIGHTS = np.concatenate([np.full(_SHAPES, 0.5), np.ones(len(CUES))]).astype(np.float32)
"""How strongly a mark speaks in training beside the n-grams, whose sum is divided by the segment's length."""


def cue_counts(marks: Ints) -> npt.NDArray[np.float32]:
    """Return log(1 + segments that show the cue) for each cue of a text, from the marks of its segments."""
    counts = np.bincount(marks, minlength=MARKS)[_SHAPES:]
    return np.log1p(counts).astype(np.float32)


def marks_of(text: str, folded: str, segments: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return the marks of every segment of a text.

    Parameters
    ----------
    text, folded : str
        As it came, and in folded form; of equal length.
    segments : ndarray of int32, shape (n_segments, 2)

    Returns
    -------
    rows, marks : ndarray of int64, shape (n_marks,)
        Segment and number of each mark, below MARKS; each pair once.
    """
    n = len(segments)
    if n == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    upper = np.concatenate([[0], np.cumsum((codes >= 65) & (codes <= 90))])
    starts, ends = segments[:, 0], segments[:, 1]
    capitals = (upper[ends] - upper[starts]) / (ends - starts)
    index = np.arange(n)
    kinds = [
        np.searchsorted(_POSITIONS, index, side="right"),
        np.searchsorted(_POSITIONS, index[::-1], side="right"),
        index * 10 // n,
        np.searchsorted(_LENGTHS, ends - starts, side="right"),
        np.searchsorted(_CAPITALS, capitals, side="right"),
    ]
    shapes = np.concatenate([kind + number * _EACH for number, kind in enumerate(kinds)])
    rows, cues = cue_marks(folded, segments)
    return np.concatenate([np.tile(index, len(kinds)), rows]), np.concatenate([shapes, cues + _SHAPES])
