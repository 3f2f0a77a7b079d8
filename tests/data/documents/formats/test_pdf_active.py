"""A PDF with one sentence that would do something when it is opened. It is read, and nothing is run."""

import importlib.util
import time
import zlib
from pathlib import Path

import pypdfium2
import pytest

from flyball.data.documents.errors import ActiveContent
from flyball.data.documents.extract import extract
from flyball.data.documents.formats._pdf_active import active_parts
from flyball.data.documents.records import Limits

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

FILE_INSIDE = b"/Names<</EmbeddedFiles<</Names[(prices.xlsx) 7 0 R]>>>>"


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (b"<</S/JavaScript/JS(app.alert\\(1\\))>>", "JavaScript"),
        (b"<</S/J#61vaScript/JS(app.alert\\(1\\))>>", "JavaScript"),
        (b"<</S/Launch/F(cmd.exe)>>", "an action that starts a program"),
        (b"<</S/SubmitForm/F(https://example.com)>>", "an action that sends a form"),
    ],
)
def test_it_is_read_and_what_it_would_do_is_named(action, what):
    data = making.active_pdf(action)
    document = extract(data, name="a.pdf")
    assert "The Supplier shall deliver." in document.text
    assert document.notes == (f"it holds {what}; nothing of it was run",)
    with pytest.raises(ActiveContent, match=rf"\[documents\.active_content\] a\.pdf holds {what}\."):
        extract(data, name="a.pdf", limits=Limits(refuse_active=True))


def test_it_is_found_inside_a_packed_object_stream():
    packed = zlib.compress(b"9 0 <</S/JavaScript/JS(app.alert(1))>>")
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    data = making.active_pdf(b"") + b"\n9 0 obj" + stream + packed + b"\nendstream endobj\n"
    assert "it holds JavaScript; nothing of it was run" in extract(data, name="a.pdf").notes


def test_words_about_scripts_are_no_scripts():
    document = extract(making.pdf(["The site may use /JavaScriptLibrary and JavaScript."]), name="a.pdf")
    assert document.notes == ()
    assert extract(making.pdf(), name="a.pdf", limits=Limits(refuse_active=True)).notes == ()


def test_a_file_inside_is_named_and_left_for_a_person():
    data = making.active_pdf(b"", inside=FILE_INSIDE)
    document = extract(data, name="a.pdf")
    assert document.notes == ("a file lies inside, not read: prices.xlsx",)
    assert [part.what for part in document.unread] == ["file prices.xlsx inside"]
    with pytest.raises(ActiveContent, match=r"a\.pdf holds the file prices\.xlsx\."):
        extract(data, name="a.pdf", limits=Limits(refuse_active=True))


def test_a_comment_on_a_page_is_left_for_a_person():
    comment = b"<</Type/Annot/Subtype/Text/Rect[10 10 20 20]/Contents(Not agreed, see my mail.)>>"
    document = extract(making.active_pdf(b"", annotation=comment), name="a.pdf")
    assert [(part.what, part.page) for part in document.unread] == [("page 1, 1 comment or form field", 1)]


def test_a_filled_form_field_is_left_for_a_person():
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Ada)/Rect[10 10 90 20]>>"
    document = extract(making.active_pdf(b"", annotation=field), name="a.pdf")
    assert [part.page for part in document.unread] == [1]


def test_a_link_is_no_comment():
    link = (
        b"<</Type/Annot/Subtype/Link/Rect[10 10 20 20]/Contents(see)/A<</S/URI/URI(https://example.com)>>>>"
    )
    assert extract(making.active_pdf(b"", annotation=link), name="a.pdf").unread == ()


def test_a_stream_that_unpacks_to_a_hundred_times_its_size_is_held_off():
    """By hand: 60 MB of blanks in one object stream of about 300 kB; 20 MB of it are looked at."""
    packed = zlib.compress(b" " * 60_000_000, 1)
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    data = making.active_pdf(b"") + b"\n9 0 obj" + stream + packed + b"\nendstream endobj\n"
    assert "shall deliver" in extract(data, name="a.pdf").text


def test_thousands_of_object_streams_in_a_large_file_take_little_time():
    packed = zlib.compress(b"1 0 <</A 1>>")
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode>>stream\n" + packed + b"\nendstream\n"
    data = (stream + b"\x00" * 8_000) * 4_000 + stream.replace(
        packed, zlib.compress(b"1 0 <</S/JavaScript/JS(x)>>")
    )
    before = time.process_time()
    with pypdfium2.PdfDocument(making.pdf()) as file:
        assert active_parts(data, file) == ["JavaScript"]
    assert time.process_time() - before < 5  # some 10 ms; 4,000 copies of 20 MB take ten times the limit
