"""By hand: each pair of records differs in the one place that is named."""

import pytest

from flyball.loop.differences import ABSENT, Changed, differences


def found(then, now):
    return [(one.name, one.then, one.now) for one in differences(then, now)]


def test_equal_records_do_not_differ():
    record = {"a": 1, "b": [{"field": "x", "confidence": 0.1}], "c": None, "d": []}
    assert found(record, record) == []


def test_items_are_named_after_their_field_not_their_number():
    then = {"fields": [{"field": "law", "confidence": 0.5}, {"field": "cap", "confidence": 0.25}]}
    now = {"fields": [{"field": "law", "confidence": 0.5}, {"field": "cap", "confidence": 0.75}]}
    assert found(then, now) == [("fields.cap.confidence", 0.25, 0.75)]


def test_what_is_only_on_one_side_is_absent_on_the_other():
    then = {"findings": [{"rule": "a"}]}
    now = {"findings": [{"rule": "a"}, {"rule": "b"}]}
    assert found(then, now) == [("findings.b", ABSENT, {"rule": "b"})]
    assert found({"old": 1}, {}) == [("old", 1, ABSENT)]


def test_another_order_is_a_difference_of_its_own():
    then, now = [{"rule": "a"}, {"rule": "b"}], [{"rule": "b"}, {"rule": "a"}]
    assert found(then, now) == [("(order)", ["a", "b"], ["b", "a"])]


def test_without_names_or_with_one_twice_items_go_by_number():
    assert found([1, 2], [1, 3]) == [("1", 2, 3)]
    twice = [{"rule": "a", "n": 1}, {"rule": "a", "n": 2}]
    assert found(twice, [{"rule": "a", "n": 1}, {"rule": "a", "n": 3}]) == [("1.n", 2, 3)]


@pytest.mark.parametrize(
    ("then", "now"), [(1, 1.0), (1, True), (None, False), ("1", 1), (0.1, 0.1 + 1e-17 * 2)]
)
def test_values_whose_json_differs_differ(then, now):
    expected = [] if then == now and type(then) is type(now) else [Changed((), then, now)]
    assert list(differences(then, now)) == expected


def test_last_digits_are_told_from_another_number():
    assert Changed(("a",), 0.9922342288711777, 0.9922342288734307).in_last_digits
    assert Changed(("a",), 0.992234, 0.992235).in_last_digits
    assert not Changed(("a",), 0.992234, 0.992236).in_last_digits
    assert not Changed(("a",), 0.99223, 0.99224).in_last_digits
    assert not Changed(("a",), 1, 1.0).in_last_digits
    assert not Changed(("a",), "0.5", "0.5 ").in_last_digits
