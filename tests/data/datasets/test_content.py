"""The digest of one row {"a": "x"} by hand: sha256 of '[["a","string"]]' and then sha256 of '{"a":"x"}'."""

import hashlib
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.datasets.content import content_digest, described
from flyball.data.datasets.schemas import LABELS


def test_the_digest_can_be_computed_by_any_other_tool():
    whole = hashlib.sha256(b'[["a","string"]]' + hashlib.sha256(b'{"a":"x"}').digest())
    assert content_digest(pa.table({"a": ["x"]})) == "sha256:" + whole.hexdigest()


rows = st.lists(
    st.fixed_dictionaries(
        {
            "case_id": st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
            "field": st.sampled_from(["a", "b"]),
            "answer": st.sampled_from(["true", "false"]),
            "spans": st.lists(
                st.fixed_dictionaries({"start": st.integers(0, 9), "end": st.integers(0, 9)}), max_size=2
            ),
        }
    ),
    max_size=8,
)


@given(rows, st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_the_order_of_rows_nor_the_layout_matters(content, chance, cut):
    table = pa.Table.from_pylist(content, schema=LABELS)
    shuffled = list(content)
    chance.shuffle(shuffled)
    other = pa.Table.from_pylist(shuffled, schema=LABELS)
    parts = pa.concat_tables([other.slice(at, cut) for at in range(0, max(1, len(content)), cut)])
    assert content_digest(parts) == content_digest(table)
    assert content_digest(parts.select(["spans", "answer", "case_id", "field"])) == content_digest(table)


@given(rows, rows)
def test_other_rows_give_another_digest(one, two):
    first, second = (sorted(json.dumps(row, sort_keys=True) for row in some) for some in (one, two))
    digests = [content_digest(pa.Table.from_pylist(content, schema=LABELS)) for content in (one, two)]
    assert (digests[0] == digests[1]) == (first == second)


@pytest.mark.parametrize(
    "other",
    [
        pa.table({"a": ["x", "x"]}),
        pa.table({"a": ["x"], "b": pa.array([None], pa.string())}),
        pa.table({"b": ["x"]}),
        pa.table({"a": [b"x"]}),
        pa.table({"a": pa.array([None], pa.string())}),
        pa.table({"a": pa.array([], pa.string())}),
    ],
)
def test_doubled_rows_new_columns_other_types_and_gaps_matter(other):
    assert content_digest(other) != content_digest(pa.table({"a": ["x"]}))


def test_the_width_of_offsets_does_not_matter():
    wide = pa.table({"a": pa.array(["x"], pa.large_string())})
    assert content_digest(wide) == content_digest(pa.table({"a": ["x"]}))
    assert described(wide.schema) == (("a", "string"),)


def test_a_number_that_is_none_is_refused():
    with pytest.raises(BadInput, match="cannot be written as JSON"):
        content_digest(pa.table({"a": [float("nan")]}))
