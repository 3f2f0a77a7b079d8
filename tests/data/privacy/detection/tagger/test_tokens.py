"""By hand: "Dr. Zoë" has the tokens Dr (bytes 0 to 2), . (2 to 3) and Zoë (4 to 8: ë is two bytes)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.privacy.detection.tagger.tokens import hash_word, split_tokens


def tokens_of(text):
    return split_tokens(np.frombuffer(text.encode(), np.uint8))


def words_of(text):
    data = text.encode()
    tokens = tokens_of(text)
    return [data[a:b].decode() for a, b in zip(tokens.start, tokens.end, strict=True)]


def test_words_numbers_and_signs_are_tokens():
    tokens = tokens_of("Dr. Zoë")
    assert tokens.start.tolist() == [0, 2, 4]
    assert tokens.end.tolist() == [2, 3, 8]
    assert tokens.first.tolist() == [3, 1, 3]


def test_quotes_and_no_break_spaces_part_words():
    assert words_of("“Éric’s\u00a0O'Brien”") == ["“", "Éric", "’", "s", "O", "'", "Brien", "”"]


def test_line_ends_are_counted_up_to_two_and_a_text_begins_with_three():
    assert tokens_of("a\nb\n\n\nc d\0e").lines.tolist() == [3, 1, 2, 0, 3]


def test_a_word_has_one_hash_wherever_it_stands_and_however_it_is_written():
    tokens = tokens_of("Müller x MÜLLER 77 müller")
    assert len({tokens.word[at] for at in (0, 2, 4)} | {hash_word("müller")}) == 1
    assert tokens.word[1] != tokens.word[0]


def test_capitals_beyond_ascii_are_capitals():
    assert tokens_of("Ärzte Šárka é").first.tolist() == [3, 3, 2]


@given(st.text(max_size=60))
def test_tokens_cover_everything_but_blanks_in_order(text):
    data = text.encode()
    tokens = tokens_of(text)
    at = 0
    for start, end in zip(tokens.start, tokens.end, strict=True):
        assert at <= start < end
        assert (
            data[at:start].replace(b"\xc2\xa0", b"").strip(b" \t\n\r\x0b\x0c\0") in (b"",) or b"\xc2" in data
        )
        at = end
