"""By hand: "pay the fee" has three words, two pairs and one triple; pairs never cross a segment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flyball.models.experts.clause_detector.ngrams import (
    TRIGRAMS_FROM,
    Vocabulary,
    encode,
    folded,
    folded_digest,
    keys_of,
    words_of,
)

WORDS = {"pay": 1, "the": 2, "fee": 3}


def whole(text: str) -> np.ndarray:
    return np.array([[0, len(text)]], dtype=np.int32)


def test_three_words_give_six_keys():
    rows, keys, n_words, known = keys_of("pay the fee", whole("pay the fee"), WORDS)
    assert sorted(keys)[:3] == [1, 2, 3]
    assert len(keys) == len(set(keys.tolist())) == 6
    assert (keys >= TRIGRAMS_FROM).sum() == 1
    assert rows.tolist() == [0] * 6
    assert (n_words, known) == (3, 1.0)


def test_pairs_do_not_cross_a_segment_or_an_unknown_word():
    _, keys, _, _ = keys_of("pay the fee", np.array([[0, 3], [4, 11]], dtype=np.int32), WORDS)
    assert len(keys) == 4
    _, keys, _, known = keys_of("pay thy fee", whole("pay thy fee"), WORDS)
    assert sorted(keys.tolist()) == [1, 3]
    assert known == 2 / 3


def test_a_feature_is_told_once_per_segment():
    vocabulary = Vocabulary(WORDS, np.array([1, 3], dtype=np.int64))
    found = encode("fee fee pay", whole("fee fee pay"), vocabulary)
    assert found.columns.tolist() == [0, 1]


def test_digits_are_folded_so_that_notice_periods_look_alike():
    assert words_of(folded("Thirty (30) days"), whole("Thirty (30) days"))[0] == ["thirty", "00", "days"]


def test_layout_and_digits_do_not_hide_a_known_text():
    assert folded_digest("Fee:\r\n 30 EUR") == folded_digest("fee 45\teur")
    assert folded_digest("Fee 30 EUR") != folded_digest("No fee 30 EUR")


@given(st.text(max_size=200))
def test_folding_keeps_every_character_in_its_place(text):
    assert len(folded(text)) == len(text)


def test_letters_that_grow_in_lower_case_do_not_move_offsets():
    assert folded("İ Fee 9") == "i fee 0" or len(folded("İ Fee 9")) == 7
