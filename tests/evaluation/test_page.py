"""The page says what the code does: every measure, every error code, every outside key, the figures."""

import re
from pathlib import Path

import pytest

from flyball.evaluation.bootstrap import poisson_interval
from flyball.evaluation.cases import BadLabels, BadScores
from flyball.evaluation.compare import NotComparable
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.leaks import LeakedCases
from flyball.evaluation.metric import METRICS
from flyball.evaluation.outside import as_json

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", METRICS.names())
def test_every_measure_is_on_the_page_under_its_title(page, name):
    [row] = [line for line in page.splitlines() if line.startswith("| `") and f"`{name}`" in line]
    assert METRICS.load(name).title.split(",")[0] in row


@pytest.mark.parametrize("error", [BadLabels, BadScores, NotComparable, LeakedCases])
def test_every_error_code_is_on_the_page(page, error):
    assert f"| `{error.code}` |" in page


def test_every_outside_key_is_on_the_page(page, cases_of):
    for key in as_json(evaluate(cases_of(["++a --a"] * 6))):
        assert f"`{key}`" in page, key


def test_the_upper_ends_on_the_page_are_the_computed_ones(page):
    rows = re.findall(r"^\| (\d) \| ([\d,]+) \| 0 to ([\d.]+) \|$", page, re.MULTILINE)
    assert len(rows) == 4
    for events, cases, high in rows:
        exact = 1000 * poisson_interval(int(events), 0.95)[1] / int(cases.replace(",", ""))
        assert f"{exact:.1f}" == high


def test_462_clean_contracts_are_needed_to_show_8_per_1000():
    high = poisson_interval(0, 0.95)[1]
    assert 1000 * high / 462 <= 8.0 < 1000 * high / 461
