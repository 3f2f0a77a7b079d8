"""A page is drawn, photographed at 200 dots per inch, put into a PDF, and read by Tesseract.

By hand: line n of the photograph stands at (72, 760 - 18 n) in points, so "liability" of line 2 stands
at 724, right of "The", which is 3 letters of 12 points: between 90 and 105.
"""

import importlib.util
import shutil
from pathlib import Path

import pytest

from flyball.data.documents.errors import ImageOnly, OcrFailed, OcrMissing
from flyball.data.documents.extract import extract
from flyball.data.documents.formats import _ocr
from flyball.data.documents.records import Limits

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed (Debian: tesseract-ocr)"
)
LINES = (
    "SERVICE AGREEMENT",
    "The Supplier shall deliver the goods within thirty days.",
    "The liability is capped at EUR 100,000.",
)
OCR = Limits(ocr=True)


@pytest.fixture(scope="module")
def photograph():
    return making.photographed(*LINES)


@needs_tesseract
def test_a_scan_is_read_with_its_places(photograph):
    document = extract(making.pdf_with_picture(photograph, digital=0), name="a.pdf", limits=OCR)
    assert document.text == "\n".join(LINES) + "\n\n"
    assert document.unread == ()
    start = document.text.index("liability")
    place = document.place_of(start)
    assert (place.page, place.label) == (1, "page 1, line 3")
    assert 0.6 < place.confidence <= 1
    ((page, (left, bottom, right, top)),) = document.boxes_of(start, start + len("liability"))
    assert page == 1
    assert 90 < left < 105 < right < 150
    assert bottom == pytest.approx(724, abs=4)
    assert 5 < top - bottom < 16
    (note,) = document.notes
    assert note.startswith("page 1: read by text recognition, mean confidence 0.")


@needs_tesseract
def test_a_turned_page_keeps_its_places(photograph):
    """A page that the viewer turns by 180 degrees shows a photograph upside down the right way up."""
    data = making.pdf_with_picture(photograph.rotate(180), digital=0, turned=180)
    document = extract(data, name="a.pdf", limits=OCR)
    start = document.text.index("liability")
    ((_, (left, bottom, right, top)),) = document.boxes_of(start, start + len("liability"))
    assert 595 - 150 < left < right < 595 - 90
    assert 842 - 740 < bottom < top < 842 - 718


@needs_tesseract
def test_letters_that_were_digital_are_not_read_twice(photograph):
    stamp = "Exhibit 4 to the agreement of 2026, stamped"
    data = making.pdf_with_picture(photograph, stamp=stamp)
    document = extract(data, name="a.pdf", limits=OCR)
    assert document.text.count("Exhibit 4") == 1
    assert document.text.count("liability") == 1
    assert document.unread == ()


@needs_tesseract
def test_a_picture_without_words_is_left_for_a_person():
    data = making.pdf_with_picture(making.photographed(), digital=2)
    document = extract(data, name="a.pdf", limits=OCR)
    (part,) = document.unread
    assert part.what == "page 3"
    assert part.reason == "a picture over 100% of the page, 0 letters; no words recognised"


@needs_tesseract
def test_pages_beyond_the_limit_are_left_for_a_person(photograph):
    data = making.pdf_with_picture(photograph, digital=2)
    document = extract(data, name="a.pdf", limits=Limits(ocr=True, ocr_pages=0))
    assert [part.page for part in document.unread] == [3]


@needs_tesseract
def test_a_language_that_is_not_installed_is_an_error(photograph):
    data = making.pdf_with_picture(photograph)
    with pytest.raises(OcrMissing, match=r"a\.pdf, page 2 needs text recognition in xyz"):
        extract(data, name="a.pdf", limits=Limits(ocr=True, ocr_languages="xyz"))


def test_it_is_off_unless_asked_for(photograph):
    with pytest.raises(ImageOnly, match="1 of 1 page are pictures"):
        extract(making.pdf_with_picture(photograph, digital=0), name="a.pdf")


def test_without_the_program_the_error_says_how_to_get_it(photograph, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OcrMissing, match="apt-get install tesseract-ocr"):
        extract(making.pdf_with_picture(photograph), name="a.pdf", limits=OCR)


def program(folder, script, monkeypatch):
    path = folder / "tesseract"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def test_a_program_that_breaks_down_costs_its_page_only(photograph, tmp_path, monkeypatch):
    program(tmp_path, "exit 139\n", monkeypatch)
    document = extract(making.pdf_with_picture(photograph, digital=2), name="a.pdf", limits=OCR)
    assert "This page is digital" in document.text
    assert [part.page for part in document.unread] == [3]
    assert document.notes[0] == (
        "[documents.ocr_failed] a.pdf, page 3: text recognition broke down (exit status 139)."
    )


def test_a_program_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    program(tmp_path, "exec sleep 60\n", monkeypatch)
    monkeypatch.setattr(_ocr, "_SECONDS", 0.2)
    with pytest.raises(OcrFailed, match=r"took more than 0\.2 s"):
        _ocr.recognised(b"\xff", 1, 1, languages="eng", name="a.pdf, page 1")


def test_words_of_low_confidence_are_left_out_and_the_page_is_kept_for_a_person(
    photograph, tmp_path, monkeypatch
):
    """Two words at 40 and 20 of 100: one is kept, and a mean of 0.40 is not sure."""
    rows = ["level"] + [
        f"5\t1\t1\t1\t1\t{number}\t{number * 100}\t100\t50\t20\t{sure}\t{text}"
        for number, sure, text in ((1, 40, "maybe"), (2, 20, "no"))
    ]
    (tmp_path / "said").write_text("\n".join(rows))
    program(tmp_path, f"cat > /dev/null; cat {tmp_path}/said\n", monkeypatch)
    document = extract(making.pdf_with_picture(photograph, digital=2), name="a.pdf", limits=OCR)
    assert document.text.endswith("maybe\n")
    (part,) = document.unread
    assert part.reason.endswith("text recognition was not sure (0.40)")
