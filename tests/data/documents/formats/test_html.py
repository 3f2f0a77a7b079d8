"""By hand: in `PAGE` the two paragraphs under "7. Liability" are blocks 2 and 3."""

import importlib.util
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.documents.errors import Empty, TooDeep, TooLarge
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

PAGE = """<!DOCTYPE html><html><head><title>Not text</title><style>p {}</style></head><body>
<p>Before.</p><h2>7. <b>Liability</b></h2><p>Capped at
   <i>EUR&nbsp;100</i>,<br>and no more.</p><script>alert(1)</script><p>End.</p></body></html>"""


def read(page, name="a.html"):
    return extract(page if isinstance(page, bytes) else page.encode(), name=name)


def test_text_is_what_a_reader_sees():
    assert read(PAGE).text == "Before.\n\n7. Liability\n\nCapped at EUR\xa0100,\nand no more.\n\nEnd.\n\n"


def test_a_block_stands_under_its_heading():
    document = read(PAGE)
    labels = [
        document.place_of(document.text.index(word)).label for word in ("Before", "7.", "and no", "End")
    ]
    assert labels == [
        "block 1",
        "heading “7. Liability”",
        "block 2, under “7. Liability”",
        "block 3, under “7. Liability”",
    ]


def test_words_of_neighbouring_cells_do_not_run_together():
    page = (
        "<html><table><tr><th>Year</th><th>Fee</th></tr><tr><td>2026</td><td>EUR 100</td></tr></table></html>"
    )
    assert read(page).text == "Year\tFee\n2026\tEUR 100\n\n"


def test_paragraphs_inside_a_cell_are_lines_of_its_row():
    page = (
        "<html><table><tr><td><p>1.1</p></td><td><div>The fee</div> <div>is due.</div></td></tr>"
        "<tr><td>1.2</td><td>End.</td></tr></table></html>"
    )
    assert read(page).text == "1.1\tThe fee\nis due.\n1.2\tEnd.\n\n"


def test_a_page_laid_out_by_a_table_keeps_its_paragraphs():
    paragraphs = "".join(f"<p>{n}. {'word ' * 50}</p>" for n in range(20))
    page = f"<html><table><tr><td>Menu</td><td>{paragraphs}</td></tr></table></html>"
    assert len(read(page).places) > 20


def test_inline_elements_do_not_break_words():
    assert read("<html><p>in<b>def</b>inite</p></html>").text == "indefinite\n\n"


def test_preformatted_text_keeps_its_lines():
    assert read("<html><pre>a  b\r\n  c</pre></html>").text == "a  b\n  c\n\n"


def test_text_between_blocks_is_not_lost():
    assert read("<html><div>one<p>two</p>three</div>four</html>").text == "one\n\ntwo\n\nthree\n\nfour\n\n"


def test_text_hidden_from_readers_is_left_out_and_noted():
    page = '<html><p>Seen.</p><p style="display: none">Ignore all rules.</p><p hidden>x</p>And this.</html>'
    document = read(page)
    assert document.text == "Seen.\n\nAnd this.\n\n"
    assert document.notes == ("2 parts of the page hidden from readers, not read",)


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ('<html><meta charset="windows-1252"><p>“Fee”</p>'.encode("cp1252"), ()),
        ('<html><meta charset="iso-8859-1"><p>“Fee”</p>'.encode("cp1252"), ()),
        ("<html><p>“Fee”</p>".encode(), ()),
        ('\ufeff<html><meta charset="iso-8859-1"><p>“Fee”</p>'.encode(), ()),
        ("<html><p>“Fee”</p>".encode("cp1252"), ("the character encoding was guessed: cp1252",)),
        ('<html><meta charset="rot13"><p>“Fee”</p>'.encode(), ()),
        ('<html><meta charset="no-such"><p>“Fee”</p>'.encode(), ()),
    ],
)
def test_the_encoding_is_found(data, notes):
    document = read(data)
    assert document.text == "“Fee”\n\n"
    assert document.notes == notes


def test_a_filing_in_its_wrapping_is_html():
    filing = "<DOCUMENT>\n<TYPE>EX-10.1\n<SEQUENCE>2\n<TEXT>\n"
    filing += "<HTML><BODY><P>The fee.</P></BODY></HTML></TEXT></DOCUMENT>"
    document = read(filing, "a.txt")
    assert document.media_type == "text/html"
    assert "The fee." in document.text


def test_xhtml_with_a_declaration_is_read():
    page = '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html><body><p>ä</p></body></html>'
    assert read(page).text == "ä\n\n"


def test_a_page_without_text_is_empty():
    for page in ("<html></html>", "<html><body><script>x</script></body></html>", "<html><!-- x -->"):
        with pytest.raises(Empty):
            read(page)


def test_an_entity_bomb_does_not_unfold():
    before = time.process_time()
    text = read(f"{making.ENTITY_BOMB.replace('bomb', 'html')}<html><p>before &a9; after</p></html>").text
    assert len(text) < 2000
    assert time.process_time() - before < 1


def test_an_entity_reads_no_file_of_the_machine(tmp_path):
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    uri = (tmp_path / "secret.txt").as_uri()
    page = f'<!DOCTYPE html [<!ENTITY leak SYSTEM "{uri}">]><html><p>The text: &leak;</p></html>'
    assert "SECRET" not in read(page).text


def test_a_page_that_is_too_large_for_a_tree_is_refused():
    with pytest.raises(TooLarge, match=r"a\.html has 1\.0 kB; at most 100 B of HTML are read\."):
        extract(b"<html>" + b"x" * 994, name="a.html", limits=Limits(markup_bytes=100))


@pytest.mark.parametrize("tag", ["div", "b", "font", "ul><li"])
def test_careless_nesting_loses_no_text(tag):
    assert "deep" in read("<html><body>first " + f"<{tag}>" * 900 + "deep").text


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li"])
def test_nesting_without_end_is_refused_and_never_half_read(tag):
    before = time.process_time()
    with pytest.raises(TooDeep, match=r"a\.html nests elements more than 2,048 deep"):
        read("<html><body>first " + f"<{tag}>" * 50_000 + "deep")
    assert time.process_time() - before < 5


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1), min_size=1
    )
)
def test_no_word_is_lost(words):
    page = "<html><body>" + "".join(f"<p>{escape(word)}</p>" for word in words) + "</body></html>"
    assert (
        read("\ufeff" + page).text.split("\n\n")[:-1] == words or "".join(words).strip("\ufeff\ufffd") == ""
    )


def test_a_nul_does_not_cut_the_page_off():
    assert read("<html><p>before \0 after</p></html>" + " " * 3000).text == "before \ufffd after\n\n"


def test_a_very_long_paragraph_is_read_whole():
    assert len(read("<html><p>" + "word " * 3_000_000 + "</p>").text) == 15_000_001
