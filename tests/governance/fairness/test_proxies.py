"""What inputs tell of a trait: all, nothing, or something only together."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.fairness.cases import Trait
from flyball.governance.fairness.proxies import _area, input_of_numbers, input_of_texts, proxies
from flyball.models.experts.boosted_table.figures import area_with_variance

N = 4_000
DRAW = np.random.default_rng(7)
CODES = DRAW.integers(0, 2, N).astype(np.int32)
TRAIT = Trait("sex", ("f", "m"), CODES)
NOISE = DRAW.normal(size=N)


def by_name(told):
    return {one.inputs: one for one in told.alone}


def test_an_input_that_is_the_trait_tells_all_and_noise_tells_nothing():
    told = proxies(
        [input_of_numbers("height", CODES + 0.01 * NOISE), input_of_numbers("noise", NOISE)], TRAIT
    )
    assert told.alone[0].inputs == ("height",)
    assert told.alone[0].area.value > 0.999
    assert told.alone[0].information > 0.98
    noise = by_name(told)["noise",]
    assert noise.area.low < 0.5 + 0.02
    assert noise.information < 0.01
    assert told.all_together[0].area.value > 0.99


def test_two_inputs_may_tell_together_what_neither_tells_alone():
    """By hand: the trait is whether two coins agree; each coin alone says nothing, both say all."""
    one, other = DRAW.integers(0, 2, N), DRAW.integers(0, 2, N)
    trait = Trait("sex", ("f", "m"), (one == other).astype(np.int32))
    told = proxies([input_of_numbers("one", one * 1.0), input_of_numbers("other", other * 1.0)], trait)
    assert max(each.area.value for each in told.alone) < 0.55
    [pair] = told.pairs
    assert (pair.inputs, round(pair.area.value, 3)) in ((("one", "other"), 1.0), (("other", "one"), 1.0))
    assert told.all_together[0].area.value > 0.95


def test_texts_tell_by_their_values_and_what_is_missing_tells_too():
    names = ["anna" if code == 0 else "otto" for code in CODES]
    told = proxies([input_of_texts("name", CODES.astype(np.int64), ["anna", "otto"])], TRAIT)
    assert told.alone[0].area.value == pytest.approx(1.0)
    assert len(set(names)) == 2
    missing = np.where(CODES == 1, np.nan, NOISE)
    assert proxies([input_of_numbers("left out", missing)], TRAIT).alone[0].area.value > 0.99


def test_a_trait_of_three_groups_names_the_one_that_is_told_best():
    codes = DRAW.integers(0, 3, N).astype(np.int32)
    trait = Trait("race", ("a", "b", "c"), codes)
    told = proxies([input_of_numbers("place", (codes == 2) * 1.0)], trait)
    assert (told.alone[0].group, told.alone[0].area.value) == ("c", pytest.approx(1.0))
    assert told.all_together[0].group == "c"


def test_the_area_of_a_table_is_that_of_its_rows():
    """One fold held against one other: the ranking and the variance are DeLong's, row by row."""
    bins = DRAW.integers(0, 6, N)
    group = (DRAW.random(N) < 0.2 + 0.1 * bins).astype(int)
    folds = np.arange(N) % 2
    counts = np.zeros((2, 6, 2))
    np.add.at(counts, (folds, bins, group), 1.0)
    found = _area(counts, 1)
    total = counts.sum(axis=0)
    expected, variance = [], []
    for fold in (0, 1):
        rest = total - counts[fold]
        score = (rest[:, 1] + group.mean()) / (rest.sum(axis=1) + 1.0)
        here = folds == fold
        value, spread = area_with_variance(score[bins[here]], group[here] == 1)
        expected.append(value)
        variance.append(spread)
    assert found.value == pytest.approx(np.mean(expected))
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(sum(variance)) / 2)


def test_too_few_of_a_group_or_no_input_is_said():
    lonely = Trait("sex", ("f", "m"), (np.arange(N) < 3).astype(np.int32))
    found = proxies([input_of_numbers("noise", NOISE)], lonely)
    assert found == NotMeasured("1 group of at least 30 cases; two are needed")
    with pytest.raises(BadInput, match="No input is named"):
        proxies([], TRAIT)


def test_an_input_of_nothing_tells_nothing():
    told = proxies([input_of_numbers("empty", np.full(N, np.nan))], TRAIT)
    assert isinstance(told.alone[0].area, Estimate)
    assert told.alone[0].area.value == pytest.approx(0.5)
