"""What each page is: by its letters and by how much of it lies under pictures.

By hand: the stamp "Exhibit 4" has 8 letters; a picture of 595 x 421 covers half of a page of 595 x 842.
"""

import importlib.util
import time
from pathlib import Path

import pytest

from flyball.core.digests import canonical_json, from_json
from flyball.data.documents.errors import ImageOnly
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Document, Unread

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

BLANK = making.photographed("x")
STAMP = "Exhibit 4 to the agreement of 2026, stamped"


def read(data):
    return extract(data, name="a.pdf")


def test_a_scanned_page_among_others_is_left_for_a_person():
    document = read(making.pdf_with_picture(BLANK, digital=2))
    assert [page.kind for page in document.page_kinds] == ["digital", "digital", "scanned"]
    assert document.page_kinds[2].reason == "a picture over 100% of the page, 0 letters"
    assert document.unread == (Unread("page 3", "a picture over 100% of the page, 0 letters", 3),)


def test_a_scanned_page_with_a_stamp_is_mixed_and_left_for_a_person():
    document = read(making.pdf_with_picture(BLANK, stamp=STAMP))
    assert document.page_kinds[1].kind == "mixed"
    assert [part.page for part in document.unread] == [2]
    assert "Exhibit 4" in document.text


def test_half_a_page_under_a_picture_is_half():
    document = read(making.pdf_with_picture(BLANK, stamp=STAMP, size=(595, 421)))
    assert document.page_kinds[1].picture_share == pytest.approx(0.5, abs=0.02)


def test_a_logo_beside_text_takes_nothing_away():
    document = read(making.pdf_with_picture(BLANK, stamp=STAMP, size=(100, 100)))
    assert document.page_kinds[1].kind == "digital"
    assert document.unread == ()


def test_a_picture_behind_much_text_is_a_background():
    buffer = making.io.BytesIO()
    drawing = making.canvas.Canvas(buffer, pagesize=(595, 842), invariant=1)
    drawing.drawImage(making.ImageReader(BLANK), 0, 0, 595, 842)
    for number in range(10):  # ten lines of 35 letters
        drawing.drawString(72, 700 - 14 * number, "The Supplier shall deliver all the goods.")
    drawing.save()
    document = read(buffer.getvalue())
    assert document.page_kinds[0].kind == "digital"
    assert document.unread == ()


def test_pages_with_nothing_or_only_drawings_are_told_apart():
    buffer = making.io.BytesIO()
    drawing = making.canvas.Canvas(buffer, invariant=1)
    drawing.drawString(72, 700, "The Supplier shall deliver the goods.")
    drawing.showPage()
    drawing.showPage()
    drawing.line(10, 10, 200, 200)
    drawing.showPage()
    drawing.save()
    document = read(buffer.getvalue())
    assert [page.kind for page in document.page_kinds] == ["digital", "empty", "drawn"]
    assert document.unread == (Unread("page 3", "1 drawn object, no letters", 3),)


def test_every_word_has_its_place_on_the_page():
    """Helvetica 12 at (50, 800 - 14 n): "The" of line 6 begins at 50, and "Supplier" ends before "is"."""
    document = read(making.pdf())
    start = document.text.index("Supplier is")
    ((page, (left, bottom, right, _)),) = document.boxes_of(start, start + 8)
    ((_, (next_left, _, _, _)),) = document.boxes_of(start + 9, start + 11)
    assert page == 1
    assert 50 < left < right < next_left
    assert bottom == pytest.approx(800 - 14 * 5, abs=4)


def test_a_ligature_is_written_out_and_later_words_keep_their_place():
    """The font maps no letter to a ligature by itself, so U+FB03 "ffi" is written through a ToUnicode map."""
    document = read(making.ligature_pdf())
    assert document.text.startswith("office rent")
    start = document.text.index("rent")
    place = document.place_of(start)
    assert [word[0] for word in place.words] == [0, 7]


def test_letters_that_a_font_does_not_name_are_never_dropped_in_silence():
    """Two may be bullets, and are noted; three in a row may be a word, and a person looks."""
    document = read(making.mapped_pdf(b"~~ The fee is due.", b"0000"))
    assert document.text.startswith("\ufffd\ufffd The fee is due.")
    assert document.notes == ("page 1: 2 letters that no font explains became \ufffd",)
    assert document.unread == ()
    (page,) = document.page_kinds
    assert page.characters == len("Thefeeisdue.")
    hidden = read(making.mapped_pdf(b"The fee ~~~ is due.", b"0000"))
    assert [part.page for part in hidden.unread] == [1]
    assert hidden.unread[0].reason == "they can be seen, but not read"


def test_a_page_of_letters_that_no_font_names_is_as_good_as_a_picture():
    with pytest.raises(ImageOnly, match="do not say which letters"):
        read(making.mapped_pdf(b"~~~~~ ~~~~ ~~~~~~~~~~~~ ~~~~~~~~~ ~~~~~~ ~~", b"0000"))


def test_text_from_right_to_left_is_left_for_a_person():
    """U+05D0 is the letter alef."""
    document = read(making.mapped_pdf(b"The fee ~~~ is due.", b"05D0"))
    assert "\u05d0\u05d0\u05d0" in document.text
    assert [(part.what, part.page) for part in document.unread] == [
        ("page 1, text that runs from right to left", 1)
    ]


def test_a_document_comes_back_from_json_as_it_was():
    document = read(making.flowing_pdf(making.ruled([["Year", "Fee"], ["2026", "5"]], [60, 60])))
    assert document.tables
    assert from_json(canonical_json(document), Document) == document


def test_letters_scaled_out_of_this_world_have_no_box_and_the_others_do():
    """By hand: 1e30 times 1e30 is beyond any number that a box can hold."""
    huge = b"q 1e30 0 0 1e30 0 0 cm 1e30 0 0 1e30 0 0 cm BT /F 12 Tf 1 1 Td (Far away) Tj ET Q "
    near = b"BT /F 12 Tf 50 700 Td (The Supplier shall deliver.) Tj ET"
    document = read(making.shown_pdf(huge + near))
    start = document.text.index("Supplier")
    assert document.boxes_of(start, start + 8)
    assert from_json(canonical_json(document), Document) == document


def test_two_hundred_thousand_letters_on_one_line_are_read_in_seconds():
    """In strings of 5,000 letters each, on one line; such lines are so rare that a person looks at them."""
    strings = (b"(" + b"word " * 1_000 + b") Tj ") * 40
    before = time.process_time()
    document = read(making.shown_pdf(b"BT /F 1 Tf 0 700 Td " + strings + b"ET"))
    assert time.process_time() - before < 5
    assert document.text.count("word") == 40_000


def test_a_string_that_pdfium_cuts_is_left_for_a_person():
    document = read(making.shown_pdf(b"BT /F 1 Tf 0 700 Td (" + b"word " * 10_000 + b") Tj ET"))
    assert document.text.count("word") < 10_000
    assert [part.what for part in document.unread] == ["page 1, the rest of a line"]


def test_forms_in_forms_without_end_are_read_or_refused():
    """A form that draws itself: PDFium stops by itself, and so does the search for lines."""
    data = making.shown_pdf(b"BT /F 12 Tf 50 700 Td (The Supplier shall deliver.) Tj ET /X Do")
    data = data.replace(b"/Resources<<", b"/Resources<</XObject<</X 9 0 R>>").replace(
        b"xref",
        b"9 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 9 0 R>>>>/Length 5>>"
        b"stream\n/X Do\nendstream endobj\nxref",
        1,
    )
    assert "shall deliver" in read(data).text
