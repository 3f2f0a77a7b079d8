"""What every fairness metric on the shelf must do, whoever wrote it.

The cases: 600 rows of two groups, drawn with a fixed seed, with scores that are chances.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.fairness.cases import GroupedCases, Trait
from flyball.governance.fairness.comparing import compare
from flyball.governance.fairness.counting import count_groups
from flyball.governance.fairness.metric import FAIRNESS_METRICS, FairnessMetric


def drawn(n: int = 600, *, seed: int = 3) -> GroupedCases:
    draw = np.random.default_rng(seed)
    group = draw.integers(0, 2, n).astype(np.int32)
    score = np.clip(draw.beta(2, 2, n) - 0.15 * group, 0.0, 1.0)
    outcome = (draw.random(n) < score).astype(np.int8)
    return GroupedCases((score > 0.4).astype(np.int8), (Trait("group", ("a", "b"), group),), outcome, score)


def gap(metric: FairnessMetric, cases: GroupedCases):
    counts = count_groups(cases, cases.traits[0])
    large = counts.n >= 5
    large[-1] = False
    return compare(metric, counts.at(large), 0, smallest=5, limit=None, limit_from="")


@pytest.fixture(params=FAIRNESS_METRICS.names())
def metric(request: pytest.FixtureRequest) -> FairnessMetric:
    loaded = FAIRNESS_METRICS.load(request.param)
    assert isinstance(loaded, FairnessMetric)
    assert loaded.name == request.param, "the file is called like the metric"
    return loaded


def test_the_card_is_complete(metric: FairnessMetric):
    assert metric.version >= 1
    assert metric.title[:1].isupper()
    assert metric.unit
    assert metric.source
    assert bool(metric.limit_from) == (metric.limit is not None), "a limit names who set it"
    assert "0 means" in " ".join(metric.doc.split()), "the docstring says what 0 means"


def test_the_gap_lies_in_its_interval_and_the_interval_is_not_a_point(metric: FairnessMetric):
    found = gap(metric, drawn())
    assert isinstance(found.gap, Estimate), found.gap
    assert found.gap.low < found.gap.high
    assert found.gap.low <= found.gap.value <= found.gap.high
    assert {found.lowest, found.highest} == {"a", "b"}


def test_groups_that_are_the_same_have_no_gap(metric: FairnessMetric):
    one = drawn(300)
    twice = {name: np.tile(getattr(one, name), 2) for name in ("decision", "outcome", "score")}
    trait = Trait("group", ("a", "b"), np.repeat([0, 1], 300).astype(np.int32))
    found = gap(metric, GroupedCases(traits=(trait,), **twice))
    same = 1.0 if metric.compared == "ratio" else 0.0
    assert found.gap.value == pytest.approx(same, abs=1e-12)
    assert found.gap.low < same < found.gap.high
    assert all(pair.p == pytest.approx(1.0) for pair in found.against)


def test_the_order_of_cases_and_of_groups_changes_nothing(metric: FairnessMetric):
    cases = drawn()
    order = np.random.default_rng(1).permutation(len(cases))
    turned = GroupedCases(
        cases.decision[order],
        (Trait("group", ("b", "a"), 1 - cases.traits[0].codes[order]),),
        cases.outcome[order],
        cases.score[order],
    )
    first, second = gap(metric, cases), gap(metric, turned)
    assert (first.lowest, first.highest) == (second.lowest, second.highest)
    assert first.gap.value == pytest.approx(second.gap.value)
    assert first.gap.low == pytest.approx(second.gap.low)


def test_ten_copies_keep_the_value_and_narrow_the_interval(metric: FairnessMetric):
    cases = drawn()
    copies = GroupedCases(
        np.repeat(cases.decision, 10),
        (replace(cases.traits[0], codes=np.repeat(cases.traits[0].codes, 10)),),
        np.repeat(cases.outcome, 10),
        np.repeat(cases.score, 10),
    )
    one, ten = gap(metric, cases).gap, gap(metric, copies).gap
    assert math.isclose(one.value, ten.value, rel_tol=1e-9)
    assert ten.high - ten.low < (one.high - one.low) / 2


def test_one_group_or_none_is_a_gap_in_knowledge_and_not_a_zero(metric: FairnessMetric):
    cases = drawn(40)
    alone = GroupedCases(
        cases.decision, (Trait("group", ("a",), np.zeros(40, dtype=np.int32)),), cases.outcome, cases.score
    )
    nobody = replace(alone, traits=(Trait("group", ("a",), np.full(40, -1, dtype=np.int32)),))
    assert isinstance(gap(metric, alone).gap, NotMeasured)
    assert isinstance(gap(metric, nobody).gap, NotMeasured)


def test_everybody_approved_or_nobody_is_survived(metric: FairnessMetric):
    cases = drawn()
    for decision in (np.ones_like(cases.decision), np.zeros_like(cases.decision)):
        found = gap(metric, replace(cases, decision=decision)).gap
        assert isinstance(found, Estimate | NotMeasured)
        if isinstance(found, Estimate):
            assert found.low < found.high


def test_what_a_metric_needs_and_does_not_have_is_said(metric: FairnessMetric):
    bare = replace(drawn(), outcome=None, score=None)
    found = gap(metric, bare).gap
    assert isinstance(found, Estimate | NotMeasured)
    assert not isinstance(found, NotMeasured) or found.reason
