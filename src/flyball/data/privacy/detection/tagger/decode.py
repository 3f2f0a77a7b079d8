"""The best sequence of labels for many runs of tokens at once."""

import numpy as np
import numpy.typing as npt

from flyball.data.privacy.detection.tagger.tokens import Places

__all__ = ["KINDS", "LABELS", "OUTSIDE", "best_labels"]

KINDS = ("PERSON", "LOCATION", "ADDRESS", "ORGANIZATION", "NRP", "TITLE")
LABELS = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BI"))
"""B begins a finding, I goes on with it."""

OUTSIDE = 0
Floats = npt.NDArray[np.float32]


def allowed_moves() -> npt.NDArray[np.bool_]:
    """Return which label may follow which: I only after B or I of its own kind; shape (n, n), from, to."""
    allowed = np.ones((len(LABELS), len(LABELS)), bool)
    for to in range(2, len(LABELS), 2):
        allowed[:, to] = False
        allowed[[to - 1, to], to] = True
    return allowed


def best_labels(scores: Floats, moves: Floats, start: Places, length: Places) -> npt.NDArray[np.int8]:
    """Return the labels with the highest sum of scores: Viterbi, all runs in step.

    Parameters
    ----------
    scores : float32 of shape (n, n_labels)
    moves : float32 of shape (n_labels, n_labels)
        From label (row) to label (column).
    start, length : int64 of shape (n_runs,)
        Runs lie one after another in `scores`.

    Returns
    -------
    int8 of shape (n,)
    """
    labels = np.zeros(len(scores), np.int8)
    if not len(scores):
        return labels
    order = np.argsort(-length, kind="stable")
    begin, size = start[order], length[order]
    going = np.searchsorted(-size, -np.arange(1, size[0] + 1), side="right")  # runs longer than step
    best = scores[begin].copy()
    best[:, 2::2] = -np.inf  # no finding begins with I
    bests = [best]
    final = np.empty((len(begin), scores.shape[1]), np.float32)
    after = int(going[1]) if len(going) > 1 else 0
    final[after:] = best[after:]
    for step in range(1, int(size[0])):
        n = going[step]
        # From label first: the largest of thirteen long rows is found faster than of many short ones.
        reached = np.ascontiguousarray(best[:n].T)[:, :, None] + moves[:, None, :]
        best = reached.max(axis=0) + scores[begin[:n] + step]
        bests.append(best)
        after = going[step + 1] if step + 1 < len(going) else 0
        final[after:n] = best[after:]
    here = np.zeros(len(begin), np.int8)
    last = final.argmax(axis=1).astype(np.int8)
    for step in range(int(size[0]) - 1, -1, -1):
        n = going[step]
        ending = size[:n] == step + 1
        here[:n] = np.where(ending, last[:n], here[:n])
        labels[begin[:n] + step] = here[:n]
        if step:
            here[:n] = (bests[step - 1][:n] + moves.T[here[:n]]).argmax(axis=1)
    return labels
