"""The strictest wins, whatever the order; what cannot be read counts as the strictest."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.labels.columns import (
    card_of_labels,
    labelled,
    labels_of,
    labels_of_card,
    require_learnable,
    speaks_against,
    whole,
)
from flyball.data.labels.errors import NotForTraining, UnknownLabel
from flyball.data.labels.words import STRICTEST, checked, purposes, residencies, strictest

WORDS = [
    "personal-data",
    "no-training",
    "residency:EU",
    "residency:DE",
    "residency:local",
    "purpose:fraud",
    "purpose:credit",
]
SETS = st.lists(st.sets(st.sampled_from(WORDS)), max_size=4)


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ([], ()),
        ([["personal-data"], []], ("personal-data",)),
        ([["residency:EU"], ["residency:US"]], ("residency:EU", "residency:US")),
        ([["residency:EU"], ["residency:local"]], ("residency:local",)),
        ([["purpose:fraud", "purpose:credit"], ["purpose:fraud"]], ("purpose:fraud",)),
        ([["purpose:fraud"], ["purpose:credit"]], ("purpose:none",)),
        ([["purpose:fraud"], []], ("purpose:fraud",)),
        ([["purpose:none"], ["purpose:fraud"]], ("purpose:none",)),
    ],
)
def test_the_strictest_of_several_sets(sets, found):
    assert strictest(*sets) == found


@given(SETS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(sets, random):
    shuffled = sets + sets[:1]
    random.shuffle(shuffled)
    assert strictest(*shuffled) == strictest(*sets)
    assert strictest(strictest(*sets)) == strictest(*sets)


@given(SETS, SETS)
def test_more_parents_never_allow_more(first, second):
    few, many = strictest(*first), strictest(*first, *second)
    assert set(few) & {"personal-data", "no-training"} <= set(many)
    assert "residency:local" in many or residencies(few) <= residencies(many)
    if purposes(few) is not None:
        assert purposes(many) is not None
        assert purposes(many) <= purposes(few)


@pytest.mark.parametrize("label", ["personal", "residency:", "purpose: fraud", "secret", "", "purpose"])
def test_a_word_that_nobody_knows_is_refused(label):
    with pytest.raises(UnknownLabel, match="Nobody knows"):
        checked([label])


def test_labels_travel_with_a_schema_through_arrow_files(tmp_path):
    schema = labelled(pa.schema([("a", pa.string()), ("b", pa.int64())]), {"a": ["personal-data"]})
    again = labelled(schema, {"a": ["purpose:fraud"]})
    assert labels_of(again) == {"a": ("personal-data", "purpose:fraud"), "b": ()}
    with pa.OSFile(str(tmp_path / "x"), "wb") as file, pa.ipc.new_file(file, again) as writer:
        writer.write_table(again.empty_table())
    assert labels_of(pa.ipc.open_file(tmp_path / "x").schema) == labels_of(again)
    assert whole(labels_of(again)) == ("personal-data", "purpose:fraud")
    with pytest.raises(BadInput, match="no column c to label"):
        labelled(schema, {"c": []})


@pytest.mark.parametrize("written", [b"not json", b'["unheard-of"]', b"3", b"[1]"])
def test_labels_that_cannot_be_read_are_the_strictest(written):
    schema = pa.schema([pa.field("a", pa.string(), metadata={b"flyball.labels": written})])
    assert labels_of(schema) == {"a": STRICTEST}


def test_a_card_keeps_labels_and_a_damaged_one_is_the_strictest():
    card = card_of_labels({"a": ("personal-data",), "b": ()})
    assert labels_of_card(card, ["a", "b"]) == {"a": ("personal-data",), "b": ()}
    assert labels_of_card(card, ["a", "new"])["new"] == STRICTEST
    assert labels_of_card({"column_labels": "{"}, ["a"]) == {"a": STRICTEST}
    assert labels_of_card({"column_labels": json.dumps(["a"])}, ["a"]) == {"a": STRICTEST}
    assert labels_of_card({}, ["a"]) == {"a": ()}


def test_a_use_outside_the_purposes_is_named_with_its_columns():
    labels = {"iban": ("purpose:fraud",), "note": ("purpose:none",), "id": (), "row": ("no-training",)}
    assert speaks_against(labels, ["contract-review"]) == {
        "iban": "collected for fraud, but used for contract-review",
        "note": "its sources allow no purpose in common",
    }
    assert speaks_against({"iban": ("purpose:fraud",)}, ["fraud", "x"]) == {}
    assert speaks_against(labels, ["fraud"], training=True)["row"] == "nothing may be learned from it"


@pytest.mark.parametrize("written", [b'["no-training"]', b"not json"])
def test_rows_that_nothing_may_be_learned_from_are_refused_by_column(written):
    fields = [pa.field("a", pa.string(), metadata={b"flyball.labels": written}), pa.field("b", pa.string())]
    table = pa.schema(fields).empty_table()
    with pytest.raises(NotForTraining, match="Nothing may be learned from a: labelled no-training"):
        require_learnable(table.select(["b"]), table)
    require_learnable(table.select(["b"]))


def test_rows_of_a_source_that_is_not_for_training_are_refused_whole():
    table = pa.table({"a": ["x"], "b": ["y"]})
    require_learnable(table)
    with pytest.raises(NotForTraining, match="learned from a, b"):
        require_learnable(table.replace_schema_metadata({"flyball.use": "no-training"}))
