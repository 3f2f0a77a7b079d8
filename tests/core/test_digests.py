"""By hand: sha256 of b"" is e3b0c442..., of b'{"a":1,"b":2}' it is 43258cff..."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.digests import canonical_json, digest_of, digest_of_bytes, from_json, short
from flyball.core.errors import BadInput


@dataclass(frozen=True)
class Pair:
    b: int
    a: int


def test_records_and_dicts_with_the_same_content_have_the_same_digest():
    assert canonical_json(Pair(b=2, a=1)) == canonical_json({"a": 1, "b": 2}) == b'{"a":1,"b":2}'
    assert digest_of({"b": 2, "a": 1}) == "sha256:" + hashlib.sha256(b'{"a":1,"b":2}').hexdigest()


def test_the_digest_of_nothing_is_the_well_known_one():
    assert digest_of_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert short(digest_of_bytes(b"")) == "e3b0c44298fc"


def test_money_keeps_its_digits():
    assert canonical_json({"price": Decimal("0.10")}) == b'{"price":"0.10"}'


@pytest.mark.parametrize(
    "value",
    [
        *(float("nan"), float("inf"), -float("nan"), [1.0, float("-inf")], {"a": {"b": float("nan")}}),
        *({"none": None, "big": 2**63 - 1, "text": "ü", "not": [float("nan")]}, (None, -float("inf"))),
    ],
)
def test_a_number_that_is_not_finite_is_refused_and_never_becomes_null(value):
    with pytest.raises(BadInput, match="is not a number that JSON knows"):
        canonical_json(value)


def test_what_has_no_json_form_is_refused():
    with pytest.raises(BadInput, match="cannot be written as JSON"):
        canonical_json({"a": object()})


def test_a_record_that_was_cut_off_is_refused():
    with pytest.raises(BadInput, match="Not a valid Pair"):
        from_json(b'{"a": 1, "b"', Pair)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_is_written_can_be_read_and_gives_the_same_bytes(value):
    written = canonical_json(value)
    assert canonical_json(from_json(written, object)) == written
