"""By hand: [[]] is 2 deep, brackets in a text are none."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.gateway.limits.depth import check_depth
from flyball.gateway.limits.errors import TooDeep


def deep(value):
    if isinstance(value, dict):
        return 1 + max(map(deep, value.values()), default=0)
    return 1 + max(map(deep, value), default=0) if isinstance(value, list) else 0


def test_a_bracket_too_many_is_refused_with_the_figures():
    check_depth(b"[" * 5 + b"]" * 5, 5)
    with pytest.raises(TooDeep, match="nest 6 deep; 5 is the most"):
        check_depth(b"[" * 6 + b"]" * 6, 5)
    with pytest.raises(TooDeep, match="nest 1000000 deep"):
        check_depth(b'{"a":' * 1_000_000, 64)


def test_brackets_of_a_text_do_not_count():
    check_depth(json.dumps({"a": "[[[[[[[[", "b": '\\"{{{{{{{{', "c": ["\\"]}).encode(), 2)


def test_what_is_no_json_ends_quickly():
    for body in (b'"' * 3_000_001, b'"\\' * 2_000_000 + b"[" * 100, b"\xff[" * 2_000_000):
        with contextlib.suppress(TooDeep):
            check_depth(body, 64)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=30,
    )
)
def test_the_depth_is_that_of_the_value(value):
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    check_depth(body, max(deep(value), 1))
    if deep(value) > 1:
        with pytest.raises(TooDeep):
            check_depth(body, deep(value) - 1)
