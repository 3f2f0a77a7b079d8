"""By hand: an hour has 3,600 seconds; 65 EUR an hour are 65 / 3,600 EUR a second."""

import pytest

from flyball.evaluation.kpis.units import NO_UNIT, Unit, unit_of


@pytest.mark.parametrize(
    ("text", "powers", "scale"),
    [
        ("EUR", (("EUR", 1),), 1.0),
        ("EUR per transfer", (("EUR", 1),), 1.0),
        ("alerts per analyst-hour", (("second", -1),), 1 / 3600),
        ("minutes", (("second", 1),), 60.0),
        ("EUR/hour", (("EUR", 1), ("second", -1)), 1 / 3600),
        ("%", (), 0.01),
        ("losses per 1,000 cases", (), 0.001),
        ("alerts", (), 1.0),
        ("", (), 1.0),
        ("0 cases", (), 1.0),
    ],
)
def test_units_are_read_as_people_write_them(text, powers, scale):
    assert unit_of(text) == Unit(powers, pytest.approx(scale))


def test_units_are_multiplied_and_cancel_out():
    hour, rate = unit_of("hours"), unit_of("EUR per hour")
    assert hour.times(rate) == Unit((("EUR", 1),), pytest.approx(1.0))
    assert hour.per(hour) == NO_UNIT
    assert not hour.fits(rate)
    assert unit_of("minutes").fits(hour)
    assert str(rate) == "EUR per second"
