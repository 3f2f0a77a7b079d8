"""A batch is treated whole or refused whole."""

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.data.privacy.treatment.anonymity import Anonymity, anonymity_of
from flyball.data.privacy.treatment.errors import BadTreatment, Untreatable
from flyball.data.privacy.treatment.plan import TreatmentPlan, open_plan, treat, treated_schema
from flyball.data.privacy.treatment.text import replace_spans
from flyball.data.privacy.treatment.treatment import Tools
from flyball.data.quality.contract import parse_contract

BATCH = pa.record_batch({"name": ["Ada", None], "age": [36, 41], "zip": ["94110", "10115"]})
CONTRACT = """
[[column]]
name = "name"
labels = ["personal-data"]
treatment = "redact"

[[column]]
name = "age"
treatment = "generalise"
treatment_settings = { to = "band", size = 10 }

[[column]]
name = "zip"
treatment = "drop"
"""


class Broken:
    """A treatment whose guard is broken on purpose."""

    def __init__(self, wrong):
        self.wrong = wrong

    def field(self, field):
        return field

    def treat(self, values):
        return self.wrong(values)


def test_a_plan_treats_each_column_as_the_contract_says():
    plan = open_plan(parse_contract(CONTRACT), Tools())
    new = treat(BATCH, plan)
    assert new.schema == treated_schema(BATCH.schema, plan)
    assert new.to_pylist() == [{"name": "[REDACTED]", "age": 30}, {"name": None, "age": 40}]
    assert plan.names == {"name": "redact", "age": "generalise", "zip": "drop"}


def test_personal_data_without_a_treatment_is_refused():
    contract = parse_contract('[[column]]\nname = "name"\nlabels = ["personal-data"]')
    with pytest.raises(BadTreatment, match="name is labelled personal-data and has no treatment"):
        open_plan(contract, Tools())


def test_an_unknown_treatment_and_a_missing_column_are_named():
    with pytest.raises(UnknownName, match="No treatment is called 'hide'"):
        open_plan(parse_contract('[[column]]\nname = "name"\ntreatment = "hide"'), Tools())
    plan = open_plan(parse_contract('[[column]]\nname = "iban"\ntreatment = "drop"'), Tools())
    with pytest.raises(BadTreatment, match="There is no column iban to treat"):
        treat(BATCH, plan)


def raising(values):
    raise ValueError(f"cannot treat {values[0]}")


@pytest.mark.parametrize(
    "wrong",
    [
        raising,
        lambda values: values.slice(1),
        lambda values: pa.array([1, 2]),
        lambda values: pa.array(["Ada", "Bob"]),
        lambda values: pa.nulls(2, pa.string()),
    ],
)
def test_a_treatment_that_fails_refuses_the_batch_and_shows_no_value(wrong):
    with pytest.raises(Untreatable) as refused:
        treat(BATCH, TreatmentPlan({"name": Broken(wrong)}, {}))
    assert "name" in str(refused.value)
    assert "Ada" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_offsets_can_be_followed_through_a_replacement():
    """ "Ask Ada or Bob": Ada is 4 to 7, Bob is 11 to 14; each becomes "[P]", of the same length as it."""

    class Span:
        def __init__(self, start, end):
            self.start, self.end, self.kind = start, end, "PERSON"

    done = replace_spans("Ask Ada or Bob!", [Span(4, 7), Span(11, 14)], lambda span, words: f"[{span.kind}]")
    assert done.text == "Ask [PERSON] or [PERSON]!"
    assert [done.place(offset) for offset in (0, 4, 6, 7, 10, 12, 14)] == [0, 4, 4, 12, 15, 16, 24]
    with pytest.raises(Untreatable):
        replace_spans("Ask Ada", [Span(4, 7), Span(5, 7)], lambda span, words: "x")
    with pytest.raises(Untreatable):
        replace_spans("Ask Ada", [Span(4, 9)], lambda span, words: "x")


def test_rows_that_stand_alone_are_counted():
    table = pa.table({"zip": ["a", "a", "b", None], "sex": ["f", "f", "m", "m"]})
    assert anonymity_of(table, ["zip", "sex"], k=2) == Anonymity(k=1, groups=3, rows_below=2)
    assert anonymity_of(table, ["sex"], k=2) == Anonymity(k=2, groups=2, rows_below=0)
    assert anonymity_of(table.slice(0, 0), ["sex"], k=2) == Anonymity(0, 0, 0)
    with pytest.raises(BadInput, match="k of at least 2"):
        anonymity_of(table, ["sex"], k=1)
