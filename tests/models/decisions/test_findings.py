"""Findings out of decisions: what the machine did not decide alone is asked for and not claimed."""

import pytest

from flyball.core.records import Field, Span
from flyball.models.decisions.findings import facts_of_case, findings_of, known_facts
from flyball.models.decisions.records import FieldDecision
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import UNSURE
from flyball.models.router.route import Route

FIELDS = [
    Field("cap", "Cap", "?", reads="liability_cap"),
    Field("notice", "Notice", "?", reads="notice_days"),
    Field("audit", "Audit", "?"),
]
TABLE = """rule,if cap,if notice.value,if audit,then title,then severity,then message,then want,cites
A-1,,> 90,,Early,medium,{notice.value} {notice.unit} of notice.,Ask for 60.,policy:x
A-2,no,,,No cap,critical,No cap.,Add one.,
A-3,yes,,no,Pair,high,Cap without audit.,Add audit.,
"""


def decision(field, answer, *, outcome="automated", value=None, unit="", spans=()):
    return FieldDecision(field, answer, outcome, 0.9, spans, Route("x", "", ()), "", value, unit)


@pytest.fixture
def tables(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    return load_tables([path], facts=known_facts(FIELDS))


def test_only_a_field_with_a_reader_has_a_value():
    facts = known_facts(FIELDS)
    assert facts["notice.value"] == "value"
    assert "audit.value" not in facts
    assert facts["language"] == "text"


def test_what_is_found_is_told_with_its_value_worst_first(tables):
    spans = (Span(3, 9, 1.0),)
    found = findings_of(
        tables,
        [
            decision("cap", "false"),
            decision("notice", "true", value=120.0, unit="days", spans=spans),
            decision("audit", "true", spans=(Span(20, 30),)),
        ],
        {},
    )
    assert [(one.rule, one.severity, one.status) for one in found] == [
        ("a.A-2", "critical", "found"),
        ("a.A-1", "medium", "found"),
    ]
    assert found[1].message == "120 days of notice. Ask for 60."
    assert found[1].evidence == spans
    assert found[1].fields == ("notice",)
    assert found[1].cites == ("policy:x",)
    assert found[0].evidence == ()  # an absence has no passage


@pytest.mark.parametrize("outcome", ["referred", "refused"])
def test_what_a_person_must_decide_is_asked_for_and_not_claimed(tables, outcome):
    found = findings_of(
        tables,
        [
            decision("cap", "false", outcome=outcome),
            decision("notice", "true", outcome=outcome, value=120.0, unit="days"),
            decision("audit", "false"),
        ],
        {},
    )
    assert [(one.rule, one.status) for one in found] == [
        ("a.A-2", "to_check"),
        ("a.A-3", "to_check"),
        ("a.A-1", "to_check"),
    ]
    assert found[2].message == "(to be checked) (to be checked) of notice. Ask for 60."


@pytest.mark.parametrize("answer", ["null", '"refer"', "12", ""])
def test_an_answer_that_is_neither_yes_nor_no_is_unsure(answer):
    facts = facts_of_case([decision("cap", answer)], {})
    assert facts["cap"] is UNSURE
    assert facts["cap.value"] is UNSURE


def test_an_absent_clause_has_no_value_whatever_the_record_holds():
    facts = facts_of_case([decision("cap", "false", value=5.0, unit="USD")], {})
    assert (facts["cap"], facts["cap.value"], facts["cap.unit"]) == (False, None, None)
