"""Examples are looked up by rare words: never the case itself, another tenant's, or what is closed to it."""

import json

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.records import Field
from flyball.data.datasets.schemas import LABELS
from flyball.data.labels.columns import labelled
from flyball.data.labels.errors import NotForTraining
from flyball.models.experts.language_model.bm25 import Bm25
from flyball.models.experts.language_model.examples import (
    BadExamples,
    Example,
    Shown,
    examples_of,
    read_examples,
    write_examples,
)

FIELDS = [Field("law", "Law", "?"), Field("fee", "Fee", "?")]


def example(case, text, *fields, tenant="default"):
    return Example(case, f"digest of {case}", fields or ("law",), text, '{"answers": {}}', tenant)


KNOWN = [
    example("a", "this agreement is governed by the laws of delaware"),
    example("b", "the supplier keeps an insurance policy", "fee"),
    example("c", "governed by the laws of france, tribunal de commerce"),
    example("d", "governed by the laws of delaware", tenant="other"),
]


def found(text, k=3, fields=("law",), without="", tenant="default"):
    shown = Shown(KNOWN).find(text, k=k, fields=fields, without_case=without, tenant=tenant)
    return [one.case_id for one in shown]


def test_bm25_is_what_it_is_by_hand():
    """By hand: 'cat' stands in 1 of 2 texts of 2 words each: ln(1 + 1.5 / 1.5) * 2.2 / (1 + 1.2) = ln 2."""
    assert Bm25(["a cat", "a dog"]).scores("cat cat").tolist() == pytest.approx([np.log(2.0), 0.0])
    assert Bm25(["a cat", "a dog"]).scores("bird").tolist() == [0.0, 0.0]
    assert Bm25([]).scores("cat").tolist() == []


def test_the_nearest_comes_first_and_what_shares_no_word_is_not_shown():
    assert found("the laws of delaware shall govern") == ["a", "c"]
    assert found("zzz") == []


def test_a_case_is_no_example_for_itself():
    assert found("the laws of delaware shall govern", without="a") == ["c"]


def test_an_example_answers_at_least_one_of_the_questions():
    assert found("an insurance policy", fields=("law",)) == []
    assert found("an insurance policy", fields=("fee",)) == ["b"]


def test_no_tenant_sees_what_belongs_to_another():
    assert found("the laws of delaware", tenant="other") == ["d"]
    assert "d" not in found("the laws of delaware")
    assert found("the laws of delaware", tenant="nobody") == []


def test_the_same_text_in_another_case_is_not_shown_either():
    shown = Shown(KNOWN).find(
        "laws of delaware", k=3, fields=["law"], without_case="", tenant="default", without_text="digest of a"
    )
    assert [one.case_id for one in shown] == ["c"]


def tables(**labels):
    text = "Whereas. " * 400 + "English law applies." + " The end." * 400
    cases = pa.table(
        {"case_id": ["long", "short"], "text_digest": ["1", "2"], "text": [text, "French law. No fee."]}
    )
    start = text.index("English law")
    rows = [
        {"case_id": "long", "field": "law", "answer": "true", "spans": [{"start": start, "end": start + 20}]},
        {"case_id": "long", "field": "fee", "answer": "false", "spans": []},
        {"case_id": "short", "field": "law", "answer": "true", "spans": [{"start": 0, "end": 11}]},
        {"case_id": "short", "field": "fee", "answer": "false", "spans": []},
        {"case_id": "short", "field": "not asked", "answer": "true", "spans": []},
    ]
    return pa.Table.from_arrays(cases.columns, schema=labelled(cases.schema, labels)), pa.Table.from_pylist(
        rows, schema=LABELS
    )


def test_a_short_case_is_shown_whole_and_of_a_long_one_the_passage():
    long, short = examples_of(*tables(), FIELDS)
    assert short.text == "French law. No fee."
    assert json.loads(short.answers)["answers"] == {
        "law": {"answer": True, "quotes": ["French law."]},
        "fee": {"answer": False, "quotes": []},
    }
    assert "English law applies." in long.text
    assert len(long.text) <= 700
    assert long.fields == ("law",)


def test_what_nothing_may_be_learned_from_is_no_example():
    with pytest.raises(NotForTraining):
        examples_of(*tables(text=["no-training"]), FIELDS)


def test_saved_and_read_they_are_the_same(tmp_path):
    write_examples(tmp_path, Shown(KNOWN))
    assert read_examples(tmp_path).examples == tuple(KNOWN)
    assert read_examples(tmp_path / "nowhere").examples == ()
    (tmp_path / "examples.jsonl").write_text('{"case_id": 3}\n')
    with pytest.raises(BadExamples, match="holds a line that is no example"):
        read_examples(tmp_path)
