"""The sample contracts: every label can be found in its contract, and the files are what their sources make.

The files are read here with small readers of the test's own, so that a fault in `flyball.data`
cannot hide one in a sample.
"""

from __future__ import annotations

import csv
import email
import email.policy
import html.parser
import importlib.util
import io
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOLUTION = ROOT / "src" / "flyball" / "solutions" / "contract_review"
CONTRACTS = SOLUTION / "cases" / "contracts"
GROUPS = {"general", "term", "competition", "assignment", "money", "ip", "liability", "other"}


class _PageText(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _html_text(data: bytes) -> str:
    page = _PageText()
    page.feed(data.decode("utf-8"))
    return "".join(page.parts)


def _docx_text(data: bytes) -> str:
    docx = pytest.importorskip("docx", reason="python-docx reads the DOCX samples")
    parts = []
    for item in docx.Document(io.BytesIO(data)).iter_inner_content():
        rows = getattr(item, "rows", None)
        parts += [item.text] if rows is None else [cell.text for row in rows for cell in row.cells]
    return "\n".join(parts)


def _pdf_text(data: bytes) -> str:
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 reads the PDF samples")
    document = pdfium.PdfDocument(data)
    try:
        return "\n".join(str(page.get_textpage().get_text_range()) for page in document)
    finally:
        document.close()


def _eml_text(data: bytes) -> str:
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts = []
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            parts.append(str(part.get_content()))
        elif (part.get_filename() or "").endswith(".docx"):
            parts.append(_docx_text(part.get_content()))
    return "\n".join(parts)


READERS = {
    ".txt": lambda data: data.decode("utf-8-sig"),
    ".html": _html_text,
    ".docx": _docx_text,
    ".pdf": _pdf_text,
    ".eml": _eml_text,
}


def one_line(text: str) -> str:
    return " ".join(text.split())


def contract_text(name: str) -> str:
    path = CONTRACTS / name
    return one_line(READERS[path.suffix](path.read_bytes()))


def label_rows() -> list[dict[str, str]]:
    with (SOLUTION / "cases" / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def field_rows() -> list[dict[str, object]]:
    with (SOLUTION / "fields.toml").open("rb") as file:
        return list(tomllib.load(file)["field"])


def make_samples() -> ModuleType:
    """The generator `tools/make_samples.py`, as a module; skips where its libraries are missing."""
    pytest.importorskip(
        "reportlab", reason="reportlab writes the PDF samples; it is a development dependency"
    )
    pytest.importorskip("docx", reason="python-docx writes the DOCX samples")
    path = ROOT / "tools" / "make_samples.py"
    if not path.is_file():
        pytest.skip("tools/ is not part of the source distribution")
    spec = importlib.util.spec_from_file_location("make_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_samples"] = module
    spec.loader.exec_module(module)
    return module


NAMES = sorted(path.name for path in CONTRACTS.iterdir())


def test_there_are_at_least_fifteen_contracts_in_five_formats() -> None:
    assert len(NAMES) >= 15
    assert {Path(name).suffix for name in NAMES} == {".txt", ".html", ".docx", ".pdf", ".eml"}


@pytest.mark.parametrize("name", NAMES)
def test_every_label_stands_in_its_contract(name: str) -> None:
    text = contract_text(name)
    missing = [row for row in label_rows() if row["case"] == name and one_line(row["span"]) not in text]
    assert missing == []


def test_every_labelled_case_is_a_file_and_every_file_has_labels() -> None:
    assert sorted({row["case"] for row in label_rows()}) == NAMES


def test_no_label_is_given_twice() -> None:
    rows = [tuple(row.values()) for row in label_rows()]
    assert len(rows) == len(set(rows))


def test_every_field_is_covered_and_no_other_key_is_used() -> None:
    assert {row["field"] for row in label_rows()} == {field["key"] for field in field_rows()}


def test_no_contract_has_every_field() -> None:
    """Absence is half of the answer: the fullest contract must still lack ten of the 41 fields."""
    for name in NAMES:
        assert len({row["field"] for row in label_rows() if row["case"] == name}) <= 31, name


def test_there_are_41_fields_with_a_question_a_group_and_an_assumed_time() -> None:
    fields = field_rows()
    assert len(fields) == len({field["key"] for field in fields}) == 41
    assert all(str(field["question"]).endswith("?") for field in fields)
    assert {field["group"] for field in fields} == GROUPS
    assert all(isinstance(field["minutes"], float) and field["minutes"] > 0 for field in fields)


def test_a_full_review_is_assumed_to_take_between_60_and_90_minutes() -> None:
    assert 60 <= sum(float(str(field["minutes"])) for field in field_rows()) <= 90


def test_the_cases_stay_under_two_megabytes() -> None:
    assert sum(path.stat().st_size for path in (SOLUTION / "cases").rglob("*") if path.is_file()) < 2_000_000


def test_the_committed_files_are_what_the_sources_make() -> None:
    assert make_samples().differences() == []


def test_a_second_run_makes_the_same_bytes() -> None:
    tool = make_samples()
    assert tool.made_files() == tool.made_files()


def test_a_mark_that_is_not_closed_is_refused() -> None:
    tool = make_samples()
    with pytest.raises(tool.BadSource, match=r"a mark \['insurance'\] is not closed in"):
        tool.parse_text("Supplier shall {{insurance: hold a policy.")


def test_nested_marks_give_one_label_each() -> None:
    text = make_samples().parse_text("A {{license_grant: b {{exclusivity: c}} d}} e")
    assert text.plain == "A b c d e"
    assert [(span.field, text.plain[span.start : span.end]) for span in text.spans] == [
        ("license_grant", "b c d"),
        ("exclusivity", "c"),
    ]


def test_a_label_in_hyphenated_text_shows_the_hyphen_as_it_stands() -> None:
    """Of 14 columns "The old " takes 8; "agree-" fills the other 6, "ment" goes to the next line."""
    out, place = make_samples().wrap("The old agreement ends", 14, hyphenate=True)
    assert out == "The old agree-\nment ends"
    assert out[place[8] : place[16] + 1] == "agree-\nment"


def test_the_broken_files_are_broken_in_the_way_their_names_say(tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    paths = make_samples().write_broken_files(tmp_path / "broken")
    with pytest.raises(pdfium.PdfiumError, match="password"):
        pdfium.PdfDocument(paths["encrypted"])
    assert _pdf_text(paths["image_only"].read_bytes()).strip() == ""
    assert paths["empty"].read_bytes() == b""
    assert paths["truncated"].read_bytes()[:2] == b"PK"
    with pytest.raises(UnicodeDecodeError):
        paths["wrong_encoding"].read_bytes().decode("utf-8")
