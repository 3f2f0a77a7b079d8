"""One column on both sides: which comparisons fit it, and what they say together."""

import math

import numpy as np
import pyarrow as pa

from flyball.evaluation.drift.classifier import told_apart
from flyball.evaluation.drift.sketches import CategorySketch, ColumnSketch, ListSketch, NumberSketch
from flyball.evaluation.drift.two_samples import Floats, Test, count_test, fisher_exact, ks_test, unseen_test
from flyball.evaluation.drift.words import TEXTS, vectors_of, words_of

__all__ = ["compared", "counts_up", "of_both"]

_FEW_VALUES = 20
_TEXT_LENGTH = 30
"""Characters on average from which different values are taken for sentences."""

_FEWEST_TEXTS = 100


def compared(
    reference: ColumnSketch, current: ColumnSketch, samples: list[pa.Array], *, smallest_rows: int, seed: int
) -> list[Test]:
    """Return every comparison that fits a column of the same kind on both sides.

    Which ones fit depends on both sides together, never on their difference: a choice made by the
    difference would spoil the chances of error.

    Parameters
    ----------
    reference, current : ColumnSketch
    samples : list of Array
        The column in the sampled rows of both sides.
    smallest_rows : int
        Rows with a value, on each side, below which values are not compared.
    seed : int

    Returns
    -------
    list of Test
        () where both sides have too few rows.
    """
    found = []
    if reference.missing + current.missing and min(_rows(reference), _rows(current)) >= smallest_rows:
        found.append(_missing(reference, current))
    if min(reference.n, current.n) < smallest_rows:
        return found
    if isinstance(reference, NumberSketch) and isinstance(current, NumberSketch):
        found.append(_numbers("values", reference, current))
    elif isinstance(reference, CategorySketch) and isinstance(current, CategorySketch):
        found += _categories(reference, current, samples, seed)
    elif isinstance(reference, ListSketch) and isinstance(current, ListSketch):
        found.append(_numbers("length", reference.lengths, current.lengths))
        found += _vectors(samples, seed)
    return found


def of_both(tests: list[Test]) -> tuple[Test, float]:
    """Return the comparison that shows most, and the p of all of them together (Bonferroni)."""
    surest = min(tests, key=lambda one: (one.p, -one.effect))
    return surest, min(1.0, surest.p * len(tests))


def counts_up(reference: ColumnSketch, current: ColumnSketch, *, is_time: bool) -> bool:
    """Say whether a column only counts up from row to row on both sides: a key, or the time of the row.

    It differs between any two periods, and that says nothing.
    """
    if not isinstance(reference, NumberSketch) or not isinstance(current, NumberSketch):
        return False
    if reference.counts is not None and len(reference.counts) < 2:
        return False
    if is_time:
        return reference.rising and current.rising
    whole = reference.last is not None and current.last is not None
    whole = whole and float(reference.last or 0).is_integer() and float(current.last or 0).is_integer()
    return whole and reference.strictly and current.strictly


def _rows(sketch: ColumnSketch) -> int:
    return sketch.n + sketch.missing


def _missing(reference: ColumnSketch, current: ColumnSketch) -> Test:
    n, m = _rows(reference), _rows(current)
    apart = abs(reference.missing / n - current.missing / m)
    band = math.sqrt(math.log(2 / 0.05) / 2 * (1 / n + 1 / m))
    p = fisher_exact(reference.missing, n, current.missing, m)
    return Test("missing", apart, max(0.0, apart - band), min(1.0, apart + band), p, n, m)


def _numbers(name: str, reference: NumberSketch, current: NumberSketch) -> Test:
    if reference.counts is not None and current.counts is not None:
        values = sorted({*reference.counts, *current.counts})
        if len(values) <= _FEW_VALUES:
            return count_test(name, *_aligned(values, reference.counts, current.counts))
    slack = reference.slack + current.slack
    return ks_test(name, reference.points, current.points, slack=slack)


def _categories(
    reference: CategorySketch, current: CategorySketch, samples: list[pa.Array], seed: int
) -> list[Test]:
    n, m = reference.n, current.n
    many = reference.counts is None or current.counts is None
    values = [] if many else sorted({*(reference.counts or {}), *(current.counts or {})})
    length = (reference.mean_length * n + current.mean_length * m) / (n + m)
    if length >= _TEXT_LENGTH and (many or len(values) > 0.5 * (n + m)):
        return _texts(reference, current, samples, seed)
    if many:
        return [count_test("values", reference.as_buckets, current.as_buckets)]
    ours, theirs = _aligned(values, reference.counts or {}, current.counts or {})
    found = [count_test("values", ours, theirs)]
    if bool(((ours + theirs) * min(n, m) / (n + m) < 5).any()):
        share, p = unseen_test(ours, theirs)
        band = math.sqrt(math.log(2 / 0.05) / 2 * (1 / n + 1 / m))
        found.append(Test("new values", share, max(0.0, share - band), min(1.0, share + band), p, n, m))
    return found


def _texts(
    reference: CategorySketch, current: CategorySketch, samples: list[pa.Array], seed: int
) -> list[Test]:
    lengths = [np.flatnonzero(one.lengths).astype(np.float64) for one in (reference, current)]
    rows = [one.lengths[one.lengths > 0].astype(np.float64) for one in (reference, current)]
    found = [ks_test("length", (lengths[0], rows[0]), (lengths[1], rows[1]))]
    known = [one.drop_null() for one in samples]
    if min(len(one) for one in known) >= _FEWEST_TEXTS and pa.types.is_large_string(known[0].type):
        # The sample keeps the order of the rows, so the first ones are not random: draw again.
        random = np.random.default_rng([seed, 5])
        drawn = [one.take(pa.array(random.permutation(len(one))[:TEXTS])) for one in known]
        found.append(told_apart("words", words_of(drawn[0]), words_of(drawn[1]), seed=seed))
    return found


def _vectors(samples: list[pa.Array], seed: int) -> list[Test]:
    if not all(pa.types.is_list(one.type) for one in samples):
        return []
    random = np.random.default_rng([seed, 5])
    drawn = [one.drop_null() for one in samples]
    if min(len(one) for one in drawn) < _FEWEST_TEXTS:
        return []
    drawn = [one.take(pa.array(random.permutation(len(one))[:TEXTS])) for one in drawn]
    sides = vectors_of(drawn)
    if not sides:
        return []
    # Squares too: a cloud may widen without moving.
    both = [np.hstack([side, side * side]) for side in sides]
    return [told_apart("vectors", both[0], both[1], seed=seed)]


def _aligned(values: list, reference: dict, current: dict) -> tuple[Floats, Floats]:  # type: ignore[type-arg]
    sides = ([side.get(value, 0) for value in values] for side in (reference, current))
    ours, theirs = (np.array(list(side), dtype=np.float64) for side in sides)
    return ours, theirs
