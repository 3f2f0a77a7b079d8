"""By hand: in the entry `ENTRY`, "EUR 5" stands at 8, counting the carriage return, and ends at 13.

The training split of CUAD has 408 contracts with 41 questions each: 16,728 labels, 11,180 passages
(PROVENANCE.md beside it), of which some are doubled within a question.
"""

import gzip
import json
from pathlib import Path

import pytest

from flyball.core.records import Field
from flyball.data.datasets.cases import case_id_of
from flyball.data.datasets.cuad import field_key, read_cuad
from flyball.data.datasets.errors import BadLabels, SpanNotFound
from flyball.data.datasets.schemas import CASES, LABELS

CUAD = Path(__file__).parents[4] / "shared" / "data" / "contracts" / "cuad" / "train.json.gz"

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
