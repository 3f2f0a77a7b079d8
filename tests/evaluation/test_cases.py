"""Two fields, `term` (a passage) and `law` (a label); labels and decisions written out.

Case k1: term is present at [100, 160), law is "Delaware".
Case k2: term is absent, law is not labelled.
"""

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.records import Context, Field, Span
from flyball.core.verdicts import Verdict
from flyball.data.datasets.schemas import LABELS
from flyball.evaluation.cases import BadLabels, BadScores, ScoredCases, scored_cases, scored_predictions
from flyball.evaluation.metric import METRICS
from flyball.evaluation.records import LeftOut
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.experts.expert import PREDICTIONS
from flyball.models.router.route import Route

CUAD = Path(__file__).parents[2].parent / "shared" / "data" / "contracts" / "cuad" / "train.json.gz"

FIELDS = (
    Field("term", "Term", "How long?", minutes=2.0),
    Field("law", "Law", "Which law?", kind="label", minutes=1.0),
)


def labels(*rows: tuple[str, str, str, list[tuple[int, int]]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "case_id": case,
                "field": field,
                "answer": answer,
                "spans": [{"start": start, "end": end} for start, end in spans],
            }
            for case, field, answer, spans in rows
        ],
        schema=LABELS,
    )


TRUTH = labels(
    ("k1", "term", "true", [(100, 160)]),
    ("k1", "law", '"Delaware"', []),
    ("k2", "term", "false", []),
)


def answer(field: str, said: str, *quotes: tuple[int, int], sure: float = 0.9, automated: bool = True):
    return FieldDecision(
        field=field,
        answer=said,
        outcome="automated" if automated else "referred",
        confidence=sure,
        evidence=tuple(Span(start, end, 1.0) for start, end in quotes),
        route=Route("detector", "sure enough", ()),
        reason="because",
    )


def decision(case_id: str, *answers: FieldDecision, allowed: bool = True, text: str = "") -> Decision:
    return Decision(
        case_id=case_id,
        case_name=f"{case_id}.txt",
        content_digest=f"sha256:{case_id}",
        text_digest=text or f"sha256:text-{case_id}",
        deployment="contracts",
        release="",
        context=Context(("US",), date(2026, 11, 1)),
        fields=answers,
        findings=(),
        obligations=(),
        principles=(),
        verdict=Verdict(allowed, "said so"),
        cost_eur="0.0025",
        decided_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


K1 = decision("k1", answer("term", "true", (100, 160)), answer("law", '"Delaware"'))
K2 = decision("k2", answer("term", "false"), answer("law", '"Texas"', automated=False))


def test_decisions_stand_beside_their_labels():
    cases = scored_cases([K2, K1], TRUTH, FIELDS)
    assert cases.case_ids == ("k1", "k2"), "sorted"
    assert cases.fields == ("term", "law")
    assert cases.known.tolist() == [[True, True], [True, False]]
    assert cases.truth.tolist() == [[True, True], [False, False]]
    assert cases.predicted.tolist() == [[True, True], [False, True]]
    assert cases.right.tolist() == [[True, True], [True, False]]
    assert cases.automated.tolist() == [[True, True], [True, False]]
    assert cases.quotable.tolist() == [[True, False], [False, False]], "law has no marked passage"
    assert cases.minutes.tolist() == [2.0, 1.0]
    assert cases.cost_eur.tolist() == [0.0025, 0.0025]
    assert cases.cpu_ms is None
    assert cases.left_out == ()


def test_another_value_is_a_false_finding_and_a_missed_one():
    wrong = decision("k1", answer("law", '"Texas"'))
    cases = scored_cases([wrong], TRUTH, FIELDS)
    assert cases.false_positive[0].tolist() == [False, True]
    assert cases.false_negative[0].tolist() == [True, True], "term was not answered at all"
    assert not cases.right.any()


def test_numbers_are_compared_as_numbers_and_never_as_truth_values():
    truth = labels(("k1", "term", "12", []), ("k1", "law", "true", []))
    same = decision("k1", answer("term", "12.0"), answer("law", "1"))
    assert scored_cases([same], truth, FIELDS).right[0].tolist() == [True, False]


def test_a_decision_that_the_gate_refused_is_not_automated():
    held = replace(K1, verdict=Verdict(False, "no clause covers it"))
    assert not scored_cases([held], TRUTH, FIELDS).automated.any()


def test_no_answer_is_not_a_no():
    """Referred without any expert: the answer is null. The label says absent; that is no merit."""
    silent = decision("k2", answer("term", "null", sure=0.0, automated=False))
    cases = scored_cases([silent], TRUTH, FIELDS)
    assert not cases.answered.any()
    assert not cases.right.any()


def test_a_null_that_claims_to_be_automated_is_not_believed():
    assert not scored_cases([decision("k2", answer("term", "null"))], TRUTH, FIELDS).automated.any()


@pytest.mark.parametrize(
    ("quotes", "hit", "strict"),
    [
        ([(100, 160)], True, True),
        ([(0, 160)], True, False),
        ([(0, 131)], True, False),
        ([(0, 129)], False, False),
        ([(500, 560), (100, 160)], False, False),
        ([], False, False),
    ],
    ids=["exact", "holds it", "31 of 60", "29 of 60", "right one second", "no quote"],
)
def test_only_the_first_quote_counts(quotes, hit, strict):
    cases = scored_cases([decision("k1", answer("term", "true", *quotes))], TRUTH, FIELDS)
    assert cases.quotable[0, 0]
    assert cases.evidence_hit[0, 0] == hit
    assert cases.evidence_hit_strict[0, 0] == strict


def test_any_of_several_marked_passages_will_do():
    truth = labels(("k1", "term", "true", [(0, 10), (100, 160)]))
    cases = scored_cases([decision("k1", answer("term", "true", (100, 160)))], truth, FIELDS)
    assert cases.evidence_hit[0, 0]


def test_what_cannot_be_scored_is_named():
    truth = labels(("k1", "term", "true", []), ("k9", "term", "true", []), ("k1", "colour", '"red"', []))
    cases = scored_cases([K1, K2], truth, FIELDS, left_out=[LeftOut("case", "scan.pdf", "is unreadable")])
    assert cases.case_ids == ("k1",)
    assert cases.left_out == (
        LeftOut("case", "scan.pdf", "is unreadable"),
        LeftOut("field", "colour", "is labelled, but the deployment has no such field"),
        LeftOut("case", "k2", "has no label"),
        LeftOut("case", "k9", "is labelled but was not decided"),
    )


def test_a_copy_of_a_case_counts_once():
    copy = replace(K1, case_id="k2", text_digest=K1.text_digest)
    cases = scored_cases([K1, copy], TRUTH, FIELDS)
    assert cases.case_ids == ("k1",)
    assert cases.left_out == (LeftOut("case", "k2", "has the same text as another case, counted once"),)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("k1", "term", "true", []), ("k1", "term", "false", [])],
            "[evaluation.bad_labels] Field term of case k1 has two labels. Keep one of them.",
        ),
        (
            [("k1", "law", "Delaware", [])],
            "[evaluation.bad_labels] The label 'Delaware' of field law of case k1 is not JSON. "
            'Write true, false, a number, or text in double quotes: "Delaware".',
        ),
        (
            [("k1", "term", "false", [(1, 2)])],
            "[evaluation.bad_labels] Field term of case k1 is labelled false, yet quotes a passage. "
            "Correct the answer, or remove the passage.",
        ),
        (
            [("k1", "term", "true", [(5, 5)])],
            "[evaluation.bad_labels] Field term of case k1 quotes an empty or backward passage. "
            "Offsets are 0 <= start < end.",
        ),
        (
            [("k1", "term", "null", [])],
            "[evaluation.bad_labels] Field term of case k1 is labelled null. "
            "Leave the row out if it is unknown.",
        ),
        (
            [("k1", "colour", "true", [])],
            "[evaluation.bad_labels] None of the 1 labels is about a field of this deployment; they name "
            "colour. Use the keys of fields.toml: term, law ...",
        ),
    ],
)
def test_labels_that_cannot_be_trusted_are_refused(rows, message):
    with pytest.raises(BadLabels) as caught:
        scored_cases([K1], labels(*rows), FIELDS)
    assert str(caught.value) == message


def test_labels_without_a_column_are_refused():
    with pytest.raises(BadLabels, match="lack the column spans"):
        scored_cases([K1], TRUTH.drop_columns(["spans"]), FIELDS)


def test_a_case_decided_twice_is_refused():
    with pytest.raises(BadScores, match="Case k1 is decided twice"):
        scored_cases([K1, K1], TRUTH, FIELDS)


def test_processor_time_with_gaps_is_refused():
    with pytest.raises(BadScores, match="missing for 1 of 2 cases, first k2"):
        scored_cases([K1, K2], TRUTH, FIELDS, cpu_ms={"k1": 12.0})
    assert scored_cases([K1, K2], TRUTH, FIELDS, cpu_ms={"k1": 12.0, "k2": 8.0}).cpu_ms.tolist() == [
        12.0,
        8.0,
    ]


def test_a_price_that_was_not_recorded_is_not_free():
    assert scored_cases([K1, replace(K2, cost_eur="")], TRUTH, FIELDS).cost_eur is None


def test_a_cost_that_is_no_number_is_refused():
    with pytest.raises(BadScores, match="The cost of case k1 is 'free', not a number"):
        scored_cases([replace(K1, cost_eur="free")], TRUTH, FIELDS)


@pytest.mark.parametrize("confidence", [1.2, -0.1, float("nan")])
def test_a_confidence_that_is_no_chance_is_refused(confidence):
    with pytest.raises(BadScores, match=r"lies outside \[0, 1\]"):
        scored_cases([decision("k1", answer("term", "true", sure=confidence))], TRUTH, FIELDS)


def predictions(*rows: tuple[str, str, str, float]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "case_id": case,
                "field": field,
                "answer": said,
                "confidence": sure,
                "evidence": [{"start": 100, "end": 160, "score": 1.0}] if said == "true" else [],
                "reason": "",
            }
            for case, field, said, sure in rows
        ],
        schema=PREDICTIONS,
    )


def test_prediction_columns_give_the_same_cells_as_decisions():
    rows = predictions(
        ("k1", "term", "true", 0.9), ("k1", "law", '"Delaware"', 0.9), ("k2", "term", "false", 0.9)
    )
    found = scored_predictions(
        rows, TRUTH, FIELDS, automated=np.array([True, True, True]), case_ids=["k1", "k2"]
    )
    decided = scored_cases([K1, decision("k2", answer("term", "false"))], TRUTH, FIELDS)
    for name in (
        "known",
        "truth",
        "answered",
        "predicted",
        "right",
        "automated",
        "evidence_hit",
        "confidence",
    ):
        assert (getattr(found, name) == getattr(decided, name)).all(), name
    assert found.cost_eur is None


def test_a_case_without_predictions_is_unanswered_and_not_absent():
    found = scored_predictions(
        predictions(("k1", "term", "true", 0.9)),
        TRUTH,
        FIELDS,
        automated=np.array([True]),
        case_ids=["k1", "k2"],
    )
    assert not found.answered[1].any()
    assert not found.right[1].any()


@pytest.mark.parametrize(
    ("rows", "automated", "message"),
    [
        ([("k1", "term", "true", 0.9)], [True, False], "2 marks of automation for 1 predictions"),
        ([("k7", "term", "true", 0.9)], [True], "An answer for case k7, which was not asked"),
        ([("k1", "term", "true", 0.9)] * 2, [True, True], "Field term of case k1 is answered twice"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(rows, automated, message):
    with pytest.raises(BadScores, match=message):
        scored_predictions(
            predictions(*rows), TRUTH, FIELDS, automated=np.array(automated), case_ids=["k1", "k2"]
        )


def test_columns_of_the_wrong_shape_or_sense_are_refused(cases_of):
    good = cases_of(["++a --a"] * 3)
    with pytest.raises(BadScores, match=r"right has shape \(2, 2\), expected \(3, 2\)"):
        replace(good, right=good.right[:2])
    with pytest.raises(BadScores, match="automated without an answer"):
        replace(good, answered=~good.answered, right=~good.answered)
    with pytest.raises(BadScores, match="unlabelled or missing answer is marked right"):
        replace(good, known=~good.known)
    with pytest.raises(BadScores, match="A case is scored twice"):
        replace(good, case_ids=("a", "a", "b"))
    with pytest.raises(BadScores, match="one finite number for each of 3 cases"):
        replace(good, cpu_ms=np.array([1.0, np.nan, 2.0]))
    with pytest.raises(BadScores, match=r"minutes has shape \(1,\), expected \(2,\)"):
        replace(good, minutes=np.ones(1))


def test_the_published_labels_score_full_marks_against_themselves():
    """CUAD's own answers handed in as decisions: every metric at its best, on 408 contracts."""
    if not CUAD.exists():
        pytest.skip("CUAD is not here (../shared/data/contracts/cuad/train.json.gz)")
    with gzip.open(CUAD, "rt", encoding="utf-8", newline="") as file:
        contracts = json.load(file)["data"]
    keys = [qa["id"].rsplit("__", 1)[1] for qa in contracts[0]["paragraphs"][0]["qas"]]
    rows, decided = [], []
    for number, contract in enumerate(contracts):
        answers = []
        for key, qa in zip(keys, contract["paragraphs"][0]["qas"], strict=True):
            spans = [(one["answer_start"], one["answer_start"] + len(one["text"])) for one in qa["answers"]]
            said = "true" if spans else "false"
            rows.append((f"c{number:03}", key, said, spans))
            answers.append(answer(key, said, *spans[-1:]))
        decided.append(decision(f"c{number:03}", *answers))
    cases = scored_cases(decided, labels(*rows), [Field(key, key, "?") for key in keys])
    assert isinstance(cases, ScoredCases)
    assert cases.known.sum() == len(cases) * 41
    for name in ("accuracy", "automated_share", "precision", "recall", "evidence_hit_rate_strict"):
        assert METRICS.load(name)(cases).value == 1.0
    assert METRICS.load("false_positives_per_1000_cases")(cases).value == 0.0
