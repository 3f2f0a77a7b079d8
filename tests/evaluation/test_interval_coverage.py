"""The table in docs/evaluation.md: how often the interval holds the truth, simulated again.

Each row: 400 sets of n cases of 41 fields, the error rate of a case drawn from a beta distribution of
the given mean and standard deviation. From mean m and deviation s, a + b = m(1 - m)/s^2 - 1; the table
rounds s, so the weights a + b are given here.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from flyball.core.estimates import Estimate
from flyball.evaluation.bootstrap import RareEvents, Sampling, Tally, estimate_all, ratio_of_sums

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"
WEIGHTS = (100, 20, 100, 20, 100)


def rows() -> list[tuple[int, float, float]]:
    found = re.findall(
        r"^\| (\d+) \| ([\d.]+) % \| [\d.]+ points \| (\d+) % \|$", PAGE.read_text(), re.MULTILINE
    )
    return [(int(cases), float(rate) / 100, float(held)) for cases, rate, held in found]


@pytest.mark.slow
def test_the_page_says_how_often_the_interval_holds_the_truth():
    rng = np.random.default_rng(2026)
    table = rows()
    assert len(table) == 15
    for (n_cases, rate, said), weight in zip(table, WEIGHTS * 3, strict=True):
        n = 41 * n_cases
        held = 0
        for _ in range(400):
            chance = rng.beta(rate * weight, (1 - rate) * weight, n_cases)
            errors = rng.binomial(41, chance).astype(float)
            tally = Tally(
                np.column_stack([errors, np.full(n_cases, 41.0)]),
                ratio_of_sums(),
                n,
                (RareEvents(errors, lambda events, n=n: min(events, n) / n),),
            )
            [found] = estimate_all([tally], Sampling())
            assert isinstance(found, Estimate)
            held += found.low <= rate <= found.high
        assert held / 4 == pytest.approx(said, abs=1.0), f"{n_cases} cases, {rate:.2%}, weight {weight}"
