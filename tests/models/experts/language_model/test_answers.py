"""What a model may answer to each kind of field, and what is said of it where it answers something else."""

import json

import pytest

from flyball.core.records import Field, Span
from flyball.models.experts.language_model.answers import check, schema_of

TEXT = "The fee is EUR 1,200 per month. English law applies. Supplier shall be insured."
FIELDS = {
    "spans": Field("insured", "Insured", "?"),
    "flag": Field("risky", "Risky", "?", kind="flag"),
    "label": Field("law", "Law", "?", kind="label", choices=("english", "french")),
    "number": Field("fee", "Fee", "?", kind="number"),
    "text": Field("who", "Who", "?", kind="text"),
}


def checked(kind, answer, quotes=()):
    field = FIELDS[kind]
    written = json.dumps({"answers": {field.key: {"answer": answer, "quotes": list(quotes)}}})
    found = check(written, [field], TEXT)
    if field.key in found.problems:
        return f"{found.problems[field.key].kind}: {found.problems[field.key].told}"
    return found.said[field.key]


@pytest.mark.parametrize(
    ("kind", "answer", "quotes", "wanted", "spans"),
    [
        ("spans", True, ["Supplier shall be insured"], "true", 1),
        ("spans", False, [], "false", 0),
        ("flag", True, [], "true", 0),
        ("flag", True, ["The fee is EUR 1,200"], "true", 1),
        ("label", "english", ["English law applies."], '"english"', 1),
        ("label", None, [], "null", 0),
        ("number", 1200, ["EUR 1,200"], "1200", 1),
        ("number", 1200.0, ["EUR 1,200"], "1200", 1),
        ("number", 1200.5, ["EUR 1,200"], "1200.5", 1),
        ("number", None, [], "null", 0),
        ("text", " Supplier ", ["Supplier shall be insured."], '"Supplier"', 1),
    ],
)
def test_an_answer_of_the_right_form_is_taken(kind, answer, quotes, wanted, spans):
    said = checked(kind, answer, quotes)
    assert said.answer == wanted
    assert len(said.spans) == spans
    for span in said.spans:
        assert TEXT[span.start : span.end] in TEXT


@pytest.mark.parametrize(
    ("kind", "answer", "quotes", "told"),
    [
        ("spans", "yes", [], 'form: its answer must be true or false, got "yes"'),
        ("spans", True, [], "quote: it has no quote"),
        ("spans", True, ["no such words"], "quote: none of its quotes stands in the document word for word"),
        ("flag", 1, [], "form: its answer must be true or false, got 1"),
        ("flag", True, ["approved by counsel"], "quote: none of its quotes stands in the document"),
        (
            "label",
            "dutch",
            ["English law"],
            'form: its answer must be one of english, french or null, got "dutch"',
        ),
        ("label", "english", [], "quote: it has no quote"),
        ("number", "1200", ["EUR 1,200"], 'form: its answer must be a number or null, got "1200"'),
        ("number", True, ["EUR 1,200"], "form: its answer must be a number or null, got true"),
        ("number", 1e30, ["EUR 1,200"], "form: its answer is too large a number"),
        ("text", "", ["Supplier"], 'form: its answer must be a text or null, got ""'),
        ("text", "x" * 2001, ["Supplier"], "form: its answer is longer than 2000 characters"),
    ],
)
def test_an_answer_of_another_form_is_told_what_is_wrong_with_it(kind, answer, quotes, told):
    assert checked(kind, answer, quotes).startswith(told)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("I would rather not say.", "there is no JSON object in your answer"),
        ('{"answers": {"insured": tru', "there is no JSON object in your answer"),
        ('{"answers": {"insured": tru}}', "your answer is not JSON at character 24"),
        ('{"answers": []}', 'your answer is not an object of the form {"answers": {...}}'),
        ('{"answers": {}}', "there is no answer for it"),
        ('{"answers": {"insured": 3}}', "there is no answer for it"),
        ('{"answers": {"insured": {"answer": NaN}}}', "NaN is no JSON number"),
        (
            '{"answers": {"insured": {"answer": true, "answer": false}}}',
            "a member of your answer stands there twice",
        ),
        ('{"answers": {"insured": {"answer": true, "quotes": "x"}}}', "quotes is not a list of texts"),
        ('{"answers": ' * 100_000 + "}" * 100_000, "your answer is not JSON"),
    ],
)
def test_what_is_no_answer_at_all_is_told_so(written, told):
    assert check(written, [FIELDS["spans"]], TEXT).problems["insured"].told == told


def test_words_around_the_json_are_passed_over():
    written = 'Sure!\n```json\n{"answers": {"insured": {"answer": false, "quotes": []}}}\n```\nHope it helps.'
    assert check(written, [FIELDS["spans"]], TEXT).said["insured"].answer == "false"


def test_a_field_that_was_not_asked_is_passed_over():
    written = '{"answers": {"insured": {"answer": false, "quotes": []}, "other": {"answer": true}}}'
    found = check(written, [FIELDS["spans"]], TEXT)
    assert list(found.said) == ["insured"]
    assert not found.problems


def test_a_quote_is_found_where_it_stands():
    assert checked("spans", True, ["Supplier shall be insured."]).spans == (Span(53, 79, 1.0),)


def test_the_schema_has_one_member_for_each_field_and_admits_nothing_else():
    schema = schema_of(list(FIELDS.values()))
    answers = schema["properties"]["answers"]
    assert answers["required"] == ["insured", "risky", "law", "fee", "who"]
    assert answers["additionalProperties"] is False
    assert answers["properties"]["law"]["properties"]["answer"] == {
        "type": ["string", "null"],
        "enum": ["english", "french", None],
    }
    assert answers["properties"]["fee"]["properties"]["answer"] == {"type": ["number", "null"]}
