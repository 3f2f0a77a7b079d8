"""By hand: Union law applied in the United Kingdom up to 31 December 2020; Croatia joined on 1 July 2013."""

from datetime import date

import pytest

from flyball.core.errors import BadInput
from flyball.governance.obligations.jurisdictions import covers, shipped_jurisdictions

DAY = date(2026, 11, 21)


@pytest.mark.parametrize("place", ["US", "US-DE", "US-CA", "US-PR", "US-NY-NYC"])
def test_federal_law_holds_in_every_state(place):
    assert covers("US", place, DAY)


@pytest.mark.parametrize("place", ["EU", "DE", "DE-BY", "FR", "IE", "EL", "GR"])
def test_union_law_holds_in_every_member_state_and_its_regions(place):
    assert covers("EU", place, DAY)


@pytest.mark.parametrize("place", ["NO", "CH", "GB", "UK", "US", "US-DE", "EEA"])
def test_union_law_does_not_hold_elsewhere_and_us_delaware_is_not_germany(place):
    assert not covers("EU", place, DAY)


@pytest.mark.parametrize("place", ["NO", "IS", "LI", "DE", "EU", "EEA"])
def test_law_of_the_economic_area_holds_in_the_union_and_three_more(place):
    assert covers("EEA", place, DAY)


def test_a_place_that_names_no_state_gets_no_state_law():
    assert not covers("US-CA", "US", DAY)
    assert not covers("DE", "EU", DAY)


def test_the_law_of_a_city_holds_in_it_and_that_of_its_state_too():
    assert covers("US-NY-NYC", "US-NY-NYC", DAY)
    assert covers("US-NY", "US-NY-NYC", DAY)
    assert not covers("US-NY-NYC", "US-NY", DAY)
    assert not covers("US-NY-NYC", "US-NY-BUF", DAY)


def test_membership_is_looked_up_on_the_day():
    assert covers("EU", "GB", date(2020, 12, 31))
    assert not covers("EU", "GB", date(2021, 1, 1))
    assert not covers("EU", "HR", date(2013, 6, 30))
    assert covers("EU", "HR", date(2013, 7, 1))


def test_the_union_has_27_members_today():
    members = shipped_jurisdictions().members["EU"]
    assert sum(since <= DAY and (to is None or to > DAY) for _, since, to in members) == 27


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("XX", "There is no country or group 'XX', as jurisdiction 'XX' says."),
        ("EN-LON", "There is no country or group 'EN', as jurisdiction 'EN-LON' says."),
        ("US-NYC", "There is no part 'NYC' of US, as jurisdiction 'US-NYC' says."),
        ("US-XX-NYC", "There is no part 'XX' of US, as jurisdiction 'US-XX-NYC' says."),
    ],
)
def test_a_place_that_there_is_not_is_refused_because_its_law_would_silently_be_none(code, said):
    for law, place in (("EU", code), (code, "DE")):
        with pytest.raises(BadInput) as caught:
            covers(law, place, DAY)
        assert caught.value.message == said


@pytest.mark.parametrize(
    "code", ["", "de", "Germany", "US-", "US_CA", "D", "EU ", "USA", "US-NY-", "US-NY-NYC-X"]
)
def test_what_is_not_a_code_is_refused_because_it_would_silently_have_no_duties(code):
    with pytest.raises(BadInput) as caught:
        covers("EU", code, DAY)
    assert caught.value.message == f"Jurisdiction must be an ISO 3166 code or a group, got {code!r}."
