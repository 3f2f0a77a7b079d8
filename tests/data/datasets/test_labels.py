"""By hand: in "The “Fee” is\\r\\nEUR 5. Clients pay." the passage '"Fee" is EUR 5' stands at [4, 19), since
the line end takes two characters.
"""

import json
import tomllib
from pathlib import Path

import pytest

from flyball.core.records import Field
from flyball.data.datasets.cuad import read_cuad
from flyball.data.datasets.errors import BadLabels, SpanNotFound
from flyball.data.datasets.labels import read_labelled, read_labelled_folder, read_labels

SAMPLES = Path(__file__).parents[3] / "src" / "flyball" / "solutions" / "contract_review"

FEE = Field(key="fee", title="Fee", question="What is the fee?")
TERM = Field(key="term_of_contract", title="Term", question="How long?")


@pytest.fixture
def squad(tmp_path):
    """One contract in the form of CUAD, without the clause."""
    question = {"id": "A__Fee", "question": "?", "answers": [], "is_impossible": True}
    entry = {"title": "A", "paragraphs": [{"context": "Text.", "qas": [question]}]}
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"data": [entry]}))
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "a.txt").write_bytes("The “Fee” is\r\nEUR 5. Clients pay.".encode())
    (tmp_path / "contracts" / "b.txt").write_text("Nothing.")
    (tmp_path / "README.md").write_text("How this came to be.")
    (tmp_path / "labels.csv").write_text('case,field,span\na.txt,fee,"""Fee"" is EUR 5"\n', encoding="utf-8")
    return tmp_path


def rewrite(folder, *lines, encoding="utf-8"):
    (folder / "labels.csv").write_text("\n".join(lines), encoding=encoding)


def test_a_folder_with_a_csv_gives_cases_labels_and_places(folder):
    found = read_labelled_folder(folder, [FEE, TERM])
    assert found.cases.column("name").to_pylist() == ["contracts/a.txt", "contracts/b.txt"]
    a = found.cases.column("case_id").to_pylist()[0]
    assert found.labels.to_pylist() == [
        {"case_id": a, "field": "fee", "answer": "true", "spans": [{"start": 4, "end": 19}]},
        {"case_id": a, "field": "term_of_contract", "answer": "false", "spans": []},
    ]
    assert found.documents.column("case_id").to_pylist() == found.cases.column("case_id").to_pylist()
    assert found.unreadable == found.not_found == ()


def test_a_passage_that_is_not_there_is_an_error_that_says_where(folder):
    rewrite(folder, "case,field,span", "a.txt,fee,EUR 6")
    with pytest.raises(SpanNotFound) as told:
        read_labelled_folder(folder, [FEE])
    assert told.value.message == "Case contracts/a.txt, field fee: the passage “EUR 6” is not in its text."
    found = read_labelled_folder(folder, [FEE], strict=False)
    assert found.not_found == ("contracts/a.txt, fee: EUR 6",)
    assert found.labels.to_pylist()[0]["answer"] == "true"
    assert found.labels.to_pylist()[0]["spans"] == []


def test_a_spreadsheet_may_write_semicolons_and_a_byte_order_mark(folder):
    rewrite(folder, "case;field;span", "contracts/a.txt;fee;Clients pay", encoding="utf-8-sig")
    found = read_labelled_folder(folder, [FEE])
    assert found.labels.to_pylist()[0]["spans"] == [{"start": 21, "end": 32}]


def test_a_document_without_a_row_is_unknown_and_one_without_anything_is_absent(folder):
    rewrite(folder, "case,field,span")
    assert read_labelled_folder(folder, [FEE]).labels.num_rows == 0
    rewrite(folder, "case,field,span", "b.txt,,")
    found = read_labelled_folder(folder, [FEE])
    assert found.labels.to_pylist() == [
        {
            "case_id": found.cases.column("case_id")[1].as_py(),
            "field": "fee",
            "answer": "false",
            "spans": [],
        }
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c.txt,fee,x", r"labels\.csv, line 2: there is no document 'c\.txt'\."),
        ("a.txt,tax,x", r"labels\.csv, line 2: there is no field 'tax'\. Known: fee\."),
        ("a.txt,fee,", r"labels\.csv, line 2: the passage of fee in a\.txt is empty\."),
    ],
)
def test_a_line_that_means_nothing_is_named(folder, line, message):
    rewrite(folder, "case,field,span", line)
    with pytest.raises(BadLabels, match=message):
        read_labelled_folder(folder, [FEE])


def test_other_columns_are_refused(folder):
    rewrite(folder, "file,label", "a.txt,fee")
    with pytest.raises(BadLabels, match="lacks the column case, field, span; it has file, label"):
        read_labelled_folder(folder, [FEE])
    (folder / "labels.csv").write_bytes("case,field,span\na.txt,fee,Geb\xfchr".encode("cp1252"))
    with pytest.raises(BadLabels, match=r"labels\.csv is not UTF-8"):
        read_labelled_folder(folder, [FEE])
    (folder / "labels.csv").unlink()
    with pytest.raises(BadLabels, match=r"There is no labels\.csv in"):
        read_labelled_folder(folder, [FEE])


@pytest.mark.parametrize("content", [b"", b"\n", b"case,field,span\na.txt,fee,\x00", b"x" * 200_000])
def test_a_damaged_csv_is_refused(folder, content):
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(BadLabels):
        read_labelled_folder(folder, [FEE])


def test_a_document_that_cannot_be_read_is_in_no_table(folder):
    (folder / "contracts" / "c.pdf").write_bytes(b"%PDF-")
    rewrite(folder, "case,field,span", "c.pdf,fee,x")
    found = read_labelled_folder(folder, [FEE])
    assert [record.name for record in found.unreadable] == ["contracts/c.pdf"]
    assert found.cases.num_rows == 2


def test_a_file_name_that_two_documents_share_needs_its_path(folder):
    (folder / "other").mkdir()
    (folder / "other" / "a.txt").write_text("Another.")
    with pytest.raises(BadLabels, match=r"there is no document 'a\.txt'"):
        read_labelled_folder(folder, [FEE])


def test_the_csv_of_a_folder_labels_cases_that_are_there_already(folder, squad):
    found = read_labelled_folder(folder, [FEE])
    assert read_labels(folder / "labels.csv", found.cases, [FEE]).equals(found.labels)
    cases, labels = read_cuad(squad, [FEE])
    assert read_labels(squad, cases, [FEE]).equals(labels)
    assert read_labels(squad, cases.slice(1), [FEE]).num_rows == 0


def test_either_form_may_be_given(folder, squad):
    assert read_labelled(folder, [FEE]).cases.num_rows == 2
    assert read_labelled(squad, [FEE]).cases.num_rows == 1


@pytest.mark.skipif(
    not (SAMPLES / "cases" / "labels.csv").is_file(), reason="there are no sample contracts yet"
)
def test_every_passage_of_the_shipped_samples_is_found():
    rows = tomllib.loads((SAMPLES / "fields.toml").read_text(encoding="utf-8"))["field"]
    fields = [Field(key=row["key"], title=row["title"], question=row["question"]) for row in rows]
    found = read_labelled_folder(SAMPLES / "cases", fields)
    assert found.unreadable == ()
    assert found.cases.num_rows >= 15
    assert found.labels.num_rows == found.cases.num_rows * len(fields), "each sample has been labelled"
