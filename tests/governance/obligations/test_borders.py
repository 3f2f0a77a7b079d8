"""For every shipped entry and any day: the border belongs to the right side, and changes add up."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.contradictions import contradictions
from flyball.governance.obligations.queries import compare, dated, in_force, upcoming

CATALOGUE = load_catalogue()
EVERYWHERE = {"jurisdictions": ["US-CO", "US-NY-NYC", "US-CA", "DE", "GB"]}
DAYS = st.dates(date(1970, 1, 1), date(2035, 1, 1))
ONE_DAY = timedelta(days=1)


def keys(found):
    return {duty.key for duty in found}


@pytest.mark.parametrize("duty", CATALOGUE.obligations, ids=lambda duty: duty.key)
def test_a_duty_applies_from_its_first_day_to_the_day_before_its_end(duty):
    applies = duty.withdrawn_on is None
    assert duty.key not in keys(dated(CATALOGUE, duty.effective_from - ONE_DAY))
    assert (duty.key in keys(dated(CATALOGUE, duty.effective_from))) is applies
    if duty.effective_to is not None:
        assert (duty.key in keys(dated(CATALOGUE, duty.effective_to - ONE_DAY))) is applies
        assert duty.key not in keys(dated(CATALOGUE, duty.effective_to))


@pytest.mark.parametrize(
    "duty", [one for one in CATALOGUE.obligations if one.withdrawn_on], ids=lambda duty: duty.key
)
def test_a_withdrawn_version_had_to_be_expected_until_the_day_of_its_withdrawal(duty):
    def expected(known):
        return duty.key in keys(dated(CATALOGUE, duty.effective_from, as_known_on=known))

    assert expected(duty.withdrawn_on - ONE_DAY)
    assert not expected(duty.withdrawn_on)
    assert not expected(duty.known_from - ONE_DAY)


@settings(deadline=None)  # the first call reads files
@given(DAYS)
def test_on_no_day_two_versions_of_one_duty_apply_and_none_contradicts_another(day):
    found = in_force(CATALOGUE, day, **EVERYWHERE)
    assert len({duty.id for duty in found}) == len(found)
    assert contradictions(found) == ()


@settings(deadline=None)  # the first call reads files
@given(DAYS, DAYS, DAYS)
def test_changes_from_day_to_day_add_up_to_the_change_over_all(a, b, c):
    def at(day):
        return in_force(CATALOGUE, day, **EVERYWHERE)

    def step(start, first, second):
        change = compare(at(first), at(second))
        gone = {duty.key for duty in change.ends} | {one.before.key for one in change.changed}
        come = {duty.key for duty in change.begins} | {one.after.key for one in change.changed}
        assert gone <= start
        return (start - gone) | come

    assert step(step(keys(at(a)), a, b), b, c) == keys(at(c))
    assert not compare(at(a), at(a))


@settings(deadline=None)  # the first call reads files
@given(DAYS, st.integers(0, 400))
def test_nothing_changes_on_a_day_that_was_not_said_to_be_ahead(day, ahead):
    days = {one.day for one in upcoming(CATALOGUE, day, ahead, **EVERYWHERE)}
    before = keys(in_force(CATALOGUE, day, **EVERYWHERE))
    for number in range(1, ahead + 1):
        if day + timedelta(days=number) in days:
            return
    assert keys(in_force(CATALOGUE, day + timedelta(days=ahead), **EVERYWHERE)) == before


@settings(deadline=None)  # the first call reads files
@given(DAYS, DAYS)
def test_what_was_known_later_is_never_known_earlier(day, known):
    found = dated(CATALOGUE, day, as_known_on=known)
    assert all(duty.known_from <= known and duty.effective_from <= day for duty in found)
    assert keys(dated(CATALOGUE, day, as_known_on=date.max)) == keys(dated(CATALOGUE, day))
