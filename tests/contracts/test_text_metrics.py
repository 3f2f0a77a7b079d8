"""What every metric of text answers on the shelf must do, whoever wrote it."""

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import TEXT_METRICS, TextMetric

QUICK = Sampling(seed=7, resamples=200)


def same(n=20):
    text = "Acme Corp pays EUR 1,200 by 5 May."
    return [TextCase(f"c{at}", text, "?", text, (f"As agreed, {text}",)) for at in range(n)]


@pytest.fixture(params=TEXT_METRICS.names())
def metric(request):
    loaded = TEXT_METRICS.load(request.param)
    assert isinstance(loaded, TextMetric)
    assert loaded.name == request.param, "the file is called like the metric"
    return loaded


def test_the_card_is_complete(metric):
    assert metric.version >= 1
    assert all((metric.title, metric.unit, metric.source, metric.doc))


def test_what_is_right_and_cited_has_all_points_and_few_cases_have_none(metric):
    found = metric(same(), QUICK)
    assert isinstance(found, Estimate)
    assert (found.value, found.n) == (pytest.approx(1.0), 20)
    assert found.low < 1.0  # 20 right answers are no proof that all are
    assert isinstance(metric(same(4), QUICK), NotMeasured)
    assert isinstance(metric([], QUICK), NotMeasured)


def test_what_has_nothing_to_do_with_it_has_few_points(metric):
    cases = [
        TextCase(f"c{at}", "Zebra Ltd owes 77 cows.", "?", "Rent is due monthly", ("Rent is due monthly",))
        for at in range(20)
    ]
    assert metric(cases, QUICK).value < 0.1


def test_the_order_of_cases_changes_nothing(metric):
    mixed = [*same(10), *(TextCase(f"d{at}", f"Beta {at}", "?", "Gamma", ("Gamma",)) for at in range(10))]
    assert metric(mixed, QUICK).value == pytest.approx(metric(mixed[::-1], QUICK).value)


@pytest.mark.parametrize("text", ["", " ", "\ud83d", "a" * 200_000, "A " * 50_000, "1." * 50_000, "\0\u202e"])
def test_strange_texts_break_nothing(metric, text):
    cases = [TextCase(f"c{at}", text, "?", "right", (text,)) for at in range(6)]
    assert metric(cases, QUICK) is not None
