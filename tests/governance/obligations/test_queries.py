"""The duty "x" was enacted on 2024-07-12 for 2026-08-02 and moved on 2026-06-29 to 2027-12-02.

"y" runs from 2011-04-04 to 2026-04-17. By hand: on 2026-08-02, with all that is known, x does not apply; as
known on 2026-05-01 it would have. The last day of y is 2026-04-16, because `effective_to` is the first day on
which it no longer applies.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.queries import compare, diff, in_force, upcoming

TOML = """
[[obligation]]
id = "x"
title = "Moved"
jurisdiction = "EU"
source = { law = "L", article = "1", citation = "c" }
text = "t"
effective_from = 2026-08-02
known_from = 2024-07-12
withdrawn_on = 2026-06-29
applies_to = { tags = ["annex-iii"] }
read_at = "r"
[[obligation]]
id = "x"
version = 2
title = "Moved"
jurisdiction = "EU"
source = { law = "L", article = "1", citation = "c" }
text = "t"
effective_from = 2027-12-02
known_from = 2026-06-29
supersedes = ["x#1"]
applies_to = { tags = ["annex-iii"] }
read_at = "r"
[[obligation]]
id = "y"
title = "Ended"
jurisdiction = "US"
source = { law = "L", article = "1", citation = "c" }
text = "t"
effective_from = 2011-04-04
effective_to = 2026-04-17
applies_to = { sectors = ["banking"] }
read_at = "r"
[[obligation]]
id = "z"
title = "Personal"
jurisdiction = "EEA"
source = { law = "L", article = "1", citation = "c" }
text = "t"
effective_from = 2018-05-25
applies_to = { data_labels = ["personal-data"], expert_kinds = ["text"] }
read_at = "r"
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "own.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalogue([file], shipped=False)


def keys(obligations):
    return [obligation.key for obligation in obligations]


def test_the_first_day_is_inside_and_effective_to_is_outside(catalogue):
    def on(day):
        return keys(in_force(catalogue, day, jurisdictions=["US"]))

    assert on(date(2011, 4, 3)) == []
    assert on(date(2011, 4, 4)) == ["y#1"]
    assert on(date(2026, 4, 16)) == ["y#1"]
    assert on(date(2026, 4, 17)) == []


def test_a_duty_that_was_moved_before_it_began_never_applied(catalogue):
    known = {"jurisdictions": ["DE"], "tags": ["annex-iii"], "data_labels": []}
    assert keys(in_force(catalogue, date(2026, 8, 2), **known)) == []
    assert keys(in_force(catalogue, date(2027, 12, 1), **known)) == []
    assert keys(in_force(catalogue, date(2027, 12, 2), **known)) == ["x#2"]


def test_what_had_to_be_expected_is_answered_with_what_was_known(catalogue):
    known = {"jurisdictions": ["DE"], "tags": ["annex-iii"], "data_labels": []}
    expected = in_force(catalogue, date(2026, 8, 2), as_known_on=date(2026, 5, 1), **known)
    assert keys(expected) == ["x#1"]
    assert keys(in_force(catalogue, date(2026, 8, 2), as_known_on=date(2026, 6, 29), **known)) == []
    assert keys(in_force(catalogue, date(2026, 8, 2), as_known_on=date(2024, 7, 11), **known)) == []


def test_an_end_that_nobody_knew_yet_does_not_end_what_was_expected(catalogue):
    asked = {"jurisdictions": ["US"]}
    assert keys(in_force(catalogue, date(2026, 6, 1), as_known_on=date(2026, 1, 1), **asked)) == ["y#1"]
    assert keys(in_force(catalogue, date(2026, 6, 1), as_known_on=date(2026, 4, 17), **asked)) == []


def test_what_is_not_known_counts_as_met_and_what_is_known_to_be_absent_does_not(catalogue):
    day = date(2026, 1, 1)
    assert keys(in_force(catalogue, day, jurisdictions=["DE"])) == ["z#1"]
    assert keys(in_force(catalogue, day, jurisdictions=["DE"], data_labels=[])) == []
    assert keys(in_force(catalogue, day, jurisdictions=["DE"], data_labels=["personal-data"])) == ["z#1"]
    assert keys(in_force(catalogue, day, jurisdictions=["DE"], expert_kinds=["rules"])) == []


def test_the_sector_is_read_from_tags_and_not_known_without_one(catalogue):
    day = date(2026, 1, 1)
    assert keys(in_force(catalogue, day, jurisdictions=["US"], tags=["sector:retail"])) == []
    assert keys(in_force(catalogue, day, jurisdictions=["US"], tags=["sector:banking"])) == ["y#1"]
    assert keys(in_force(catalogue, day, jurisdictions=["US"], tags=["other"])) == ["y#1"]
    assert keys(in_force(catalogue, day, jurisdictions=["US"], tags=["other"], sectors=[])) == []


def test_any_of_several_places_is_enough(catalogue):
    assert keys(in_force(catalogue, date(2026, 1, 1), jurisdictions=["NO", "US-CA"])) == ["y#1", "z#1"]


@pytest.mark.parametrize("places", [[], (), "DE", ["deutschland"]])
def test_a_place_that_is_unknown_is_refused_and_does_not_mean_no_duties(catalogue, places):
    with pytest.raises(BadInput):
        in_force(catalogue, date(2026, 1, 1), jurisdictions=places)


def test_the_difference_of_two_days_names_what_begins_and_ends(catalogue):
    change = diff(catalogue, date(2026, 4, 16), date(2027, 12, 2), jurisdictions=["US", "DE"])
    assert (keys(change.begins), keys(change.ends), change.changed) == (["x#2"], ["y#1"], ())
    assert change.ids == ("x", "y")
    assert not diff(catalogue, date(2026, 5, 1), date(2026, 6, 1), jurisdictions=["US", "DE"])


def test_an_edited_entry_is_a_change_of_exactly_that_duty(catalogue, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(TOML.replace('title = "Personal"', 'title = "Personal data"'), encoding="utf-8")
    asked = {"jurisdictions": ["DE", "US"]}
    day = date(2026, 1, 1)
    change = compare(
        in_force(catalogue, day, **asked), in_force(load_catalogue([file], shipped=False), day, **asked)
    )
    assert [(item.before.title, item.after.title) for item in change.changed] == [
        ("Personal", "Personal data")
    ]
    assert change.ids == ("z",)


def test_days_ahead_are_named_once_soonest_first(catalogue):
    found = upcoming(catalogue, date(2026, 4, 16), 700, jurisdictions=["US", "EU"])
    assert [(item.day, item.event, item.obligation.key) for item in found] == [
        (date(2026, 4, 17), "ends", "y#1"),
        (date(2027, 12, 2), "begins", "x#2"),
    ]
    assert upcoming(catalogue, date(2026, 4, 17), 1, jurisdictions=["US"]) == ()
    assert upcoming(catalogue, date(2026, 4, 16), 0, jurisdictions=["US"]) == ()
    with pytest.raises(BadInput, match="within_days must be 0 or more, got -1"):
        upcoming(catalogue, date(2026, 4, 16), -1, jurisdictions=["US"])


def test_a_date_that_was_put_off_is_announced_as_it_was_known_on_each_day(catalogue):
    def told(day):
        found = upcoming(catalogue, day, 700, jurisdictions=["EU"], as_known_on=day)
        return [(item.day, item.obligation.key) for item in found]

    assert told(date(2026, 6, 28)) == [(date(2026, 8, 2), "x#1")]
    assert told(date(2026, 6, 29)) == [(date(2027, 12, 2), "x#2")]


def test_a_country_that_leaves_the_union_is_announced_too(catalogue):
    (left,) = upcoming(catalogue, date(2020, 12, 1), 60, jurisdictions=["GB"])
    assert (left.day, left.event, left.obligation.key) == (date(2021, 1, 1), "ends", "z#1")


@given(
    start=st.dates(date(2010, 1, 1), date(2028, 1, 1)),
    days=st.integers(0, 400),
    place=st.sampled_from(["US", "DE", "NO", "GB"]),
)
def test_between_two_days_the_difference_is_what_was_announced(catalogue, start, days, place):
    """A duty that differs between two days begins or ends on a day between them, the last one included."""
    end = start + timedelta(days=days)
    change = diff(catalogue, start, end, jurisdictions=[place])
    announced = {item.obligation.id for item in upcoming(catalogue, start, days, jurisdictions=[place])}
    assert set(change.ids) <= announced
