"""Lines are drawn 14 points apart from (50, 800) down, so line 2 has its baseline at 786.

A hyphen at a line's end is kept with its line break. By hand: "1. TERM", two lines of the clause,
one line left out, "2. LIABILITY" and its clause are five lines of text on the page.
"""

import importlib.util
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from flyball.data.documents.errors import Corrupt, Empty, Encrypted, ImageOnly, TooManyPages
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)


def test_text_keeps_its_lines_and_shows_paragraphs():
    assert extract(making.pdf(), name="a.pdf").text == (
        "1. TERM\n"
        "This Agreement runs for an indef-\n"
        "inite period and ends on ninety days' notice.\n"
        "\n"
        "2. LIABILITY\n"
        "The liability of the Supplier is capped at EUR 100,000.\n\n"
    )


def test_every_line_knows_its_page_and_its_box():
    document = extract(making.pdf(), name="a.pdf")
    place = document.place_of(document.text.index("capped"))
    assert (place.page, place.label) == (1, "page 1, line 5")
    left, bottom, right, top = place.box
    assert left == pytest.approx(50, abs=2)
    assert bottom == pytest.approx(800 - 5 * 14, abs=4)
    assert 7 < top - bottom < 14
    assert 250 < right - left < 400


def test_a_line_that_was_cut_by_a_hyphen_has_a_box_of_its_own():
    document = extract(making.pdf(), name="a.pdf")
    above = document.place_of(document.text.index("indef-"))
    below = document.place_of(document.text.index("inite period"))
    assert above.label == "page 1, line 2"
    assert below.label == "page 1, line 3"
    assert above.box[1] > below.box[1]


def test_pages_are_counted_from_one():
    document = extract(making.pdf(["First."], ["Second."]), name="a.pdf")
    assert document.pages == 2
    assert document.place_of(document.text.index("Second")).page == 2
    assert document.text == "First.\n\nSecond.\n\n"


def test_a_sentence_runs_on_over_the_page():
    assert extract(making.pdf(["The Supplier"], ["shall deliver."]), name="a.pdf").text == (
        "The Supplier\nshall deliver.\n\n"
    )


def test_a_file_that_may_be_read_but_not_printed_is_read():
    assert "LIABILITY" in extract(making.pdf(password="x", owner_only=True), name="a.pdf").text


def test_a_password_is_an_error_of_its_own():
    with pytest.raises(Encrypted, match=r"a\.pdf is locked with a password\."):
        extract(making.pdf(password="x"), name="a.pdf")


def test_scanned_pages_are_an_error_of_their_own():
    with pytest.raises(ImageOnly) as told:
        extract(making.scanned_pdf(3), name="a.pdf")
    assert told.value.message == ("a.pdf: 3 of 3 pages are pictures without text, as a scanner makes them.")
    assert "OCR" in told.value.fix


def test_one_scanned_page_among_others_is_noted():
    document = extract(making.scanned_pdf(1, text_pages=2), name="a.pdf")
    assert document.notes == ("page 1: only a picture, nothing was read from it",)
    assert document.pages == 3


def test_half_of_the_pages_scanned_is_too_much_to_go_on():
    with pytest.raises(ImageOnly, match="2 of 4 pages"):
        extract(making.scanned_pdf(2, text_pages=2), name="a.pdf")


def test_drawings_without_text_are_not_called_empty():
    with pytest.raises(ImageOnly, match="1 page with drawings but no text"):
        extract(making.drawn_pdf(), name="a.pdf")
    with pytest.raises(Empty):
        extract(making.blank_pdf(), name="a.pdf")


def test_letters_that_no_font_explains_are_as_good_as_a_picture():
    shapes = "".join(f"{number:04x}" for number in range(60, 5000, 17))
    with pytest.raises(ImageOnly, match="its fonts do not say which letters their shapes stand for"):
        extract(making.unmapped_pdf(shapes), name="a.pdf")


def test_letters_of_old_fonts_that_read_as_prose_are_kept_and_noted():
    data = making.unmapped_pdf("The Supplier shall deliver the goods within ten days.", type3=True)
    document = extract(data, name="a.pdf")
    assert "shall deliver" in document.text
    assert document.notes == (
        "its fonts do not say which letters their shapes stand for; the text is a guess",
    )


def test_a_hundred_thousand_pages_are_refused_at_once():
    data = making.many_pages_pdf(100_000)
    before = time.process_time()
    with pytest.raises(TooManyPages, match=r"a\.pdf has 100,000 pages; at most 5,000 are read\."):
        extract(data, name="a.pdf")
    assert time.process_time() - before < 5


def test_the_limit_on_pages_is_a_setting():
    data = making.pdf(["One."], ["Two."])
    with pytest.raises(TooManyPages, match="at most 1 are read"):
        extract(data, name="a.pdf", limits=Limits(pages=1))
    assert extract(data, name="a.pdf", limits=Limits(pages=2)).pages == 2


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\x00" * 500, making.pdf()[:400]])
def test_a_damaged_file_is_an_error_of_its_own(data):
    with pytest.raises(Corrupt, match=r"a\.pdf is no sound PDF"):
        extract(data, name="a.pdf")


@pytest.mark.parametrize("before", [making.pdf(password="x"), b"%PDF-1.7\n", making.pdf()])
def test_a_file_without_pages_says_so_whatever_was_read_before(before):
    with suppress(Encrypted, Corrupt):
        extract(before, name="before.pdf")
    with pytest.raises(Corrupt, match=r"a\.pdf is no sound PDF: it has no pages\."):
        extract(making.many_pages_pdf(0), name="a.pdf")


def test_bytes_that_are_no_pdf_are_told_so_by_the_name():
    with pytest.raises(Corrupt, match=r"a\.pdf is no sound PDF"):
        extract(b"hello", name="a.pdf")


def test_threads_take_turns():
    data, texts = making.pdf(), []
    threads = [
        threading.Thread(target=lambda: texts.append(extract(data, name="a.pdf").text)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1


def test_twenty_pages_take_less_than_a_second_of_computing():
    data = making.pdf(
        *[[f"{n}. The Supplier shall deliver the goods within {n} days." for n in range(50)]] * 20
    )
    extract(data, name="a.pdf")
    before = time.process_time()
    extract(data, name="a.pdf")
    assert time.process_time() - before < 1
