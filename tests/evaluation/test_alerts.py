"""By hand: seven cases of 12 minutes. Cleared by machine: one benign, one suspicious. Alerts: two suspicious
(one answered yes by machine, one waiting), two benign that wait. One without a label does not count.
So four alerts, 48 minutes, two of them true: 2.5 an hour. Of three suspicious ones two became an alert.
"""

from collections.abc import Callable

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import Sampling, estimate_all
from flyball.evaluation.metric import METRICS, Metric

ROWS = ["--a", "+-a", "++a", "+-r", "--r", "-+r", "?-r"]


def measured(name: str, cases) -> Estimate | NotMeasured:
    metric: Metric = METRICS.load(name)
    tally = metric.function(cases)
    return tally if isinstance(tally, NotMeasured) else estimate_all([tally], Sampling())[0]


@pytest.mark.parametrize(
    ("name", "value", "n"), [("true_alerts_per_analyst_hour", 2.5, 4), ("alert_recall", 2 / 3, 3)]
)
def test_alerts_are_counted_as_by_hand(cases_of: Callable, name: str, value: float, n: int):
    told = measured(name, cases_of(ROWS, minutes=12.0))
    assert isinstance(told, Estimate)
    assert (told.value, told.n) == (pytest.approx(value), n)


def test_without_an_alert_or_minutes_nothing_is_said(cases_of: Callable):
    name = "true_alerts_per_analyst_hour"
    assert measured(name, cases_of(["--a"] * 6)) == NotMeasured("no labelled decision became an alert")
    assert measured(name, cases_of(ROWS, minutes=0.0)) == NotMeasured(
        "fields.toml states no minutes for any field"
    )
