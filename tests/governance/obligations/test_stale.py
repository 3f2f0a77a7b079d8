"""The duty "old" ended on 2026-07-01, "new" took its place. Both were read on 2026-01-01, due in a year."""

from datetime import date

import pytest
from tests.governance.obligations.invented import catalogue, duty

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.stale import stale_entries

OLD = duty("old", effective_to="2026-07-01")
NEW = duty("new", effective_from="2026-07-01", supersedes='["old"]')


def said(found, on, cited=None, only=None):
    return [(one.kind, one.about) for one in stale_entries(found, on, cited=cited, only=only)]


def test_law_that_ended_is_found_where_a_rule_still_cites_it(tmp_path):
    found = catalogue(tmp_path, OLD, NEW)
    cited = {"old": ["rule P-01", "principle p"], "new": ["rule P-02"], "policy:data": ["rule P-03"]}
    assert said(found, date(2026, 6, 30), cited) == []
    (one,) = stale_entries(found, date(2026, 7, 1), cited=cited)
    assert (one.kind, one.about, one.since, one.cited_by) == (
        "cited",
        "old",
        date(2026, 7, 1),
        ("principle p", "rule P-01"),
    )
    assert one.said == (
        "old applies no longer (since 2026-07-01); new#1 took its place. Cited by principle p, rule P-01."
    )
    assert one.fix == "Cite new, or take the citation away."


def test_a_version_that_is_cited_by_its_number_goes_out_of_date_with_it(tmp_path):
    first = duty("a", effective_to="2026-07-01")
    found = catalogue(tmp_path, first, duty("a", version="2", effective_from="2026-07-01"))
    assert said(found, date(2026, 7, 1), {"a": ["r"]}) == []
    assert said(found, date(2026, 7, 1), {"a#1": ["r"]}) == [("cited", "a#1")]


def test_law_that_has_not_begun_may_be_cited_and_law_that_was_withdrawn_may_not(tmp_path):
    ahead = duty("a", effective_from="2030-01-01", known_from="2026-01-01")
    assert said(catalogue(tmp_path, ahead), date(2026, 7, 1), {"a": ["r"]}) == []
    gone = catalogue(tmp_path, ahead + "withdrawn_on = 2026-06-01\n")
    (one,) = stale_entries(gone, date(2026, 7, 1), cited={"a": ["r"]})
    assert one.said == "a was withdrawn before it began (since 2026-06-01). Cited by r."


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, date(2027, 1, 1)),
        ({"review_by": "2026-03-01"}, date(2026, 3, 1)),
        ({"read_at": '"Read 2025-03-01 and again 2026-03-01, see law 2099-99-99"'}, date(2027, 3, 1)),
    ],
)
def test_an_entry_is_to_be_read_again_on_its_day_and_not_before(tmp_path, changes, due):
    found = catalogue(tmp_path, duty("a", **changes))
    assert found.obligations[0].review_due == due
    assert said(found, date.fromordinal(due.toordinal() - 1)) == []
    assert said(found, due) == [("review due", "a#1")]


def test_an_entry_that_names_no_day_is_found_and_one_that_ended_needs_no_second_look(tmp_path):
    undated = duty("a", read_at='"In a book"')
    assert said(catalogue(tmp_path, undated), date(2026, 2, 1)) == [("undated", "a#1")]
    ended = catalogue(tmp_path, OLD, NEW)
    assert said(ended, date(2026, 12, 31)) == []
    assert said(ended, date(2027, 1, 1)) == [("review due", "new#1")]


def test_what_ended_without_heir_and_what_is_counted_beside_its_heir_are_found(tmp_path):
    assert said(catalogue(tmp_path, OLD), date(2026, 7, 1)) == [("ended", "old#1")]
    both = catalogue(tmp_path, duty("old"), NEW)
    assert said(both, date(2026, 6, 30)) == []
    assert said(both, date(2026, 7, 1)) == [("replaced", "old#1")]


def test_only_what_matters_is_looked_at(tmp_path):
    found = catalogue(tmp_path, duty("a"), duty("b"))
    assert said(found, date(2027, 1, 1), only={"b#1"}) == [("review due", "b#1")]


def test_the_shipped_catalogue_is_in_order_on_the_day_it_was_read():
    assert stale_entries(load_catalogue(), date(2026, 11, 30)) == ()
