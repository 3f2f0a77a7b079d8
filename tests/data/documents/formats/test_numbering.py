"""By hand, of a list with the levels "%1." (decimal), "%1.%2" (decimal), "(%3)" (small letters):
level 0 gives 1., then levels 1, 1, 2, 2, 0, 1 give 1.1, 1.2, (a), (b), 2., 2.1.

Letters go on after z with aa, bb; 4 is iv, 49 is xlix.
"""

import importlib.util
from pathlib import Path

import docx
import pytest
from lxml import etree

from flyball.data.documents.extract import extract
from flyball.data.documents.formats._numbering import Numbering

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

LEVELS = (("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"))


def element(xml):
    return etree.fromstring(f"<r {making.W}>{xml}</r>")


def abstract(levels=LEVELS, start=1, extra=""):
    inner = "".join(
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/>{extra}</w:lvl>'
        for index, (form, text) in enumerate(levels)
    )
    return f'<w:abstractNum w:abstractNumId="7">{inner}</w:abstractNum>'


def num(number=1, override=""):
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="7"/>{override}</w:num>'


def paragraph(level=None, number=1, style=""):
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    mark = ""
    if number is not None:
        ilvl = "" if level is None else f'<w:ilvl w:val="{level}"/>'
        mark = f'<w:numPr>{ilvl}<w:numId w:val="{number}"/></w:numPr>'
    return element(f"<w:p><w:pPr>{style}{mark}</w:pPr></w:p>")[0]


def numbers(numbering, *paragraphs):
    return [numbering.number(one) for one in paragraphs]


def test_levels_count_as_word_counts():
    numbering = Numbering(element(abstract() + num()), None)
    levels = (0, 1, 1, 2, 2, 0, 1)
    assert numbers(numbering, *map(paragraph, levels)) == ["1.", "1.1", "1.2", "(a)", "(b)", "2.", "2.1"]


def test_a_level_that_was_skipped_counts_as_begun():
    assert numbers(Numbering(element(abstract() + num()), None), paragraph(1), paragraph(0)) == ["1.1", "2."]


def test_two_lists_of_one_kind_go_on_counting_unless_one_starts_anew():
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = Numbering(element(abstract() + num(1) + num(2) + num(3, override)), None)
    wanted = [paragraph(0, number) for number in (1, 2, 3, 3, 1)]
    assert numbers(numbering, *wanted) == ["1.", "2.", "5.", "6.", "7."]


@pytest.mark.parametrize(
    ("form", "start", "shown"),
    [
        ("lowerLetter", 26, ["z.", "aa."]),
        ("upperLetter", 2, ["B.", "C."]),
        ("lowerRoman", 4, ["iv.", "v."]),
        ("upperRoman", 49, ["XLIX.", "L."]),
        ("decimalZero", 9, ["09.", "10."]),
        ("bullet", 1, ["", ""]),
        ("none", 1, ["", ""]),
        ("chicago", 1, ["", ""]),
        ("decimal", 99_999, ["", ""]),
    ],
)
def test_forms_of_numbers(form, start, shown):
    numbering = Numbering(element(abstract(((form, "%1."),), start) + num()), None)
    assert numbers(numbering, paragraph(0), paragraph(0)) == shown


def test_legal_numbering_shows_decimals_under_roman_articles():
    levels = (("upperRoman", "Article %1"), ("decimal", "%1.%2"))
    assert numbers(
        Numbering(element(abstract(levels, extra="<w:isLgl/>") + num()), None), paragraph(0), paragraph(1)
    ) == ["Article 1", "1.1"]


def test_a_style_may_carry_the_list_and_a_level_may_name_its_style():
    levels = abstract().replace('<w:lvl w:ilvl="1">', '<w:lvl w:ilvl="1"><w:pStyle w:val="Clause"/>')
    styles = element(
        '<w:style w:styleId="Clause"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Sub"><w:basedOn w:val="Clause"/>'
        '<w:pPr><w:numPr><w:ilvl w:val="2"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Same"><w:basedOn w:val="Clause"/></w:style>'
        '<w:style w:styleId="Round"><w:basedOn w:val="Round"/></w:style>'
    )
    numbering = Numbering(element(levels + num()), styles)
    wanted = [paragraph(None, None, style) for style in ("Clause", "Sub", "Same", "Round", "Unknown")]
    assert numbers(numbering, *wanted) == ["1.1", "(a)", "1.2", "", ""]


def test_a_paragraph_may_switch_the_numbers_of_its_style_off():
    styles = element(
        '<w:style w:styleId="S"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    numbering = Numbering(element(abstract() + num()), styles)
    assert numbers(numbering, paragraph(None, 0, "S"), paragraph(None, None, "S")) == ["", "1."]


@pytest.mark.parametrize("broken", ["", num(), abstract(), abstract() + num().replace('"7"', '"8"')])
def test_half_a_list_gives_no_numbers(broken):
    assert numbers(Numbering(element(broken), None), paragraph(0)) == [""]


def test_a_real_file_shows_its_numbers_and_names_them_in_its_places():
    document = docx.Document()
    for text in ("Deliver the goods.", "Pay the price."):
        document.add_paragraph(text, style="List Number")
    found = extract(making.saved(document), name="a.docx")
    assert found.text == "1. Deliver the goods.\n\n2. Pay the price.\n\n"
    assert found.place_of(found.text.index("Pay")).label == "paragraph 2 (2)"
