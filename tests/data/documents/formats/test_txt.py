"""By hand: "a\\r\\nb" has three characters in line 1, since the carriage return counts."""

import pytest

from flyball.data.documents.errors import Empty, Undecodable
from flyball.data.documents.extract import extract


def read(data):
    return extract(data, name="a.txt")


def test_line_ends_stay_as_they_came():
    document = read(b"a\r\nb\n\rc")
    assert document.text == "a\r\nb\n\rc"
    assert [place.label for place in document.places] == ["line 1", "line 2", "line 3", "line 4"]
    assert document.place_of(2).label == "line 1"


def test_lines_are_counted_as_editors_count_them():
    document = read("a\fb\u2028c\x85d\ne".encode())
    assert [place.label for place in document.places] == ["line 1", "line 2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_a_byte_order_mark_decides_and_is_no_text(encoding):
    document = read("Gebühr: 100 €\r\n".encode(encoding))
    assert document.text == "Gebühr: 100 €\r\n"
    assert document.notes == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_byte_text_without_a_mark_is_noticed(encoding):
    document = read("The fee is due.".encode(encoding))
    assert document.text == "The fee is due."
    assert document.notes == (f"the character encoding was guessed: {encoding}",)


def test_old_western_text_is_a_guess_and_says_so():
    document = read("“Fee” – 100 €".encode("cp1252"))
    assert document.text == "“Fee” – 100 €"
    assert document.notes == ("the character encoding was guessed: cp1252",)


def test_bytes_of_no_encoding_are_told_with_their_place():
    with pytest.raises(Undecodable) as told:
        read(b"Fee \x81 due " * 5)
    assert told.value.message == "a.txt is neither UTF-8 nor cp1252: byte 4 is 0x81."


def test_binary_is_no_text():
    with pytest.raises(Undecodable, match=r"a\.txt is no text: \d+ of 2,560 bytes are control characters\."):
        read(bytes(range(256)) * 10)


def test_a_stray_nul_in_a_long_text_is_replaced():
    document = read(b"The fee is due. " * 200 + b"\x00")
    assert document.text.endswith("due. \ufffd")
    assert document.notes == ("1 character that no text can hold became \ufffd",)


def test_half_a_character_at_the_end_is_no_utf_16():
    with pytest.raises(Undecodable):
        read("abc".encode("utf-16") + b"\x41")


def test_only_a_mark_is_empty():
    with pytest.raises(Empty):
        read(b"\xef\xbb\xbf")
