"""By hand: a quote of 100 characters at [0, 100).

marked [50, 150): 50 shared, shorter is 100, so .5 is shared: right. Covered: 150, Jaccard 1/3: not strict.
marked [51, 151): 49 shared of 100: .49, wrong.
marked [90, 100): 10 shared of 10: right, however long the quote. Jaccard 10/100: not strict.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.evaluation.quotes import RIGHT_QUOTE, RIGHT_QUOTE_STRICT, jaccard, shared_share

QUOTE = (0, 100)

PASSAGES = st.tuples(st.integers(0, 200), st.integers(1, 200)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@pytest.mark.parametrize(
    ("marked", "right", "strict"),
    [
        ((50, 150), True, False),
        ((51, 151), False, False),
        ((90, 100), True, False),
        ((0, 50), True, True),
        ((0, 49), True, False),
        ((100, 200), False, False),
        ((0, 100), True, True),
    ],
)
def test_a_quote_is_right_when_half_of_the_shorter_passage_is_shared(marked, right, strict):
    assert (shared_share(QUOTE, marked) >= RIGHT_QUOTE) is right
    assert (jaccard(QUOTE, marked) >= RIGHT_QUOTE_STRICT) is strict


@given(PASSAGES, PASSAGES)
def test_the_strict_rule_is_never_kinder_than_the_plain_one(one, other):
    assert 0.0 <= jaccard(one, other) <= shared_share(one, other) <= 1.0


@given(PASSAGES, PASSAGES)
def test_quote_and_marked_passage_may_be_exchanged(one, other):
    assert jaccard(one, other) == jaccard(other, one)
    assert shared_share(one, other) == shared_share(other, one)
