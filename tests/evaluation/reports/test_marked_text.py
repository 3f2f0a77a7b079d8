"""Two spans on the same words are one passage; a long quote is cut between words."""

import pytest

from flyball.core.records import Span
from flyball.evaluation.reports.marked_text import MarkedText
from flyball.evaluation.reports.parts import Tag


@pytest.fixture
def marked(invented):
    return lambda text: MarkedText("c1", invented.contract_of("a.txt", text, {}))


def pieces_of(text):
    return [piece for leaf in text.leaves(whole=True) for piece in leaf.pieces]


def test_the_same_words_under_two_labels_are_one_passage_and_the_worse_look_wins(marked):
    text = marked("one two three")
    text.quote((Span(4, 7),), Tag("c1-f1", "Field", "plain"))
    text.quote((Span(4, 7),), Tag("c1-x1", "High: L-1", "high"))
    _, piece, _ = pieces_of(text)
    assert (piece.text, piece.look, piece.depth) == ("two", "high", 1)
    assert [tag.words for tag in piece.tags] == ["High: L-1", "Field"]


def test_where_passages_overlap_the_look_of_the_worse_one_wins(marked):
    text = marked("one two three")
    text.quote((Span(0, 7),), Tag("c1-f1", "Unsure", "check"))
    text.quote((Span(4, 13),), Tag("c1-x1", "Low: L-1", "low"))
    assert [(piece.text, piece.look, piece.depth) for piece in pieces_of(text)] == [
        ("one ", "check", 1),
        ("two", "low", 2),
        (" three", "low", 1),
    ]


def test_a_long_quote_is_cut_between_words(marked):
    text = marked("word " * 200)
    quote = text.quote((Span(0, 1000),), Tag("c1-f1", "Field", "plain"))
    assert quote.words == "word " * 63 + "word …"


def test_nothing_quoted_is_nothing_shown(marked):
    assert marked("text").quote((), Tag("c1-f1", "Field", "plain")) is None


def test_empty_lines_in_a_row_are_shown_as_one(marked):
    assert [piece.text for piece in pieces_of(marked("a\n \n\n\nb"))] == ["a\n\nb"]


def test_an_empty_text_is_shown_as_nothing(marked):
    assert pieces_of(marked("")) == []
