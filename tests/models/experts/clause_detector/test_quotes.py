"""By hand: five segments of 100 characters; margins say which of them are quoted together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flyball.models.experts.clause_detector.quotes import best_quotes, next_best

SEGMENTS = np.array([[place * 110, place * 110 + 100] for place in range(5)], dtype=np.int32)


def column(*margins: float) -> np.ndarray:
    return np.array(margins, dtype=np.float32)[:, None]


def test_the_best_sentence_is_quoted_alone_when_its_neighbours_do_not_read_like_the_clause():
    assert best_quotes(SEGMENTS, column(-1, -1, 0.5, -0.9, -1)).tolist() == [[2, 2]]


def test_neighbours_that_read_like_the_clause_are_quoted_with_it():
    assert best_quotes(SEGMENTS, column(-1, 0.1, 0.5, -0.4, -1)).tolist() == [[1, 3]]


def test_the_first_and_the_last_sentence_have_one_neighbour():
    assert best_quotes(SEGMENTS, column(0.5, 0.4, -1, -1, -1)).tolist() == [[0, 1]]
    assert best_quotes(SEGMENTS, column(-1, -1, -1, 0.4, 0.5)).tolist() == [[3, 4]]


def test_nothing_is_joined_to_a_long_quote():
    long = np.array([[0, 500], [501, 1000], [1001, 1100]], dtype=np.int32)
    assert best_quotes(long, column(0.4, 0.5, -0.9)).tolist() == [[1, 1]]


def test_further_quotes_lie_outside_the_first_and_come_best_first():
    margins = column(0.2, 0.4, 0.5, -1, 0.3)
    assert next_best(margins, best_quotes(SEGMENTS, margins), 2).ravel().tolist() == [4, 0]


def test_where_everything_is_quoted_nothing_is_left():
    margins = column(0.4, 0.5)
    assert next_best(margins, best_quotes(SEGMENTS[:2], margins), 2).ravel().tolist() == [-1, -1]


@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=8))
def test_a_quote_always_holds_the_best_segment(margins):
    segments = np.array([[place * 20, place * 20 + 10] for place in range(len(margins))], dtype=np.int32)
    first, last = best_quotes(segments, column(*margins))[0]
    assert first <= int(np.argmax(np.array(margins, dtype=np.float32))) <= last
    assert last - first <= 2
