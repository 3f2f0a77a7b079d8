"""What is kept of a column: exact for few rows, close to it for many, in bounded memory."""

import numpy as np
import pyarrow as pa
import pytest

from flyball.evaluation.drift.sketches import CategorySketch, ListSketch, NumberSketch

RANDOM = np.random.default_rng(0)


def test_few_numbers_are_kept_as_they_are():
    sketch = NumberSketch()
    sketch.add(pa.array([3.0, None, 1.0, float("nan"), 1.0]), RANDOM)
    values, rows = sketch.points
    assert (values.tolist(), rows.tolist()) == ([1.0, 3.0], [2.0, 1.0])
    assert (sketch.n, sketch.missing, sketch.slack) == (3, 2, 0.0)


def test_of_many_numbers_every_share_is_known_to_within_the_stated_slack():
    draw = np.random.default_rng(7)
    sketch, everything = NumberSketch(), []
    for piece in range(40):
        values = draw.normal(piece / 20, 1, 20_000)  # they drift from piece to piece
        everything.append(values)
        sketch.add(pa.array(values), RANDOM)
    values, rows = sketch.points
    assert len(values) < 120_000
    assert rows.sum() == pytest.approx(800_000)
    assert 0 < sketch.slack < 0.001
    whole = np.sort(np.concatenate(everything))
    for at in (-1.0, 0.0, 0.5, 1.0, 2.5):
        known = rows[: np.searchsorted(values, at, "right")].sum() / rows.sum()
        assert abs(known - np.searchsorted(whole, at, "right") / len(whole)) <= sketch.slack


def test_a_column_that_counts_up_is_known_over_several_pieces():
    up, down = NumberSketch(), NumberSketch()
    for first in (0, 100, 200):
        up.add(pa.array(range(first, first + 100)), RANDOM)
        down.add(pa.array(range(300 - first, 400 - first)), RANDOM)
    assert (up.rising, up.strictly, down.rising) == (True, True, False)


def test_times_of_any_unit_and_zone_are_the_same_moments():
    seconds, milli = NumberSketch(), NumberSketch()
    seconds.add(pa.array([0, 3600], pa.timestamp("s", "Europe/Berlin")), RANDOM)
    milli.add(pa.array([0, 3_600_000], pa.timestamp("ms", "UTC")), RANDOM)
    assert seconds.points[0].tolist() == milli.points[0].tolist() == [0.0, 3.6e9]


def test_texts_are_counted_and_dictionaries_are_the_same_texts():
    plain, coded = CategorySketch(), CategorySketch()
    texts = pa.array(["a", "b", None, "a"])
    plain.add(texts, RANDOM)
    coded.add(texts.dictionary_encode(), RANDOM)
    assert plain.counts == coded.counts == {b"a": 2, b"b": 1}
    assert (plain.n, plain.missing) == (coded.n, coded.missing) == (3, 1)


def test_null_among_the_values_of_a_dictionary_is_missing():
    sketch = CategorySketch()
    sketch.add(pa.DictionaryArray.from_arrays(pa.array([0, 1, 1]), pa.array(["a", None])), RANDOM)
    assert (sketch.n, sketch.missing, sketch.counts) == (1, 2, {b"a": 1})


def test_many_different_texts_take_no_more_memory_than_some():
    sketch = CategorySketch()
    for first in range(0, 200_000, 20_000):
        sketch.add(pa.array([f"key {number}" for number in range(first, first + 20_000)]), RANDOM)
    assert sketch.counts is None
    assert sketch.buckets.sum() == sketch.n == 200_000
    assert sketch.buckets.shape == (1024,)


def test_a_huge_text_is_kept_as_its_beginning_and_a_digest():
    sketch = CategorySketch()
    sketch.add(pa.array(["x" * 1_000_000, "x" * 1_000_001]), RANDOM)
    assert sorted(map(len, sketch.counts)) == [57, 57]
    assert sketch.mean_length == 65_535  # lengths are counted up to that


def test_lists_are_known_by_their_lengths():
    sketch = ListSketch()
    sketch.add(pa.array([[1.0, 2.0], [], None]), RANDOM)
    assert (sketch.n, sketch.missing, sketch.lengths.counts) == (2, 1, {0.0: 1, 2.0: 1})
