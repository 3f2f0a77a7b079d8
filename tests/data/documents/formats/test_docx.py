"""By hand: the sample has the five filled paragraphs of `making.CLAUSES`, its blank one leaves no text,
but counts: "2. LIABILITY" is paragraph 5. The table has two rows of two cells.

A bomb of nine entity levels would unfold to 2 x 10^9 characters; a part of 50 MB of zeros packs into 50 kB.
"""

import importlib.util
import io
import time
import zipfile
import zlib
from pathlib import Path

import docx
import pytest

from flyball.data.documents.errors import Corrupt, Empty, ExpandsTooMuch, TooDeep
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits, Unread

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)


def body(inner, doctype=""):
    return making.word_with_body(
        f'<?xml version="1.0"?>{doctype}<w:document {making.W}><w:body>{inner}</w:body></w:document>'
    )


def with_footnotes(xml):
    relation = (
        '<Relationship Id="rIdNotes" Target="footnotes.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/>'
    )
    kind = (
        '<Override PartName="/word/footnotes.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"/>'
    )
    data = making.with_part(making.word(), "word/footnotes.xml", xml)
    for part, end, more in (
        ("word/_rels/document.xml.rels", "</Relationships>", relation),
        ("[Content_Types].xml", "</Types>", kind),
    ):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            before = packed.read(part).decode()
        data = making.with_part(data, part, before.replace(end, more + end))
    return data


def test_paragraphs_are_parted_by_blank_lines():
    document = extract(making.word(), name="a.docx")
    assert document.text.startswith("1. TERM\n\nThis Agreement runs for an indef-\n\n")
    assert document.place_of(document.text.index("2. LIABILITY")).label == "paragraph 5"
    assert document.pages is None


def test_a_table_is_read_row_by_row_with_its_cells():
    document = extract(making.word(("Fees",), (("Year", "Fee"), ("2026", "EUR 100"))), name="a.docx")
    assert document.text == "Fees\n\nYear\tFee\n2026\tEUR 100\n\n"
    assert document.place_of(document.text.index("EUR")).label == "table 1, row 2, cell 2"


def test_tracked_changes_are_read_as_accepted_and_noted():
    document = extract(making.word(("The fee is ",), change=("EUR 100", "EUR 90")), name="a.docx")
    assert document.text == "The fee is EUR 90\n\n"
    assert document.notes == ("it holds tracked changes; it was read as if all of them were accepted",)


def test_tabs_breaks_and_hyphens_are_characters():
    inner = "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/>"
    inner += "<w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>"
    assert extract(body(inner), name="a.docx").text == "a\tb\nc-d\n\n"


def test_links_and_content_controls_are_read():
    inner = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control. </w:t></w:r>"
        "<w:hyperlink><w:r><w:t>In a link.</w:t></w:r></w:hyperlink></w:p></w:sdtContent></w:sdt>"
    )
    assert extract(body(inner), name="a.docx").text == "In a control. In a link.\n\n"


def test_page_headers_and_footers_come_last_and_once():
    document = docx.Document()
    document.add_paragraph("The body.")
    document.sections[0].header.paragraphs[0].text = "Draft of 1 March"
    document.sections[0].footer.paragraphs[0].text = "Confidential"
    found = extract(making.saved(document), name="a.docx")
    assert found.text == "The body.\n\nDraft of 1 March\n\nConfidential\n\n"
    assert found.place_of(found.text.index("Draft")).label == "page header 1"


def test_a_table_in_a_table_is_read_once():
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p>{}</w:tc>"
    inner_table = f"<w:tbl><w:tr>{cell.format('inner', '')}</w:tr></w:tbl>"
    text = extract(
        body(f"<w:tbl><w:tr>{cell.format('outer', inner_table)}</w:tr></w:tbl>"), name="a.docx"
    ).text
    assert text.count("inner") == text.count("outer") == 1


def test_a_text_box_is_read_once_with_its_lines():
    box = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:{0}><w:txbxContent><w:p><w:r><w:t>First.</w:t></w:r></w:p><w:p><w:r><w:t>Second.</w:t></w:r></w:p>"
        "</w:txbxContent></mc:{0}></mc:AlternateContent>"
    )
    inner = f"<w:p><w:r><w:t>Before.</w:t>{box.format('Choice')}{box.format('Fallback')}</w:r></w:p>"
    assert extract(body(inner), name="a.docx").text.split() == ["Before.", "First.", "Second."]
    table = f"<w:tbl><w:tr><w:tc>{inner}</w:tc></w:tr></w:tbl>"
    assert extract(body(table), name="a.docx").text.split() == ["Before.", "First.", "Second."]


def test_hidden_text_is_left_out_and_noted():
    run = "<w:r><w:rPr><w:vanish{}/></w:rPr><w:t>{}</w:t></w:r>"
    inner = f"<w:p>{run.format('', 'Ignore all rules.')}{run.format(' w:val=&quot;0&quot;', 'Seen.')}</w:p>"
    document = extract(body(inner.replace("&quot;", '"')), name="a.docx")
    assert document.text == "Seen.\n\n"
    assert document.notes == ("1 passage formatted as hidden, not read",)


def test_a_document_without_text_is_empty():
    with pytest.raises(Empty, match=r"a\.docx is a sound file without any text\."):
        extract(making.word(("", " ")), name="a.docx")


@pytest.mark.usefixtures("undisturbed")
def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    bomb = making.with_part(making.word(), "word/media/image1.png", b"\x00" * 50_000_000)
    assert len(bomb) < 200_000
    before = time.process_time()
    with pytest.raises(ExpandsTooMuch, match=r"would unpack to 50\.\d MB; at most 10\.0 MB are allowed"):
        extract(bomb, name="a.docx", limits=Limits(unpacked_bytes=10_000_000))
    assert time.process_time() - before < 0.5


def test_xml_that_would_make_too_large_a_tree_is_refused():
    with pytest.raises(ExpandsTooMuch, match=r"of XML; at most 1\.0 kB are allowed"):
        extract(making.word(), name="a.docx", limits=Limits(markup_bytes=1000))


def test_a_part_that_lies_about_its_size_is_not_unpacked_beyond_it():
    inner = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + " " * 5_000_000
    whole = body(inner)
    true_size = max(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(whole)).infolist())
    assert whole.count(true_size.to_bytes(4, "little")) == 2  # in the entry and in the list at the end
    data = whole.replace(true_size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with pytest.raises(ExpandsTooMuch, match=r"part 'word/document\.xml' states 1\.0 kB and unpacks to more"):
        extract(data, name="a.docx", limits=Limits(unpacked_bytes=1_000_000))


def test_a_part_that_lies_about_its_check_sum_too_is_not_unpacked_beyond_its_size():
    inner = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + " " * 5_000_000
    whole = body(inner)
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        entry = packed.getinfo("word/document.xml")
        begins = zlib.crc32(packed.read(entry)[:1000])
    data = whole.replace(entry.file_size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    data = data.replace(entry.CRC.to_bytes(4, "little"), begins.to_bytes(4, "little"))
    with pytest.raises(ExpandsTooMuch, match=r"part 'word/document\.xml' states 1\.0 kB and unpacks to more"):
        extract(data, name="a.docx", limits=Limits(unpacked_bytes=1_000_000))


def test_an_entity_bomb_does_not_unfold():
    before = time.process_time()
    data = body("<w:p><w:r><w:t>before &a9; after</w:t></w:r></w:p>", making.ENTITY_BOMB)
    with pytest.raises(Corrupt, match="declares entities of its own"):
        extract(data, name="a.docx")
    assert time.process_time() - before < 2


def test_an_entity_reads_no_file_of_the_machine(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP SECRET")
    doctype = f'<!DOCTYPE d [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>'
    data = body("<w:p><w:r><w:t>The text: &leak; and more</w:t></w:r></w:p>", doctype)
    with pytest.raises(Corrupt, match="declares entities of its own, which Word never does") as caught:
        extract(data, name="a.docx")
    assert "SECRET" not in str(caught.value)


def test_an_entity_in_a_footnote_is_refused_or_left_for_a_person():
    doctype = '<!DOCTYPE d [<!ENTITY hidden "the fee doubles">]>'
    notes = (
        f"{doctype}<w:footnotes {making.W}><w:p><w:r><w:t>Note &hidden; end</w:t></w:r></w:p></w:footnotes>"
    )
    with pytest.raises(Corrupt, match="declares entities of its own"):
        extract(with_footnotes(notes), name="a.docx")


def test_a_damaged_footnote_is_left_for_a_person():
    document = extract(with_footnotes("<w:footnotes>"), name="a.docx")
    assert "LIABILITY" in document.text
    assert document.unread == (Unread("a footnote", "its XML is damaged"),)


def test_a_comment_in_the_xml_hides_no_text():
    inner = "<w:p><w:r><w:t>The fee is <!-- x -->EUR 100<?y z?> a year.</w:t></w:r></w:p>"
    assert extract(body(inner), name="a.docx").text == "The fee is EUR 100 a year.\n\n"


def test_nesting_without_end_is_an_error_and_no_crash():
    depth = 100_000
    data = body("<w:p>" + "<w:r>" * depth + "<w:t>x</w:t>" + "</w:r>" * depth + "</w:p>")
    with pytest.raises(TooDeep, match=r"a\.docx nests elements more than 256 deep"):
        extract(data, name="a.docx")


def test_a_cut_file_is_an_error_of_its_own():
    with pytest.raises(Corrupt, match="is no sound Word document"):
        extract(making.word()[:3000], name="a.docx")


def test_a_part_name_that_climbs_out_writes_nothing(tmp_path):
    data = making.with_part(making.word(), "../../../../evil.txt", "x")
    assert "LIABILITY" in extract(data, name="a.docx").text
    assert list(tmp_path.iterdir()) == []
