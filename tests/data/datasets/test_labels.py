"""By hand: in the entry `ENTRY`, "EUR 5" stands at 8, counting the carriage return, and ends at 13.

The training split of CUAD has 408 contracts with 41 questions each: 16,728 labels, 11,180 passages
(PROVENANCE.md beside it), of which some are doubled within a question.
"""

import gzip
import json
import tomllib
from pathlib import Path

import pytest

from flyball.core.records import Field
from flyball.data.datasets.cases import case_id_of
from flyball.data.datasets.errors import BadLabels, SpanNotFound
from flyball.data.datasets.labels import (
    field_key,
    read_cuad,
    read_labelled,
    read_labelled_folder,
    read_labels,
)
from flyball.data.datasets.schemas import CASES, LABELS

ROOT = Path(__file__).parents[3]
CUAD = ROOT.parent / "shared" / "data" / "contracts" / "cuad" / "train.json.gz"
SAMPLES = ROOT / "src" / "flyball" / "solutions" / "contract_review"

FEE = Field(key="fee", title="Fee", question="What is the fee?")
TERM = Field(key="term_of_contract", title="Term", question="How long?")


def question(category, *answers, impossible=None):
    return {
        "id": f"A__B__{category}",
        "question": "...",
        "answers": [{"text": text, "answer_start": start} for text, start in answers],
        "is_impossible": (not answers) if impossible is None else impossible,
    }


def entry(*questions, text="Fee:\r\n, EUR 5.", title="A__B"):
    return {"title": title, "paragraphs": [{"context": text, "qas": list(questions)}]}


ENTRY = entry(question("Fee", ("EUR 5", 8)), question("Term Of Contract"))


def squad(tmp_path, *entries, name="cases.json"):
    path = tmp_path / name
    data = json.dumps({"version": "x", "data": list(entries)}).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["cases.json", "cases.json.gz", "cases"])
def test_cuad_json_gives_cases_and_labels_with_exact_offsets(tmp_path, name):
    cases, labels = read_cuad(squad(tmp_path, ENTRY, name=name), [FEE, TERM])
    assert cases.schema.equals(CASES)
    assert labels.schema.equals(LABELS)
    (case,) = cases.to_pylist()
    assert case["name"] == "A__B"
    assert case["text"] == "Fee:\r\n, EUR 5."
    assert case["case_id"] == case_id_of(case["text_digest"])
    assert labels.to_pylist() == [
        {"case_id": case["case_id"], "field": "fee", "answer": "true", "spans": [{"start": 8, "end": 13}]},
        {"case_id": case["case_id"], "field": "term_of_contract", "answer": "false", "spans": []},
    ]


def test_categories_become_keys():
    assert field_key("Affiliate License-Licensee") == "affiliate_license_licensee"
    assert field_key("Rofr/Rofo/Rofn") == "rofr_rofo_rofn"


def test_two_contracts_of_the_same_words_are_two_cases(tmp_path):
    cases, labels = read_cuad(squad(tmp_path, ENTRY, ENTRY | {"title": "Copy"}))
    first, second = cases.column("case_id").to_pylist()
    assert second == f"{first}-2"
    assert labels.num_rows == 4


def test_several_paragraphs_are_one_text(tmp_path):
    parts = {"title": "A", "paragraphs": [*entry(text="One.")["paragraphs"], *ENTRY["paragraphs"]]}
    cases, labels = read_cuad(squad(tmp_path, parts))
    span = labels.to_pylist()[0]["spans"][0]
    assert cases.column("text")[0].as_py()[span["start"] : span["end"]] == "EUR 5"


def test_a_question_that_is_no_field_is_left_out(tmp_path):
    _, labels = read_cuad(squad(tmp_path, ENTRY), [FEE])
    assert labels.column("field").to_pylist() == ["fee"]


def test_a_field_without_a_question_is_unknown_and_not_absent(tmp_path):
    other = Field(key="other", title="Other", question="?")
    with pytest.raises(BadLabels, match=r"cases\.json: case 'A__B' has no question for other\."):
        read_cuad(squad(tmp_path, ENTRY), [FEE, other])


@pytest.mark.parametrize("start", [-1, 7, 9, 10_000])
def test_an_answer_that_is_not_where_it_claims_to_be_is_refused(tmp_path, start):
    with pytest.raises(SpanNotFound) as told:
        read_cuad(squad(tmp_path, entry(question("Fee", ("EUR 5", start)))))
    assert told.value.message == f"Case A__B, field fee: the passage “EUR 5” is not at character {start}."


def test_an_answer_to_an_impossible_question_is_refused(tmp_path):
    with pytest.raises(BadLabels, match="is_impossible is True, but there are answers"):
        read_cuad(squad(tmp_path, entry(question("Fee", ("EUR 5", 8), impossible=True))))
    with pytest.raises(BadLabels, match="is_impossible is False, but there are no answers"):
        read_cuad(squad(tmp_path, entry(question("Fee", impossible=False))))


def test_a_field_that_is_answered_twice_is_refused(tmp_path):
    with pytest.raises(BadLabels, match="answers the field fee twice"):
        read_cuad(squad(tmp_path, entry(question("Fee"), question("fee"))))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"data": [{}]}', b"\xff", b"\x1f\x8b\x08 cut"])
def test_another_form_is_refused(tmp_path, data):
    (tmp_path / "cases.json").write_bytes(data)
    with pytest.raises(BadLabels):
        read_cuad(tmp_path / "cases.json")


@pytest.mark.skipif(not CUAD.is_file(), reason="the development data are not beside the repository")
def test_the_training_split_of_cuad_is_read_whole():
    cases, labels = read_cuad(CUAD)
    assert (cases.num_rows, labels.num_rows) == (408, 16_728)
    assert len(set(cases.column("case_id").to_pylist())) == 408
    assert len(set(labels.column("field").to_pylist())) == 41
    assert 11_000 < sum(map(len, labels.column("spans").to_pylist())) <= 11_180


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


def test_the_csv_of_a_folder_labels_cases_that_are_there_already(folder, tmp_path):
    found = read_labelled_folder(folder, [FEE])
    assert read_labels(folder / "labels.csv", found.cases, [FEE]).equals(found.labels)
    cases, labels = read_cuad(squad(tmp_path, ENTRY), [FEE])
    assert read_labels(tmp_path / "cases.json", cases, [FEE]).equals(labels)
    assert read_labels(tmp_path / "cases.json", cases.slice(1), [FEE]).num_rows == 0


def test_either_form_may_be_given(folder, tmp_path):
    assert read_labelled(folder, [FEE]).cases.num_rows == 2
    assert read_labelled(squad(tmp_path, ENTRY), [FEE]).cases.num_rows == 1


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
