"""What the segment margins of one contract say about each field, as the inputs of stage two."""

import numpy as np
import numpy.typing as npt

__all__ = ["OWN", "SUMMARY", "linear_inputs", "summarise", "tree_inputs"]

Array = npt.NDArray[np.float64]

SUMMARY = (
    "best",
    "second",
    "third",
    "fifth",
    "above_minus_one",
    "soft_count",
    "above_zero",
    "above_minus_half",
    "place_of_best",
    "log_segments",
    "log_characters",
    "document",
    "best_other_field_there",
    "fields_above_zero",
    "mean_best",
)
"""Columns of `summarise`, in order."""

OWN = 9
"""Columns of `linear_inputs` that speak of the field itself; the rest are the best margins of all fields."""

_FLOOR = -3.0


def summarise(margins: Array, document: Array, characters: int) -> Array:
    """Return one row per field from the margins of one contract.

    Parameters
    ----------
    margins : ndarray, shape (n_segments, n_fields)
        At least one segment.
    document : ndarray, shape (n_fields,)
        Margins of the document scorer.
    characters : int
        Length of the text.

    Returns
    -------
    ndarray of float64, shape (n_fields, len(SUMMARY))
    """
    n, fields = margins.shape
    scores = np.array(margins, dtype=np.float64)
    top = np.full((5, fields), _FLOOR)
    kept = min(n, 5)
    top[:kept] = np.sort(np.partition(scores, n - kept, axis=0)[n - kept :], axis=0)[::-1]
    at = scores.argmax(axis=0)
    there = scores[at]
    np.fill_diagonal(there, -9.0)
    everyone = np.ones(fields)
    columns = [
        top[0],
        top[1],
        top[2],
        top[4],
        np.maximum(scores + 1.0, 0.0).sum(axis=0),
        np.log1p(np.exp(np.minimum(3.0 * scores + 1.0, 30.0))).sum(axis=0),
        (scores > 0.0).sum(axis=0),
        (scores > -0.5).sum(axis=0),
        at / n,
        everyone * np.log(n),
        everyone * np.log(max(characters, 1)),
        document,
        there.max(axis=1),
        everyone * (top[0] > 0.0).sum(),
        everyone * top[0].mean(),
    ]
    return np.column_stack(columns).astype(np.float64)


def tree_inputs(summaries: Array, prior: Array) -> Array:
    """Return rows for the trees: the summary, the field's log odds and its number.

    Parameters
    ----------
    summaries : ndarray, shape (n_cases, n_fields, len(SUMMARY))
    prior : ndarray, shape (n_fields,)

    Returns
    -------
    ndarray, shape (n_cases * n_fields, len(SUMMARY) + 2)
    """
    cases, fields, width = summaries.shape
    rows = summaries.reshape(cases * fields, width)
    extra = np.column_stack([np.tile(prior, cases), np.tile(np.arange(fields), cases)])
    return np.concatenate([rows, extra], axis=1)


def linear_inputs(summaries: Array) -> Array:
    """Return inputs for the linear models, one per field: the field's own numbers, then everybody's best.

    Parameters
    ----------
    summaries : ndarray, shape (n_cases, n_fields, len(SUMMARY))

    Returns
    -------
    ndarray, shape (n_fields, n_cases, OWN + n_fields)
    """
    of = {name: summaries[:, :, index] for index, name in enumerate(SUMMARY)}
    own = [
        of["best"],
        of["second"],
        of["third"],
        of["fifth"],
        np.log1p(of["above_minus_one"]),
        np.log1p(of["soft_count"]),
        np.log1p(of["above_zero"]),
        of["document"],
        of["log_characters"],
    ]
    fields = summaries.shape[1]
    everybody = np.repeat(of["best"][None], fields, axis=0)
    return np.concatenate([np.stack(own, axis=-1).transpose(1, 0, 2), everybody], axis=2)
