"""By hand: in "The third-\\nparty  “Fee”" the passage 'third-party "Fee"' begins at 4 and ends at 23."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.datasets.passages import PassageFinder

TEXT = "The third-\nparty  “Fee”"


def found(text, passage):
    span = PassageFinder(text).find(passage)
    return None if span is None else text[span[0] : span[1]]


def test_offsets_are_those_of_the_text_as_it_is():
    assert PassageFinder(TEXT).find('third-party "Fee"') == (4, 23)


@pytest.mark.parametrize(
    ("text", "passage", "there"),
    [
        ("for an indef-\ninite period", "an indefinite period", "an indef-\ninite period"),
        ("a third\u2011party licence", "third-party licence", "third\u2011party licence"),
        ("2024 \u2013 2026", "2024-2026", "2024 \u2013 2026"),
        ("the ﬁnal of\ufb01ce", "final office", "ﬁnal of\ufb01ce"),
        ("the ﬁnal o\ufb03ce", "final office", "ﬁnal o\ufb03ce"),
        ("Year\t2026\r\nFee", "Year 2026 Fee", "Year\t2026\r\nFee"),
        ("EUR\xa0100", "EUR 100", "EUR\xa0100"),
        ("the Supplier’s fee", "the Supplier's fee", "the Supplier’s fee"),
        ("GOVERNING LAW", "Governing Law", "GOVERNING LAW"),
        ("zero\u200bwidth", "zerowidth", "zero\u200bwidth"),
        ("soft\u00adhyphen", "softhyphen", "soft\u00adhyphen"),
        ("  padded  ", " padded ", "padded"),
    ],
)
def test_form_may_differ(text, passage, there):
    assert found(text, passage) == there


@pytest.mark.parametrize("passage", ["fee is late", "", "  ", "x"])
def test_words_may_not_differ(passage):
    assert found("The fee is due.", passage) is None


def test_whole_words_come_before_parts_of_words():
    assert PassageFinder("Clients and the Client").find("Client") == (16, 22)
    assert PassageFinder("Clients").find("Client") == (0, 6)


def test_exact_case_comes_before_any_case():
    assert PassageFinder("LICENSE license License").find("License") == (16, 23)


def test_the_next_occurrence_is_found_where_the_first_is_taken():
    finder = PassageFinder("fee, fee, fee")
    assert finder.find("fee", taken=frozenset({(0, 3)})) == (5, 8)
    assert finder.find("fee", taken=frozenset({(0, 3), (5, 8), (10, 13)})) is None


@given(st.text(alphabet="ab -\n“'ﬁ.İ", min_size=1, max_size=60), st.data())
def test_any_piece_of_a_text_is_found_in_it(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = PassageFinder(text).find(text[start:end])
    if any(character not in " -\n" for character in text[start:end]):
        assert span is not None
        assert 0 <= span[0] < span[1] <= len(text)


@given(st.text(max_size=60), st.text(max_size=10))
def test_a_span_lies_inside_the_text(text, passage):
    span = PassageFinder(text).find(passage)
    assert span is None or 0 <= span[0] < span[1] <= len(text)
