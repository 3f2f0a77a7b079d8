"""A model that uses a stand-in for the group, and one that does not: both rank alike, one passes B over.

By hand: 2,000 rows, half of each group, chances of a good outcome the same in both. The first model takes a
point off everybody in B; the second ranks by chance alone. At half approved the second approves both alike.
"""

from dataclasses import replace

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.fairness.alternatives import Candidate, Held, said_of, search, search_cases
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import GroupedCases, Trait
from flyball.governance.fairness.proxies import input_of_numbers

N = 2_000


def made(seed):
    draw = np.random.default_rng(seed)
    group = (np.arange(N) % 2).astype(np.int32)
    chance = draw.normal(size=N)
    good = chance + draw.normal(size=N) > 0.0
    return Held(good, Trait("group", ("A", "B"), group)), chance, chance - 1.0 * group


CHOOSE, CHANCE, SHIFTED = made(1)
TEST, CHANCE_TEST, SHIFTED_TEST = made(2)
FIRST = Candidate({"the first": True}, SHIFTED, SHIFTED_TEST)
OTHER = Candidate({"without": ["stand-in"]}, CHANCE, CHANCE_TEST)


def test_an_alternative_is_found_at_the_same_approval_rate():
    found = search([FIRST, OTHER], CHOOSE, TEST, approve=0.5)
    assert (found.tried, found.approved) == (5, 0.5)
    best = found.choices[-1]
    assert best.about == {"without": ["stand-in"]} or best.about["share in a blend with the first"] == 0.75
    assert best.report.approved.value == found.first_report.approved.value == 0.5
    assert best.ratio_won.low > 0.0
    assert isinstance(best.area_lost, Estimate)
    assert best.area_lost.value < 0.0, "the stand-in only harmed"
    assert "raises the ratio by" in said_of(found)


def test_the_ratio_by_another_trait_is_told_and_chooses_nothing():
    other = (np.arange(N) // 2 % 2).astype(np.int32)
    choose, test = (Held(one.good, one.trait, (Trait("sex", ("f", "m"), other),)) for one in (CHOOSE, TEST))
    found = search([FIRST, OTHER], choose, test, approve=0.5)
    alone = search([FIRST, OTHER], CHOOSE, TEST, approve=0.5)
    assert [one.trait for one in found.choices[-1].report.traits] == ["group", "sex"]
    assert found.front == alone.front
    assert (
        found.choices[-1].report.traits[0].metrics[0].gap == alone.choices[-1].report.traits[0].metrics[0].gap
    )
    rates = [np.mean(approve_share(SHIFTED_TEST, 0.5)[other == one]) for one in (0, 1)]
    gap = found.first_report.traits[1].metrics[0].gap
    assert gap.value == pytest.approx(min(rates) / max(rates))


def test_the_front_holds_no_model_that_another_beats_in_both():
    front = search([FIRST, OTHER], CHOOSE, TEST, approve=0.5).front
    assert [one.area for one in front] == sorted((one.area for one in front), reverse=True)
    assert [one.ratio for one in front] == sorted(one.ratio for one in front)


def test_where_nothing_is_better_the_first_stays_and_nothing_is_claimed():
    noise = np.random.default_rng(3).normal(size=(2, N))
    worse = Candidate({"without": ["all"]}, noise[0], noise[1])
    found = search([OTHER, worse], CHOOSE, TEST, approve=0.5, losses=(0.0,))
    [choice] = found.choices
    assert choice.about == {"without": ["stand-in"]}
    assert choice.ratio_won == Estimate(0.0, N)
    assert said_of(found).startswith("None of 5 models")


def test_rows_that_cannot_tell_are_said():
    lonely = Held(TEST.good, Trait("group", ("A", "B"), np.zeros(N, dtype=np.int32)))
    assert isinstance(search([FIRST], CHOOSE, lonely, approve=0.5), NotMeasured)
    alike = Held(np.ones(N, dtype=bool), TEST.trait)
    assert search([FIRST], CHOOSE, alike, approve=0.5) == NotMeasured("all rows that test turned out alike")


def cases_with(score=None, **more):
    return GroupedCases(
        approve_share(SHIFTED, 0.5), (CHOOSE.trait,), CHOOSE.good.astype(np.int8), score, **more
    )


def test_models_are_fitted_that_do_without_what_tells_the_group():
    inputs = [input_of_numbers("chance", CHANCE), input_of_numbers("street", CHOOSE.trait.codes * 1.0)]
    sex = Trait("sex", ("f", "m"), (np.arange(N) // 2 % 2).astype(np.int32))
    cases = replace(cases_with(SHIFTED), traits=(sex, CHOOSE.trait))
    found = search_cases(cases, inputs, "group", approve=0.5, many=4)
    assert found.tried == 17
    assert [one.trait for one in found.first_report.traits] == ["group", "sex"]
    assert found.choices[-1].ratio_won.value > 0.1
    assert {"first", "trait"} <= set(found.__slots__)


def test_a_search_needs_outcomes_inputs_and_a_trait_that_is_there():
    inputs = [input_of_numbers("chance", CHANCE)]
    with pytest.raises(BadInput, match="No trait of the cases is called 'sex'"):
        search_cases(cases_with(), inputs, "sex", approve=0.5)
    with pytest.raises(BadInput, match="the cases have no inputs"):
        search_cases(cases_with(), [], "group", approve=0.5)
    with pytest.raises(BadInput, match="the cases have weights"):
        search_cases(cases_with(weight=np.ones(N)), inputs, "group", approve=0.5)
    bare = GroupedCases(approve_share(SHIFTED, 0.5), (CHOOSE.trait,))
    with pytest.raises(BadInput, match="the cases have no outcomes"):
        search_cases(bare, inputs, "group", approve=0.5)
