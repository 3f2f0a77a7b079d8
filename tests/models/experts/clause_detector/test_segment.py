"""By hand: offsets index the text as it came; white space between segments is the only thing left out."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.models.experts.clause_detector.segment import LONGEST, SHORTEST, segment


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in segment(text).tolist()]


FIRST = "The Supplier shall maintain insurance of at least one million dollars."
SECOND = "This Agreement is governed by the laws of the State of Delaware, U.S.A."


def test_two_sentences_are_two_segments():
    assert pieces(f"{FIRST} {SECOND}") == [FIRST, SECOND]


def test_carriage_returns_stay_where_they_are():
    assert pieces(f"{FIRST}\r\n\r\n{SECOND}\r\n") == [FIRST, SECOND]


def test_an_abbreviation_does_not_end_a_sentence():
    text = "This Reseller Agreement is made between PivX Inc. Corporation and Detto Co. Limited today."
    assert pieces(text) == [text]


def test_a_heading_is_joined_to_the_sentence_after_it():
    assert pieces(f"9. INSURANCE\n\n{FIRST}") == [f"9. INSURANCE\n\n{FIRST}"]


def test_a_page_break_inside_a_sentence_does_not_cut_it():
    text = "The Supplier shall maintain insurance of at least\n\n\n\none million dollars at its own cost."
    assert pieces(text) == [text]


def test_a_list_item_starts_a_segment():
    text = f"{FIRST[:-1]} and so on 12.3 The Distributor may terminate this Agreement at any time."
    assert len(pieces(text)) == 2


def test_blank_text_has_no_segments():
    assert segment("").shape == (0, 2)
    assert segment(" \r\n\t\u00a0 \n").shape == (0, 2)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('aB1 .;:\n\r\t"“”()—İ\u00a0\u2028\U0001f600,§'), max_size=400))
def test_segments_cover_everything_but_white_space_and_never_overlap(text):
    found = segment(text).tolist()
    covered = 0
    for start, end in found:
        assert covered <= start < end <= len(text)
        assert not text[covered:start].strip()
        assert text[start:end] == text[start:end].strip()
        covered = end
    assert not text[covered:].strip()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=3000))
def test_no_segment_is_longer_than_the_limit_and_a_short_piece_before_it(text):
    assert all(end - start <= LONGEST + SHORTEST for start, end in segment(text * 2).tolist())


def test_five_million_characters_without_a_cut_take_linear_time():
    for filler in ("a", " ", "\n", ".", "(", "word "):
        text = filler * (5_000_000 // len(filler))
        before = time.process_time()
        segment(text)
        assert time.process_time() - before < 10.0
