"""Three cases; the expert saw the texts of the first and the last."""

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.leaks import LeakedCases, leaked, unseen
from flyball.evaluation.records import LeftOut

CASES = pa.table({"case_id": ["k1", "k2", "k3"], "text_digest": ["sha256:1", "sha256:2", "sha256:3"]})
SEEN = {"sha256:1", "sha256:3", "sha256:77"}


def test_cases_seen_in_training_are_found():
    assert leaked(CASES, SEEN) == ["k1", "k3"]
    assert leaked(CASES, []) == []


def test_scoring_a_seen_case_is_refused_with_the_way_out():
    with pytest.raises(LeakedCases) as caught:
        unseen(CASES, SEEN)
    assert str(caught.value) == (
        "[evaluation.leaked_cases] 2 of 3 cases were seen in training by an expert of this deployment, "
        "first k1. Leave them out with --without-seen."
    )
    assert caught.value.exit_code == 1
    assert caught.value.values == {"leaked": 2, "cases": 3}


def test_seen_cases_can_be_left_out_and_are_counted():
    kept, left_out = unseen(CASES, SEEN, without_seen=True)
    assert kept.column("case_id").to_pylist() == ["k2"]
    assert left_out == tuple(
        LeftOut("case", case, "was seen in training by an expert") for case in ("k1", "k3")
    )


def test_nothing_seen_means_nothing_left_out():
    kept, left_out = unseen(CASES, {"sha256:9"})
    assert kept.equals(CASES)
    assert left_out == ()


def test_when_every_case_was_seen_there_is_nothing_to_leave():
    with pytest.raises(LeakedCases, match="3 of 3 cases were seen") as caught:
        unseen(CASES, {"sha256:1", "sha256:2", "sha256:3"}, without_seen=True)
    assert caught.value.fix == "Bring cases from elsewhere; a score on training cases would say nothing."


def test_a_case_whose_text_is_unknown_is_not_scored_on_trust():
    blind = pa.table({"case_id": ["k1"], "text_digest": [""]})
    with pytest.raises(BadInput, match="1 case without a text digest, first k1"):
        unseen(blind, SEEN, without_seen=True)
