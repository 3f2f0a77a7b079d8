"""Examples after JSON Schema 2020-12, by hand: what keeps the schema, and the name of the first problem."""

import pytest

from flyball.governance.guardrails.errors import BadGuardrail
from flyball.governance.guardrails.json_schema import NotJson, problem_of, read_json

LOAN = {
    "$defs": {"amount": {"type": "number", "minimum": 0, "multipleOf": 0.01}},
    "type": "object",
    "properties": {
        "amount": {"$ref": "#/$defs/amount"},
        "state": {"enum": ["open", "closed", None]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "uniqueItems": True},
        "code": {"type": "string", "pattern": "^[A-Z]{2}\\d+$"},
    },
    "required": ["amount"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"amount": 12.34, "state": None, "tags": ["a", "b"], "code": "DE12"}, ""),
        ({"amount": 0}, ""),
        ([], "the answer is not of type object"),
        ({}, "the answer lacks 'amount'"),
        ({"amount": "12"}, "the answer.amount is not of type number"),
        ({"amount": True}, "the answer.amount is not of type number"),
        ({"amount": -1}, "the answer.amount is below 0"),
        ({"amount": 0.001}, "the answer.amount is no multiple of 0.01"),
        ({"amount": 1, "state": "lost"}, "the answer.state is none of the values allowed"),
        ({"amount": 1, "tags": ["a", "toolong"]}, "item 2 of the answer.tags has more than 5 characters"),
        ({"amount": 1, "tags": ["a", "a"]}, "the answer.tags says one thing twice"),
        ({"amount": 1, "code": "D1"}, "the answer.code does not match the pattern"),
        ({"amount": 1, "Anna's IBAN": 1}, "the answer has a member that the schema does not name"),
    ],
)
def test_the_first_problem_is_named_with_its_place_and_no_words_of_the_answer(value, problem):
    assert problem_of(value, LOAN) == problem


@pytest.mark.parametrize(
    ("value", "schema", "keeps"),
    [
        (1.0, {"type": "integer"}, True),
        (1, {"const": True}, False),
        (1, {"enum": [1.0]}, True),
        (3, {"oneOf": [{"type": "integer"}, {"minimum": 2}]}, False),
        (3, {"anyOf": [{"type": "string"}, {"minimum": 2}]}, True),
        ("x", {"not": {"type": "string"}}, False),
        ([1, "a"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, True),
        ({"a_1": "x"}, {"patternProperties": {"^a_": {"type": "integer"}}}, False),
        ("anything", True, True),
        ("anything", False, False),
    ],
)
def test_keywords_do_what_the_standard_says(value, schema, keeps):
    assert (problem_of(value, schema) == "") is keeps


@pytest.mark.parametrize(
    "schema",
    [
        {"dependentSchemas": {}},
        {"type": "money"},
        {"$ref": "https://schemas.example/loan.json"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#"},
        {"pattern": "(?=lookahead)"},
        {"properties": {"a": 3}},
    ],
)
def test_a_schema_that_cannot_be_checked_is_an_error_and_no_pass(schema):
    with pytest.raises(BadGuardrail, match="cannot be checked"):
        problem_of({"a": 1} if "properties" in schema else "text", schema)


def test_alternatives_within_alternatives_end_in_an_error_and_not_in_hours():
    defs = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(20)}
    schema = {"$defs": defs | {"a20": False}, "$ref": "#/$defs/a0"}
    with pytest.raises(BadGuardrail, match="more than 500,000 checks"):
        problem_of(1, schema)


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, "Sure! {}", "1" * 5000 + "x"]
)
def test_what_is_no_json_or_says_a_thing_twice_is_refused(text):
    with pytest.raises(NotJson):
        read_json(text)
