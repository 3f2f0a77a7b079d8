"""A quote is found word for word, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.models.experts.language_model.quotes import Quotable

TEXT = "ACME shall\n\tnot compete — “ever”.\r\n\r\nPage 2\u00a0 End of it."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("ACME shall not compete", "ACME shall\n\tnot compete"),
        ('compete - "ever".', "compete — “ever”."),
        ("... Page 2 End ...", "Page 2\u00a0 End"),
        ("acme shall", None),
        ("shall compete", None),
        ("", None),
        ("it", None),
        ("…", None),
    ],
)
def test_white_space_and_quotation_marks_may_differ_and_nothing_else(quote, found):
    span = Quotable.of(TEXT).find(quote)
    assert (TEXT[span.start : span.end] if span else None) == found


@given(st.text(max_size=200), st.data())
def test_every_passage_is_found_where_its_words_stand(text, data):
    start = data.draw(st.integers(0, len(text)))
    passage = text[start : data.draw(st.integers(start, len(text)))]
    span = Quotable.of(text).find(passage)
    if span is not None:
        assert 0 <= span.start < span.end <= len(text)
        assert Quotable.of(text[span.start : span.end]).even.strip() != ""
