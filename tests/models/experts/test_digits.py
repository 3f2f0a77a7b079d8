"""What two processors say of one number: 0.1 + 0.2 and 0.3 differ in the last of sixteen digits."""

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.models.experts.digits import comparable, settled, with_settled_scores
from flyball.models.experts.expert import PREDICTIONS, taken

CASES = pa.RecordBatch.from_pylist([{"case_id": "a", "text": "some text"}, {"case_id": "b", "text": "more"}])


def said(case, confidence, *scores):
    evidence = [{"start": 0, "end": 4, "score": score} for score in scores]
    return {
        "case_id": case,
        "field": "flag",
        "answer": "true",
        "confidence": confidence,
        "evidence": evidence,
        "reason": "because",
    }


def rows(*given):
    return pa.RecordBatch.from_pylist(list(given), schema=PREDICTIONS)


def test_numbers_that_differ_in_their_last_digits_are_one_number():
    assert 0.1 + 0.2 != 0.3
    for rounded in (settled, comparable):
        assert rounded(np.array([0.1 + 0.2])).tolist() == [0.3]
        assert str(rounded(np.array([-1e-17]))[0]) == "0.0"
    assert settled(np.array([0.1234565001, 1e-7])).tolist() == [0.123457, 0.0]


def test_what_is_taken_from_an_expert_has_six_digits_and_is_else_as_it_was():
    one, other = said("a", 0.1 + 0.2), said("b", 0.98765432, 0.7654321, 1.0)
    found = taken(CASES, rows(one, other), "expert").to_pylist()
    assert [row["confidence"] for row in found] == [0.3, 0.987654]
    assert [span["score"] for span in found[1]["evidence"]] == [0.765432, 1.0]
    for row, given in zip(found, (one, other), strict=True):
        for name in ("case_id", "field", "answer", "reason"):
            assert row[name] == given[name]
        assert [(span["start"], span["end"]) for span in row["evidence"]] == [(0, 4)] * len(given["evidence"])


def test_a_part_of_a_batch_keeps_its_own_passages():
    whole = rows(said("a", 0.5, 0.25), said("b", 0.5, 0.7654321, 0.5))
    (found,) = with_settled_scores(whole.slice(1)).to_pylist()
    assert [span["score"] for span in found["evidence"]] == [0.765432, 0.5]
    assert with_settled_scores(rows()).num_rows == 0


@pytest.mark.parametrize("score", [float("nan"), float("inf"), None])
def test_a_passage_whose_score_is_no_number_is_refused(score):
    with pytest.raises(BadInput, match=f"Expert odd gave the score {score} to a passage of case a"):
        taken(CASES, rows(said("a", 0.5, score)), "odd")


@pytest.mark.parametrize("confidence", [float("nan"), 1.0000001, -0.1])
def test_a_confidence_that_is_none_is_refused_before_it_is_rounded(confidence):
    with pytest.raises(BadInput, match="Expert odd gave confidence"):
        taken(CASES, rows(said("a", confidence)), "odd")
