"""Files that were changed at random are read or refused with an error of ours, and what is read is sound.

Numbers are replaced by extreme ones, stretches cut out or repeated, bytes changed: up to 8 times in each
of 250 copies of each sample. Streams are not packed, so that changes reach the drawing itself.
"""

import importlib.util
import random
import re
from pathlib import Path

import pytest

from flyball.core.digests import canonical_json, from_json
from flyball.data.documents.errors import DocumentError
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Document

PATH = Path(__file__).parent / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

ROWS = [["Year", "Fee", "Paid"], *([str(number), f"{number}.00", "yes"] for number in range(8))]
EXTREMES = (b"0", b"-1", b"1e9", b"nan", b"0.00001", b"2147483648", b"99999999999999999999")
SAMPLES = {
    "ruled.pdf": making.flowing_pdf(making.ruled(ROWS, [60, 80, 100]), packed=False),
    "spaced.pdf": making.flowing_pdf(making.spaced(ROWS, [60, 80, 100]), packed=False),
    "active.pdf": making.active_pdf(
        b"<</S/JavaScript/JS(a)>>",
        inside=b"/Names<</EmbeddedFiles<</Names[(prices.xlsx) 7 0 R]>>>>",
        annotation=b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Ada)/Rect[10 10 90 20]>>",
    ),
    "picture.pdf": making.pdf_with_picture(making.photographed("x")),
    "table.docx": making.word(("Fees",), ROWS[:3]),
    "table.html": b"<html><table><thead><tr><th colspan=2>Fee<th>Year</thead>"
    b"<tr><td rowspan=2>5<td>6</table>",
}


def changed(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(data)), chance.randrange(200)
        kind = chance.choice(["byte", "number", "cut", "repeat"])
        if kind == "byte":
            data[at] = chance.randrange(256)
        elif kind == "number" and (number := re.compile(rb"\d+(?:\.\d+)?").search(data, at)):
            data[number.start() : number.end()] = chance.choice(EXTREMES)
        elif kind == "cut":
            data[at : at + length] = b""
        else:
            data[at:at] = data[at : at + length] * chance.randint(1, 5)
        data = data or bytearray(b"x")
    return bytes(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_file_is_read_soundly_or_refused(name):
    chance = random.Random(name)  # noqa: S311
    outcomes = set()
    for _ in range(250):
        try:
            document = extract(changed(SAMPLES[name], chance), name=name)
        except DocumentError as err:
            outcomes.add("broke its reader" if "broke its reader" in err.message else "refused")
            continue
        outcomes.add("read")
        assert from_json(canonical_json(document), Document) == document
        for table in document.tables:
            for cell in table.cells:
                words = "\n".join(document.text[start:end] for start, end in cell.spans)
                assert cell.text == words
    assert "read" in outcomes
    assert "broke its reader" not in outcomes
