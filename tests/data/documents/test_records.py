"""By hand: "ab\\ncd\\n" has line 1 at [0, 3) and line 2 at [3, 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import Empty, TooLong
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Document, Limits, Place, Unreadable


def two_lines():
    return extract(b"ab\ncd\n", name="a.txt")


def test_every_character_has_a_place():
    document = two_lines()
    assert [document.place_of(offset).label for offset in range(6)] == ["line 1"] * 3 + ["line 2"] * 3


def test_outside_the_text_there_is_no_place():
    document = two_lines()
    assert document.place_of(-1) is None
    assert document.place_of(6) is None


def test_a_passage_may_touch_several_places():
    document = two_lines()
    assert [place.label for place in document.places_of(1, 4)] == ["line 1", "line 2"]
    assert [place.label for place in document.places_of(0, 3)] == ["line 1"]
    assert document.places_of(3, 3) == document.places_of(6, 9) == ()


def test_places_that_leave_a_gap_are_refused():
    with pytest.raises(BadInput, match=r"The places of x leave a gap or overlap at character 1\."):
        Document("x", "", "", "", "abc", (Place(0, 1, None, "a"), Place(2, 3, None, "b")))
    with pytest.raises(BadInput, match=r"The places of x end at character 1 of 3\."):
        Document("x", "", "", "", "abc", (Place(0, 1, None, "a"),))


@given(st.lists(st.text(st.characters(), max_size=20), min_size=1, max_size=20))
def test_the_map_covers_whatever_was_added(pieces):
    assembly = Assembly("x", Limits())
    for number, piece in enumerate(pieces):
        assembly.add(piece, label=str(number))
    try:
        document = assembly.document(b"", "text/plain")
    except Empty:
        assert not "".join(pieces).strip(
            "\x00\ufeff\ufffd \t\r\n\f\v\xa0" + "".join(map(chr, range(0xD800, 0xE000)))
        )
        return
    assert len(document.text) == sum(map(len, pieces))
    labels = "".join(str(number) for number, piece in enumerate(pieces) for _ in piece)
    assert "".join(document.place_of(offset).label for offset in range(len(document.text))) == labels
    document.text.encode()


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=200))
def test_plain_text_keeps_every_character(text):
    assert extract(f"x\r\n{text}\r\n".encode(), name="a.txt").text == f"x\r\n{text}\r\n"


def test_characters_that_no_text_can_hold_are_replaced_one_for_one():
    assembly = Assembly("x", Limits())
    assembly.add("a\x00b\ud800c", label="all")
    document = assembly.document(b"", "text/plain")
    assert document.text == "a\ufffdb\ufffdc"
    assert document.notes == ("2 characters that no text can hold became \ufffd",)


def test_more_text_than_allowed_is_an_error():
    assembly = Assembly("x", Limits(characters=3))
    assembly.add("abc", label="1")
    with pytest.raises(TooLong, match=r"x has more than 3 characters of text\."):
        assembly.add("d", label="2")


def test_more_places_than_allowed_are_an_error():
    with pytest.raises(TooLong, match=r"a\.txt has more than 2 places such as lines or cells\."):
        extract(b"a\nb\nc", name="a.txt", limits=Limits(places=2))


def test_an_error_becomes_a_record_with_all_it_knows():
    error = Empty("a.txt has 0 bytes.", fix="Ask again.")
    assert Unreadable.from_error("a.txt", error) == Unreadable(
        "a.txt", "documents.empty", "a.txt has 0 bytes.", "Ask again.", retry=False
    )


def test_a_passage_has_one_box_for_each_line_and_no_word_is_cut():
    """By hand: "two" begins at 4 and "three" at 8, so [5, 9) touches both: from 30 to 70; "four" from 10."""
    document = Document(
        "a.pdf",
        "application/pdf",
        "sha256:0",
        "sha256:1",
        "one two three\nfour",
        (
            Place(0, 14, 1, "line 1", (10, 90, 70, 100), ((0, 10.0, 28.0), (4, 30.0, 48.0), (8, 50.0, 70.0))),
            Place(14, 18, 2, "line 2", (10, 700, 30, 710), ((0, 10.0, 30.0),)),
        ),
    )
    assert document.boxes_of(5, 9) == ((1, (30.0, 90, 70.0, 100)),)
    assert document.boxes_of(3, 7) == ((1, (30.0, 90, 48.0, 100)),)  # the blank before "two" is no word
    assert document.boxes_of(8, 15) == ((1, (50.0, 90, 70.0, 100)), (2, (10.0, 700, 30.0, 710)))
    assert document.boxes_of(13, 14) == ()  # the line break stands nowhere
    assert document.boxes_of(18, 30) == ()


def test_without_words_the_box_is_that_of_the_line():
    places = (Place(0, 7, 1, "line 1", (10, 90, 70, 100)),)
    document = Document("a.pdf", "application/pdf", "sha256:0", "sha256:1", "one two", places)
    assert document.boxes_of(0, 3) == ((1, (10, 90, 70, 100)),)


def test_a_format_without_pages_has_no_boxes():
    document = Document("a.txt", "text/plain", "sha256:0", "sha256:1", "one", (Place(0, 3, None, "line 1"),))
    assert document.boxes_of(0, 3) == ()
