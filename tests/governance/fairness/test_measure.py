"""By hand: of 100 in A 80 are approved, of 100 in B 60, of whom 50 and 30 turn out well.

Ratio .6 / .8 = .75; difference .2. Of those who turned out well (A 50 + 10, B 30 + 15) A approves 50 of 60, B
30 of 45; of those who turned out badly (A 30 + 10, B 30 + 25) A 30 of 40, B 30 of 55. Of the approved, 50 of
80 and 30 of 60 turn out well.
"""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.fairness.cases import BadFairnessCases, GroupedCases, Trait
from flyball.governance.fairness.measure import Options, measure, measure_periods
from flyball.governance.fairness.records import Asked

sys.path.insert(0, str(Path(__file__).parent))
from grouped_rows import cases_of, found

A, B = (50, 30, 10, 10), (30, 30, 15, 25)


def test_each_metric_is_what_its_definition_says():
    report = measure(cases_of(A=A, B=B))
    assert (report.n, report.approved.value, report.outcome_known) == (200, 0.7, (140, 60))
    assert found(report, "four_fifths").gap.value == pytest.approx(0.75)
    assert found(report, "demographic_parity").gap.value == pytest.approx(0.2)
    assert found(report, "equal_opportunity").gap.value == pytest.approx(50 / 60 - 30 / 45)
    odds = found(report, "equalised_odds")
    assert odds.gap.value == pytest.approx(30 / 40 - 30 / 55)
    assert odds.part == "approved of those who turned out badly"
    assert found(report, "predictive_parity").gap.value == pytest.approx(50 / 80 - 30 / 60)
    assert isinstance(found(report, "calibration").gap, NotMeasured)
    assert (found(report, "four_fifths").lowest, found(report, "four_fifths").highest) == ("B", "A")


def test_a_difference_has_newcombes_interval():
    """Newcombe 1998, table II (a): 56 of 70 against 48 of 80 gives .0524 to .3339."""
    gap = found(measure(cases_of(A=(56, 14), B=(48, 32))), "demographic_parity").gap
    assert (round(gap.low, 4), round(gap.high, 4)) == (0.0524, 0.3339)


def test_a_group_that_nobody_of_was_approved_is_outside_four_fifths_and_not_unknown():
    four = found(measure(cases_of(A=(80, 20), B=(0, 50))), "four_fifths")
    assert (four.gap.value, four.gap.low, four.finding) == (0.0, 0.0, "outside")
    assert 0.0 < four.gap.high < 0.2


def test_all_approved_is_no_certainty_and_is_said():
    report = measure(cases_of(A=(100, 0), B=(50, 0)))
    four = found(report, "four_fifths")
    assert four.gap.value == 1.0
    assert four.gap.low < 1.0 < four.gap.high
    assert [pair.p for pair in four.against] == [None]
    assert report.warnings == (
        "Everybody was approved: approval cannot differ between groups, whoever is asked.",
    )


def test_nobody_approved_has_no_ratio():
    four = found(measure(cases_of(A=(0, 100), B=(0, 50))), "four_fifths")
    assert four.gap == NotMeasured("the figure of both groups is 0")


def test_a_group_of_one_is_neither_compared_nor_shown():
    report = measure(cases_of(A=(80, 20), B=(60, 40), Zed=(0, 1)))
    [trait] = report.traits
    assert [one.group for one in trait.groups] == ["A", "B"]
    assert (trait.too_few, trait.too_few_rows) == (1, 1)
    assert "Zed" not in repr(report)


def test_one_group_alone_is_a_gap_in_knowledge():
    gap = found(measure(cases_of(A=(80, 20), B=(2, 3))), "four_fifths").gap
    assert gap == NotMeasured("1 group of at least 30 cases; two are needed")


def test_who_says_nothing_is_no_group_but_is_counted():
    cases = cases_of(A=(80, 20), B=(60, 40), unknown=(10, 90))
    codes = np.where(cases.traits[0].codes == 2, -1, cases.traits[0].codes).astype(np.int32)
    report = measure(GroupedCases(cases.decision, (Trait("group", ("A", "B"), codes),)))
    [trait] = report.traits
    assert (trait.not_said, trait.approved_not_said.value) == (100, 0.1)
    assert found(report, "four_fifths").gap.value == pytest.approx(0.75)


def test_outcomes_of_approved_cases_alone_show_no_error_rates():
    report = measure(cases_of(A=(50, 30, 0, 0), B=(30, 30, 0, 0)))
    assert found(report, "equalised_odds").gap == NotMeasured(
        "no outcome is known of any case that was refused"
    )
    assert isinstance(found(report, "equal_opportunity").gap, NotMeasured)
    assert found(report, "predictive_parity").gap.value == pytest.approx(50 / 80 - 30 / 60)


def test_a_figure_of_too_few_is_left_out_though_its_group_is_large():
    report = measure(cases_of(A=(50, 30, 10, 10), B=(1, 40, 1, 40)))
    gap = found(report, "equal_opportunity").gap
    assert gap == NotMeasured("1 group of at least 30 cases; two are needed")


def test_weights_count_as_rows_would_and_the_interval_knows_that_they_are_fewer():
    """Each row of B counts three times: the rates stay; Kish's number of equal weights is the rows."""
    cases = cases_of(A=(80, 20), B=(60, 40))
    tripled = cases_of(A=(80, 20), B=(60, 40), weight=[1.0] * 100 + [3.0] * 100)
    plain, weighted = measure(cases), measure(tripled)
    assert found(plain, "four_fifths").gap == found(weighted, "four_fifths").gap
    assert weighted.approved.value == pytest.approx((80 + 180) / 400)
    assert weighted.weighted


def test_unequal_weights_widen_the_interval():
    mixed = cases_of(A=(80, 20), B=(60, 40), weight=[1.0, 19.0] * 100)
    wide = found(measure(mixed), "demographic_parity").gap
    plain = found(measure(cases_of(A=(80, 20), B=(60, 40))), "demographic_parity").gap
    assert wide.high - wide.low > 1.2 * (plain.high - plain.low)


def test_scores_are_compared_by_their_mean_in_their_own_spread_and_by_what_they_promise():
    """A has 30 scores of .2 and 70 of .8, B 70 and 30: means .62 and .38, spread of all .3."""
    score = [0.8] * 70 + [0.2] * 30 + [0.8] * 30 + [0.2] * 70
    report = measure(cases_of(score=score, A=(40, 30, 20, 10), B=(40, 30, 20, 10)))
    assert found(report, "standardised_mean_difference").gap.value == pytest.approx(0.8)
    calibration = found(report, "calibration")
    # 60 of 100 turn out well in both: -.02 in A, +.22 in B
    assert calibration.gap.value == pytest.approx(0.24)
    assert (calibration.lowest, calibration.highest) == ("A", "B")
    assert [round(one.score, 6) for one in report.traits[0].bins["A"]] == [0.2, 0.8]


def test_scores_that_are_no_chances_are_not_called_calibrated():
    report = measure(cases_of(score=[3.0] * 100 + [-1.0] * 100, A=A, B=B))
    assert found(report, "calibration").gap == NotMeasured(
        "scores lie outside 0 to 1, so they are no chances"
    )


def test_traits_are_combined_and_their_small_cells_left_out():
    cases = cases_of(A=(80, 20), B=(60, 40))
    other = Trait("sex", ("f", "m"), np.array([0] * 90 + [1] * 10 + [0] * 50 + [1] * 50, dtype=np.int32))
    report = measure(GroupedCases(cases.decision, (*cases.traits, other)))
    assert [one.trait for one in report.traits] == ["group", "sex", "group and sex"]
    assert [one.group for one in report.traits[2].groups] == ["A and f", "B and f", "B and m"]
    assert report.traits[2].too_few_rows == 10


def test_many_comparisons_are_counted_and_corrected():
    """Ten groups of which none is treated otherwise: nine comparisons, of which none should remain."""
    draw = np.random.default_rng(5)
    groups = {f"g{n}": (int(draw.binomial(200, 0.6)), 0) for n in range(10)}
    report = measure(
        cases_of(**{name: (yes, 200 - yes) for name, (yes, _) in groups.items()}),
        asked=(Asked("four_fifths", True, "for a test"),),
    )
    assert (report.comparisons, report.by_chance, report.significant) == (9, pytest.approx(0.45), 0)
    [trait] = report.traits
    pairs = trait.metrics[0].against
    assert min(pair.p for pair in pairs) < min(pair.p_adjusted for pair in pairs)
    widest = trait.metrics[0].gap
    assert widest.low < 1.0 <= widest.high + 0.2


def test_the_interval_of_a_gap_among_many_groups_is_wider_than_of_one_pair():
    two = found(measure(cases_of(A=(80, 20), B=(60, 40))), "demographic_parity").gap
    four = found(measure(cases_of(A=(80, 20), B=(60, 40), C=(70, 30), D=(71, 29))), "demographic_parity").gap
    assert two.value == four.value
    assert four.high - four.low > two.high - two.low


def test_the_reference_is_the_one_that_is_named():
    report = measure(cases_of(A=(80, 20), B=(60, 40)), Options(references={"group": "B"}))
    [pair] = found(report, "four_fifths").against
    assert (pair.group, pair.reference, round(pair.value.value, 4)) == ("A", "B", 1.3333)
    with pytest.raises(BadInput, match="has no group 'C'"):
        measure(cases_of(A=(80, 20), B=(60, 40)), Options(references={"group": "C"}))


def test_a_limit_of_the_deployment_is_judged_by_the_whole_interval():
    options = Options(limits={"demographic_parity": 0.05})
    report = measure(cases_of(A=(800, 200), B=(600, 400)), options)
    parity = found(report, "demographic_parity")
    assert (parity.limit_from, parity.finding) == ("the deployment", "outside")
    near = measure(cases_of(A=(80, 20), B=(72, 28)), options)
    assert found(near, "demographic_parity").finding == "unsure"
    with pytest.raises(BadInput, match="'demografic', which is no fairness metric"):
        Options(limits={"demografic": 0.1})


def test_what_is_off_is_not_measured():
    report = measure(cases_of(A=A, B=B), asked=(Asked("four_fifths", False, "no duty asks for it"),))
    assert report.traits[0].metrics == ()
    assert report.traits[0].groups[0].approved.value == 0.8


def test_a_group_of_one_period_only_meets_the_bar_of_that_period():
    """Approval falls from .9 to .3 and B came only later: together it looks refused, by period not."""
    cases = cases_of(A=(90, 10), A2=(30, 70), B=(30, 70))
    codes = np.array([0] * 200 + [1] * 100, dtype=np.int32)
    period = Trait("year", ("2025", "2026"), np.array([0] * 100 + [1] * 200, dtype=np.int32))
    both = GroupedCases(cases.decision, (Trait("group", ("A", "B"), codes),))
    assert found(measure(both), "four_fifths").gap.value == pytest.approx(0.5)
    by_year = measure_periods(both, period, Options())
    assert isinstance(found(by_year["2025"], "four_fifths").gap, NotMeasured)
    assert found(by_year["2026"], "four_fifths").gap.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decision": np.array([2, 0], dtype=np.int8)}, "neither 0 nor 1"),
        ({"weight": np.array([1.0, math.nan])}, "missing, endless or below 0"),
        ({"weight": np.array([0.0, 0.0])}, "Every weight is 0"),
        ({"score": np.array([0.5])}, "2 decisions, but 1 values of score"),
        ({"decision": np.array([], dtype=np.int8)}, "0 decisions, but 2 values|No case was decided"),
    ],
)
def test_columns_that_cannot_be_are_refused(change, told):
    given = {
        "decision": np.array([1, 0], dtype=np.int8),
        "traits": (Trait("group", ("A",), np.array([0, 0], dtype=np.int32)),),
        **change,
    }
    with pytest.raises(BadFairnessCases, match=told):
        GroupedCases(**given)


def test_ten_copies_keep_the_value_and_narrow_the_interval():
    one = found(measure(cases_of(A=A, B=B)), "equalised_odds").gap
    ten = found(
        measure(cases_of(A=tuple(10 * n for n in A), B=tuple(10 * n for n in B))), "equalised_odds"
    ).gap
    assert isinstance(one, Estimate)
    assert one.value == pytest.approx(ten.value)
    assert ten.high - ten.low < (one.high - one.low) / 2


def test_combinations_beyond_counting_are_refused():
    many = tuple(f"g{n}" for n in range(50))
    traits = tuple(Trait(f"t{n}", many, np.zeros(10, dtype=np.int32)) for n in range(3))
    cases = GroupedCases(np.ones(10, dtype=np.int8), traits)
    assert len(measure(cases).traits) == 6
    with pytest.raises(BadFairnessCases, match="t0 and t1 and t2 have 125,000 combinations"):
        measure(cases, Options(together=3))


def test_where_all_groups_are_small_nothing_is_compared_and_all_is_said():
    report = measure(cases_of(A=(20, 2), B=(5, 15)))
    [trait] = report.traits
    assert (trait.groups, trait.reference, trait.reference_from) == ((), "", "no group is large enough")
    assert (trait.too_few, trait.too_few_rows, report.approved.n) == (2, 42, 42)
    assert all(isinstance(one.gap, NotMeasured) for one in trait.metrics)


def test_a_reference_that_was_looked_for_costs_more_than_one_that_was_named():
    """Three comparisons with the best of four stand for six pairs: each p counts twice, then Holm's 3."""
    groups = {"A": (80, 20), "B": (62, 38), "C": (76, 24), "D": (77, 23)}
    asked = (Asked("four_fifths", True, "for a test"),)
    looked = found(measure(cases_of(**groups), asked=asked), "four_fifths").against
    named = found(
        measure(cases_of(**groups), Options(references={"group": "A"}), asked=asked), "four_fifths"
    ).against
    assert looked[0].p == named[0].p
    assert looked[0].p_adjusted == pytest.approx(6 * looked[0].p)
    assert named[0].p_adjusted == pytest.approx(3 * named[0].p)
