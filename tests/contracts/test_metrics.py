"""What every metric on the shelf must do, whoever wrote it.

The cases: 60 documents, 3 fields, drawn with a fixed seed; the last document is wholly wrong.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import METRICS, Metric

QUICK = Sampling(seed=7, resamples=200)


def drawn(n_cases: int = 60, n_fields: int = 3) -> ScoredCases:
    rng = np.random.default_rng(3)
    shape = (n_cases, n_fields)
    truth, known = rng.random(shape) < 0.4, rng.random(shape) < 0.9
    truth &= known
    right = (rng.random(shape) < 0.8) & known
    if n_cases:
        right[-1] = False
    answered = np.ones(shape, dtype=bool)
    predicted = np.where(right, truth, ~truth)
    quotable = truth & right
    return ScoredCases(
        case_ids=tuple(f"case-{number:03}" for number in range(n_cases)),
        fields=tuple(f"field_{number}" for number in range(n_fields)),
        known=known,
        truth=truth,
        answered=answered,
        predicted=predicted,
        right=right,
        automated=rng.random(shape) < 0.7,
        confidence=rng.random(shape),
        quotable=quotable,
        evidence_hit=quotable & (rng.random(shape) < 0.9),
        evidence_hit_strict=quotable & (rng.random(shape) < 0.5),
        minutes=np.array([1.0, 2.0, 0.5, 1.0][:n_fields]),
        cost_eur=rng.random(n_cases) / 100,
        cpu_ms=rng.random(n_cases) * 40,
    )


@pytest.fixture(params=METRICS.names())
def metric(request: pytest.FixtureRequest) -> Metric:
    loaded = METRICS.load(request.param)
    assert isinstance(loaded, Metric)
    assert loaded.name == request.param, "the file is called like the metric"
    return loaded


def test_the_card_is_complete(metric: Metric):
    assert metric.version >= 1
    assert metric.title[:1].isupper()
    assert metric.unit
    assert metric.source
    assert metric.better in ("higher", "lower")
    assert "0 means" in " ".join(metric.doc.split()) or "Not measured" in metric.doc, (
        "the docstring says what 0 means"
    )


def test_no_cases_are_a_gap_in_knowledge_and_not_a_zero(metric: Metric):
    assert isinstance(metric(drawn(0), QUICK), NotMeasured)


def test_four_cases_are_too_few_to_say_anything(metric: Metric):
    found = metric(drawn(4), QUICK)
    assert found == NotMeasured("4 labelled cases; at least 5 are needed")


def test_the_value_lies_in_its_interval_and_the_interval_is_not_a_point(metric: Metric):
    found = metric(drawn(), QUICK)
    assert isinstance(found, Estimate), found
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.low < found.high
    assert found.n >= 1


@pytest.mark.parametrize("right", [True, False], ids=["flawless", "hopeless"])
@pytest.mark.parametrize("automated", [True, False], ids=["all by machine", "all by people"])
def test_a_clean_record_is_no_certainty(metric: Metric, right: bool, automated: bool):
    cases = drawn()
    everything = np.ones_like(cases.known)
    truth = np.tile([[True, False, True], [False, True, False]], (30, 1))
    clean = replace(
        cases,
        known=everything,
        truth=truth,
        predicted=truth if right else ~truth,
        right=everything if right else ~everything,
        automated=everything if automated else ~everything,
        confidence=np.full(truth.shape, 0.97),
        quotable=truth & right,
        evidence_hit=truth & right,
        evidence_hit_strict=truth & right,
    )
    found = metric(clean, QUICK)
    if isinstance(found, Estimate):
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.high


def test_a_range_named_in_the_unit_is_kept(metric: Metric):
    found = metric(drawn(), QUICK)
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.high is not None
    if metric.unit.endswith("0 to 1"):
        assert found.low >= 0.0
        assert found.high <= 1.0


def test_the_order_of_cases_changes_nothing(metric: Metric):
    cases = drawn()
    assert metric(cases.take(list(reversed(range(len(cases))))), QUICK) == metric(cases, QUICK)


def test_the_same_seed_gives_the_same_interval_and_another_seed_the_same_value(metric: Metric):
    cases = drawn()
    first, again, other = metric(cases, QUICK), metric(cases, QUICK), metric(cases, Sampling(8, 200))
    assert first == again
    assert isinstance(first, Estimate)
    assert isinstance(other, Estimate)
    assert first.value == other.value


def test_one_field_alone_works(metric: Metric):
    found = metric(drawn().only("field_1"), QUICK)
    assert isinstance(found, Estimate | NotMeasured)


def test_ten_copies_of_every_case_keep_the_value_and_narrow_the_interval(metric: Metric):
    cases = drawn()
    copies = ScoredCases(
        **{
            name: getattr(cases, name).repeat(10, axis=0)
            for name in ScoredCases.__dataclass_fields__
            if name not in ("case_ids", "fields", "minutes", "left_out")
        },
        case_ids=tuple(f"{case}-{copy}" for case in cases.case_ids for copy in range(10)),
        fields=cases.fields,
        minutes=cases.minutes,
    )
    one, ten = metric(cases, QUICK), metric(copies, QUICK)
    assert isinstance(one, Estimate)
    assert isinstance(ten, Estimate)
    assert math.isclose(one.value, ten.value, rel_tol=1e-9)
    assert one.low is not None
    assert one.high is not None
    assert ten.low is not None
    assert ten.high is not None
    assert ten.high - ten.low < one.high - one.low


def test_the_record_names_everything_needed_to_measure_again(metric: Metric):
    found = metric.result(metric(drawn(), QUICK))
    assert (found.name, found.version, found.unit) == (metric.name, metric.version, metric.unit)
    assert set(found.arguments) == set(metric.arguments)
    assert canonical_json(found)


def test_an_unknown_argument_is_refused_with_the_known_ones(metric: Metric):
    with pytest.raises(BadInput) as caught:
        metric.given(colour=1)
    known = ", ".join(metric.arguments) or "none"
    assert str(caught.value) == (
        f"[core.bad_input] Metric {metric.name} has no argument 'colour'. Known: {known}."
    )
