"""A table from the GoRules editor does what the same table as a spreadsheet does."""

import json

import pytest

from flyball.models.experts.decision_table.evaluate import evaluate
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import BadTable

FACTS = {"cap": "flag", "cap.value": "value"}


def document(rows, *, hit="collect", extra=()):
    return {
        "nodes": [
            {"id": "1", "type": "inputNode", "name": "Request"},
            {
                "id": "2",
                "type": "decisionTableNode",
                "name": "Liability",
                "content": {
                    "hitPolicy": hit,
                    "inputs": [
                        {"id": "i1", "name": "Cap", "field": "cap"},
                        {"id": "i2", "name": "Amount", "field": "cap_value"},
                    ],
                    "outputs": [
                        {"id": "o0", "name": "Rule", "field": "rule"},
                        {"id": "o1", "name": "Title", "field": "title"},
                        {"id": "o2", "name": "Severity", "field": "severity"},
                        {"id": "o3", "name": "Message", "field": "message"},
                        {"id": "o4", "name": "Cites", "field": "cites"},
                    ],
                    "rules": rows,
                },
            },
            {"id": "3", "type": "outputNode", "name": "Response"},
            *extra,
        ],
        "edges": [],
    }


def row(**cells):
    return {
        "_id": "r1",
        "i1": "",
        "i2": "",
        "o0": '"L-1"',
        "o1": '"T"',
        "o2": '"high"',
        "o3": '"M"',
        "o4": "",
        **cells,
    }


def load(tmp_path, given):
    path = tmp_path / "liability.json"
    path.write_text(given if isinstance(given, str) else json.dumps(given))
    return load_tables([path], facts=FACTS, cites={"policy:x"})


def test_it_is_run_by_the_same_engine(tmp_path):
    tables = load(tmp_path, document([row(i1='"yes"', i2="> 60", o4='"policy:x"')]))
    hits = evaluate(tables, [{"cap": True, "cap.value": 61.0}, {"cap": True, "cap.value": None}])
    assert [[hit.rule for hit in found] for found in hits] == [["liability.L-1"], []]
    assert hits[0][0].cites == ("policy:x",)
    assert hits[0][0].outputs == {"title": "T", "severity": "high", "message": "M"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "not a JDM document"),
        ("[]", "not a JDM document"),
        (document([row(i1='"yes')]), "is not a test"),
        (document([row(i1='"yes" and (1 < 2) oops')]), "is not a test"),
        (document([row(i1='"yes"', o2="cap")]), "is not a text in quotes"),
        (document([row(i1='"yes"', o2='"bad"')]), "holds 'bad'"),
        (document([row(i1='"yes"')], hit="sum"), "the hit policy 'sum' is not known"),
        (document([row(i1='"yes"'), row(i1='"no"')]), "has the same identifier"),
        (
            document(
                [row(i1='"yes"')], extra=[{"id": "f", "type": "functionNode", "content": "process.exit()"}]
            ),
            "a node of type 'functionNode' is not accepted",
        ),
    ],
)
def test_what_is_not_one_table_of_constants_is_refused(tmp_path, given, said):
    with pytest.raises(BadTable) as caught:
        load(tmp_path, given)
    assert said in caught.value.message


def test_a_program_in_place_of_the_table_is_refused(tmp_path):
    given = document([row(i1='"yes"')])
    given["nodes"][1]["type"] = "functionNode"
    with pytest.raises(BadTable, match="a node of type 'functionNode' is not accepted"):
        load(tmp_path, given)


def test_an_unknown_input_is_named(tmp_path):
    given = document([row(i1='"yes"')])
    given["nodes"][1]["content"]["inputs"][0]["field"] = "kap"
    with pytest.raises(BadTable, match="the input column 'kap' is not a known fact"):
        load(tmp_path, given)
