"""An estimate is a number with its cases; a gap in knowledge has a type of its own."""

import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Failed, NotMeasured, as_plain


def test_an_estimate_shows_its_interval_and_its_cases():
    assert str(Estimate(0.97, n=102, low=0.96, high=0.98)) == "0.97 [0.96, 0.98] (n=102)"
    assert str(Estimate(0.5, n=60)) == "0.5 (n=60)"


def test_the_outside_form_has_four_keys_and_names_the_reason_of_a_gap():
    assert as_plain(Estimate(0.5, n=4, low=0.1, high=0.9)) == {"value": 0.5, "low": 0.1, "high": 0.9, "n": 4}
    assert as_plain(NotMeasured("no labels")) == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "reason": "no labels",
    }
    assert as_plain(Failed("boom"))["reason"] == "boom"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": float("nan"), "n": 3}, "must be finite"),
        ({"value": 0.5, "n": 0}, "at least one case"),
        ({"value": 0.5, "n": 3, "low": 0.2}, "both ends"),
        ({"value": 0.5, "n": 3, "low": 0.6, "high": 0.4}, "both ends in order"),
    ],
)
def test_a_number_that_means_nothing_is_refused(values, message):
    with pytest.raises(BadInput, match=message):
        Estimate(**values)
