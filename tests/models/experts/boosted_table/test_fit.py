"""A target that is known: income and late payments decide, a category matters, the rest is noise."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate
from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.rows import document_of_row
from flyball.data.labels.columns import labelled
from flyball.data.labels.errors import NotForTraining
from flyball.models.experts.boosted_table import BoostedTable, Column, Recipe, fit_cases
from flyball.models.experts.boosted_table.figures import area_under_curve, area_with_variance
from flyball.models.experts.expert import Calibrated, Trained

COLUMNS = (
    Column("income", monotone=1),
    Column("late", monotone=-1, may_miss=True),
    Column("purpose", "category", categories=("car", "school", "other")),
)
QUICK = Recipe(rounds=40, leaves=6, depth=3)


def drawn(n, seed=0):
    draw = np.random.default_rng(seed)
    rows = [
        {
            "id": f"{seed}-{number}",
            "income": round(float(draw.normal(50, 12)), 1),
            "late": None if draw.random() < 0.15 else int(draw.integers(0, 6)),
            "purpose": str(draw.choice(["car", "school", "other"])),
        }
        for number in range(n)
    ]
    score = [
        0.12 * (row["income"] - 50) - 0.9 * (row["late"] or 0) + (row["purpose"] == "car") + 2 for row in rows
    ]
    truth = [bool(draw.random() < 1 / (1 + np.exp(-one))) for one in score]
    return rows, truth


def tables(rows, truth, field="repaid"):
    cases = cases_of([document_of_row(row, name=row["id"]) for row in rows], source="drawn")
    labels = [
        {"case_id": case, "field": field, "answer": "true" if says else "false", "spans": []}
        for case, says in zip(cases.column("case_id").to_pylist(), truth, strict=True)
    ]
    return cases, pa.Table.from_pylist(labels, schema=LABELS)


@pytest.fixture(scope="module")
def model():
    return fit_cases(*tables(*drawn(1_500)), columns=COLUMNS, recipe=QUICK)


def test_it_learns_and_says_how_well_on_what_it_had_not_seen(model):
    auc = model.card.figures["auc"]
    assert isinstance(auc, Estimate)
    assert auc.n == 1_500
    assert 0.75 < auc.low < auc.value < auc.high < 0.95
    rows, truth = drawn(2_000, seed=9)
    fresh, _ = area_with_variance(model.chances(rows), np.array(truth))
    assert auc.low - 0.02 < fresh < auc.high + 0.02


def test_its_chances_can_be_taken_at_their_word(model):
    rows, truth = drawn(4_000, seed=11)
    chance = model.chances(rows)
    for low, high in ((0.0, 0.4), (0.4, 0.7), (0.7, 1.0)):
        there = (chance >= low) & (chance < high)
        assert abs(chance[there].mean() - np.array(truth)[there].mean()) < 0.06


def unbounded(model):
    """Return the model without limits of its columns: directions hold wherever a row lies."""
    columns = tuple(replace(one, least=None, most=None) for one in model.parts.columns)
    return BoostedTable(replace(model.parts, columns=columns), model.reasons)


def test_no_row_is_worse_for_a_higher_income_or_better_for_a_later_payment(model):
    rows, _ = drawn(200, seed=3)
    model = unbounded(model)
    for column, worse in (("income", -1), ("late", 1)):
        for steps in (1, 5):
            moved = [
                {**row, column: (row[column] or 0) + worse * steps} for row in rows if row[column] is not None
            ]
            before = model.chances([row for row in rows if row[column] is not None])
            assert (model.chances(moved) <= before + 1e-12).all()


def test_shares_and_the_average_add_up_to_the_score(model):
    rows, _ = drawn(50, seed=4)
    matrix_score = [model.parts.calibrator.score(float(one)) for one in model.chances(rows)]
    together = model.shares(rows).sum(axis=1) + model._shares.base
    assert together == pytest.approx(matrix_score, abs=1e-6)


def test_the_same_seed_gives_the_same_bytes(model, tmp_path):
    again = fit_cases(*tables(*drawn(1_500)), columns=COLUMNS, recipe=QUICK)
    model.save(tmp_path / "one")
    again.save(tmp_path / "two")
    for name in ("card.json", "trees.npz", "calibration.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_it_brings_what_risk_control_needs_and_says_what_it_has_seen(model):
    assert isinstance(model, Calibrated)
    assert isinstance(model, Trained)
    cases, _ = tables(*drawn(1_500))
    assert model.seen_texts == set(cases.column("text_digest").to_pylist())
    assert model.out_of_fold.num_rows == 1_500


def test_reasons_hold_no_value_of_the_row(model):
    rows, _ = drawn(30, seed=5)
    cases, _ = tables(rows, [True] * 30)
    for reason in model.predict(cases.to_batches()[0]).column("reason").to_pylist():
        assert not any(character.isdigit() for character in reason), reason


def test_what_is_labelled_no_training_is_refused_before_anything_is_learned():
    cases, labels = tables(*drawn(200))
    closed = cases.cast(labelled(cases.schema, {"text": ["no-training"]}))
    with pytest.raises(NotForTraining, match="Nothing may be learned from text"):
        fit_cases(closed, labels, columns=COLUMNS, recipe=QUICK)


def test_too_little_to_learn_from_is_refused_with_the_numbers():
    with pytest.raises(BadInput, match="There are 0 cases labelled true and 150 labelled false"):
        fit_cases(*tables(drawn(150)[0], [False] * 150), columns=COLUMNS, recipe=QUICK)


def test_a_text_among_the_rows_is_refused():
    cases, labels = tables(*drawn(150))
    texts = ["This Agreement", *cases.column("text").to_pylist()[1:]]
    cases = cases.set_column(cases.schema.get_field_index("text"), "text", pa.array(texts, pa.large_string()))
    with pytest.raises(BadInput, match='is not a row but a text: "This Agreement"'):
        fit_cases(cases, labels, columns=COLUMNS, recipe=QUICK)


def test_two_fields_are_two_models():
    cases, labels = tables(*drawn(150))
    both = pa.concat_tables([labels, tables(*drawn(150), field="other")[1]])
    with pytest.raises(BadInput, match="the labels speak of 2: other, repaid"):
        fit_cases(cases, both, columns=COLUMNS, recipe=QUICK)


def test_the_area_under_the_curve_by_hand():
    """Scores 3, 1 of true and 2, 0 of false cases: of 4 pairs the true one is above in 3."""
    score, truth = np.array([3.0, 1.0, 2.0, 0.0]), np.array([True, True, False, False])
    assert area_with_variance(score, truth)[0] == 0.75
    assert area_with_variance(np.zeros(4), truth)[0] == 0.5
    assert "20 of each needed" in str(area_under_curve(score, truth))
