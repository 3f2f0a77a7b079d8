"""A law asks to keep records 762 days, a policy to keep them 365 at most: nobody can do both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.governance.obligations.invented import catalogue, duty, precedence

from flyball.governance.obligations.contradictions import contradictions, require_settled
from flyball.governance.obligations.errors import BadCatalogue, ContradictingDuties
from flyball.governance.obligations.records import Demand

KEEP = duty("law.keep", demands='[{ of = "record.kept_days", at_least = 762 }]')
ERASE = duty("own.erase", demands='[{ of = "record.kept_days", at_most = 365 }]')
SAID = "law.keep#1 asks: record.kept_days at least 762; own.erase#1 asks: record.kept_days at most 365"


def test_two_demands_that_nobody_can_meet_are_found_and_named(tmp_path):
    found = catalogue(tmp_path, KEEP, ERASE)
    (one,) = contradictions(found.obligations, found.precedences)
    assert (one.first, one.second, one.said, one.settled) == ("law.keep#1", "own.erase#1", SAID, None)
    with pytest.raises(ContradictingDuties) as caught:
        require_settled(found.obligations, found.precedences)
    assert caught.value.message == f"Duties law.keep#1 and own.erase#1 contradict each other: {SAID}."
    assert caught.value.exit_code == 1
    assert "[[precedence]]" in caught.value.fix


def test_a_rule_of_precedence_settles_it_and_says_who_decided(tmp_path):
    found = catalogue(tmp_path, KEEP, ERASE, precedence("law.keep", "own.erase#1"))
    (one,) = contradictions(found.obligations, found.precedences)
    assert one.settled == found.precedences[0]
    assert one.settled.decided_by == "Counsel, 2026-11-30"
    require_settled(found.obligations, found.precedences)


def test_every_open_pair_is_counted(tmp_path):
    third = duty("own.burn", demands='[{ of = "record.kept_days", at_most = 1 }]')
    found = catalogue(tmp_path, KEEP, ERASE, third, precedence("law.keep", "own.erase"))
    with pytest.raises(
        ContradictingDuties, match=r"Duties law.keep#1 and own.burn#1 contradict.*at most 1\. Let counsel"
    ):
        require_settled(found.obligations, found.precedences)
    bare = catalogue(tmp_path, KEEP, ERASE, third)
    with pytest.raises(ContradictingDuties, match=r"Other such pairs: 1\."):
        require_settled(bare.obligations, bare.precedences)


@pytest.mark.parametrize(
    ("first", "second", "opposed"),
    [
        ("at_least = 10", "at_most = 9", True),
        ("at_least = 10", "at_most = 10", False),
        ("at_least = 10", "at_least = 99", False),
        ("at_least = 1, at_most = 5", "at_least = 6", True),
        ("must = true", "must = false", True),
        ("must = true", "must = true", False),
        ("must = true", "at_most = 1", False),
    ],
)
def test_demands_oppose_each_other_where_nothing_meets_both(tmp_path, first, second, opposed):
    one, other = (duty(id, demands=f'[{{ of = "x", {what} }}]') for id, what in (("a", first), ("b", second)))
    assert bool(contradictions(catalogue(tmp_path, one, other).obligations)) is opposed


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=2))
def test_two_ranges_oppose_each_other_exactly_when_no_number_lies_in_both(ranges):
    (a, b), (c, d) = (sorted(one) for one in ranges)
    inside = [number for number in range(10) if a <= number <= b and c <= number <= d]
    one, other = Demand("x", a, b), Demand("x", c, d)
    assert one.opposes(other) == other.opposes(one) == (not inside)
    assert not one.opposes(Demand("y", c, d))


def test_what_no_demand_shows_an_entry_may_say(tmp_path):
    found = catalogue(tmp_path, duty("a"), duty("b", contradicts='["a"]'), duty("c"))
    (one,) = contradictions(found.obligations)
    assert (one.first, one.second) == ("a#1", "b#1")
    assert one.said == "the entry of b#1 says that they cannot be kept together"


def test_versions_of_one_duty_never_contradict_each_other(tmp_path):
    old = duty("a", effective_to="2027-01-01", demands='[{ of = "x", must = true }]')
    new = duty("a", version="2", effective_from="2027-01-01", demands='[{ of = "x", must = false }]')
    assert contradictions(catalogue(tmp_path, old, new).obligations) == ()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([KEEP, precedence("law.keep", "own.erase")], "law.keep over own.erase: these are not two duties"),
        ([KEEP, duty("b"), precedence("law.keep", "b")], "law.keep over b: these are not two duties"),
        ([KEEP, ERASE, precedence("law.keep", "own.erase", why=" ")], "why or decided_by is empty"),
        ([KEEP, ERASE, precedence("law.keep", "own.erase", decided_by="")], "why or decided_by is empty"),
        ([KEEP, ERASE, '[[precedence]]\nduty = "law.keep"\n'], "missing required field `over`"),
        ([KEEP, ERASE, "[precedence]\n"], "`precedence` is a single table"),
        (
            [KEEP, ERASE, precedence("law.keep", "own.erase"), precedence("own.erase#1", "law.keep")],
            "runs in a circle",
        ),
        ([duty("a", contradicts='["b"]')], "it contradicts 'b', which is not another entry"),
        ([duty("a", contradicts='["a#1"]')], "it contradicts 'a#1', which is not another entry"),
        ([duty("a", demands='[{ of = "x" }]')], "a demand of 'x' asks for nothing"),
        ([duty("a", demands='[{ of = " ", must = true }]')], "a demand of ' ' asks for nothing"),
        ([duty("a", demands='[{ of = "x", must = true, at_least = 1 }]')], "asks for nothing, or for what"),
        ([duty("a", demands='[{ of = "x", at_least = 2, at_most = 1 }]')], "asks for nothing, or for what"),
        ([duty("a", demands='[{ of = "x", atleast = 2 }]')], "unknown field `atleast`"),
    ],
)
def test_what_settles_nothing_or_cannot_be_meant_is_refused(tmp_path, tables, said):
    with pytest.raises(BadCatalogue) as caught:
        catalogue(tmp_path, *tables)
    assert said in caught.value.message
    assert caught.value.message.startswith("own.toml: ")


def test_three_rules_in_a_circle_are_refused(tmp_path):
    duties = [duty(id, contradicts=f'["{other}"]') for id, other in (("a", "b"), ("b", "c"), ("c", "a"))]
    row = [precedence("a", "b"), precedence("b", "c")]
    assert len(catalogue(tmp_path, *duties, *row, precedence("a", "c")).precedences) == 3
    with pytest.raises(BadCatalogue, match="runs in a circle"):
        catalogue(tmp_path, *duties, *row, precedence("c", "a"))
