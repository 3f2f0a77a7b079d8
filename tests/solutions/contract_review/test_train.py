"""Titles of CUAD name the company first, in three spellings."""

import json
import random

import pytest

from flyball.models.experts.clause_detector import ClauseDetector
from flyball.solutions.contract_review.train import company_of, main

TITLES = {
    "ArmstrongFlooringInc_20190107_8-K_EX-10.2_11471795_EX-10.2_Agreement": "armstrongflo",
    "ARMSTRONGFLOORING,INC_01_07_2019-EX-10.2-INTELLECTUAL PROPERTY AGREEMENT": "armstrongflo",
    "ADMA BioManufacturing, LLC -  Amendment #3 to Manufacturing Agreement ": "admabiomanuf",
}


@pytest.mark.parametrize(("title", "company"), TITLES.items())
def test_contracts_of_one_company_are_recognised_by_their_title(title, company):
    assert company_of(title) == company


def test_one_command_writes_a_detector_from_a_file_of_the_form_of_cuad(tmp_path):
    pytest.importorskip("sklearn", reason="the extra `train` is not installed")
    pytest.importorskip("lightgbm", reason="the extra `train` is not installed")
    draw = random.Random(3)  # noqa: S311
    words = ["party", "shall", "deliver", "goods", "under", "this", "agreement", "within", "days", "notice"]
    clause = "The Licensor may audit the books and records of the Licensee once in every year."
    entries = []
    for number in range(40):
        text = " ".join(" ".join(draw.choice(words) for _ in range(15)).capitalize() + "." for _ in range(8))
        answers = []
        if number % 3 == 0:
            answers = [{"text": clause, "answer_start": len(text) + 1}]
            text = f"{text} {clause}"
        question = {"id": f"t{number}__Audit Rights", "answers": answers, "is_impossible": not answers}
        entries.append(
            {
                "title": f"{chr(97 + number % 20) * (1 + number // 20)}_x",
                "paragraphs": [{"context": text, "qas": [question]}],
            }
        )
    (tmp_path / "cuad.json").write_text(json.dumps({"version": "1", "data": entries}), encoding="utf-8")
    assert main(["--cuad", str(tmp_path / "cuad.json"), "--out", str(tmp_path / "detector")]) == 0
    detector = ClauseDetector.load(tmp_path / "detector")
    assert detector.card.fields == ("audit_rights",)
    assert detector.card.parameters["folds"] == "10"
