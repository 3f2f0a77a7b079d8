"""Of two values under one name nobody knows which is meant, so neither is taken."""

import pytest

from flyball.gateway.limits.doubled import check_doubled
from flyball.gateway.limits.errors import DoubledName


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1, "a": 1}', b'[{"x": {"b": [], "a": 1, "\\u0061": 2}}]', b'{"a": {"b": 1, "b": 2}, "c": 1}'],
)
def test_a_name_twice_in_one_object_is_refused(body):
    with pytest.raises(DoubledName, match="stands twice in one object"):
        check_doubled(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}',
        '{"\u00e4": 1, "a\u0308": 2, "A": 3, "a": 4}'.encode(),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_names_that_differ_and_names_in_different_objects_are_let_through(body):
    check_doubled(body)


def test_the_name_is_said_and_not_the_values():
    with pytest.raises(DoubledName) as caught:
        check_doubled(b'{"amount": "secret one", "amount": "secret two"}')
    assert "'amount'" in caught.value.message
    assert "secret" not in str(caught.value)
