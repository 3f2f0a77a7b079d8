"""Every guard of loading, broken on purpose."""

import pytest

from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import TRIAGE, BadTable

FACTS = {"cap": "flag", "cap.value": "value", "law": "flag", "law.value": "value", "characters": "number"}
HEADER = "rule,if cap,if cap.value,then title,then severity,then message,cites,note\n"
GOOD = "L-01,no,,No cap,high,There is no cap.,policy:liability,why not\n"


def load(tmp_path, text, *, name="liability.csv", facts=FACTS, **options):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_tables([path], facts=facts, cites={"policy:liability", "eu.gdpr.28.3"}, **options)


def test_a_good_table_is_read(tmp_path):
    (table,) = load(tmp_path, HEADER + GOOD)
    (rule,) = table.rules
    assert (table.name, table.hit, rule.id, rule.row) == ("liability", "all", "liability.L-01", 2)
    assert [(item.fact, item.cell) for item in rule.conditions] == [("cap", "no")]
    assert rule.cites == ("policy:liability",)
    assert rule.note == "why not"


def test_the_exact_message_of_a_bad_cell(tmp_path):
    with pytest.raises(BadTable) as caught:
        load(tmp_path, HEADER + "L-01,no,> sixty,No cap,high,There is no cap.,,\n")
    assert str(caught.value) == (
        "[rules.bad_table] liability.csv, row 2, column 'if cap.value': '> sixty' cannot be read: 'sixty' is "
        "not a number such as 60, 1,000,000 or 2.5. Allowed here: > 60, >= 30, < 10, <= 5, 30 to 60, 12, "
        "none, unknown; or Delaware, one of: Delaware, New York, not one of: ..., contains: best efforts, "
        "contains none of: ..., none, unknown; or leave it empty for any."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER, "liability.csv holds no rule."),
        (HEADER + GOOD + GOOD, "row 3 (liability.L-01): row 2 has the same identifier."),
        (HEADER + GOOD.replace("L-01", "L 01"), "row 2: 'L 01' cannot identify a rule."),
        (HEADER + GOOD.replace("high", "severe"), "the cell 'then severity' holds 'severe'"),
        (HEADER + GOOD.replace("high", ""), "the cell 'then severity' is empty"),
        (HEADER + GOOD.replace("no,", ",", 1), "it has no condition, so it would fire for every case"),
        (
            HEADER + GOOD.replace("policy:liability", "policy:liabilty"),
            "it cites 'policy:liabilty', which is neither",
        ),
        (
            HEADER + GOOD.replace("There is", "{cap.price} is"),
            "refers to {cap.price}, which is not a known fact",
        ),
        (HEADER + GOOD.replace("There is", "{cap.__class__} is"), "a brace does not stand around the name"),
        (HEADER + GOOD.replace("There is", "{0} is"), "a brace does not stand around the name of a fact"),
        (HEADER + GOOD.replace("There is", "=1+1 is"), "'=1+1 is no cap.' starts as a formula does"),
        (HEADER.replace("if cap,", "if cpa,") + GOOD, "there is no fact 'cpa'"),
        (HEADER.replace("then title", "then colour") + GOOD, "the column 'then colour' is not known"),
        (HEADER.replace("note", "cites") + GOOD, "the column 'cites' stands there twice"),
        (HEADER.replace("rule,", "rule (some),") + GOOD, "the first header cell is 'rule (some)'"),
    ],
)
def test_what_would_surprise_its_author_is_refused(tmp_path, text, said):
    with pytest.raises(BadTable) as caught:
        load(tmp_path, text)
    assert said in caught.value.message


def test_a_near_miss_is_suggested(tmp_path):
    with pytest.raises(BadTable) as caught:
        load(tmp_path, HEADER.replace("if cap,", "if cpa,") + GOOD)
    assert "Did you mean 'cap'?" in caught.value.fix


def test_a_row_that_an_earlier_row_of_a_first_table_swallows_is_refused(tmp_path):
    text = HEADER.replace("rule", "rule (first)") + (
        "L-01,,> 10,t,high,m,,\nL-02,,> 5,t,high,m,,\nL-03,,> 20,t,high,m,,\nL-04,,,t,high,m,,\n"
    )
    with pytest.raises(BadTable) as caught:
        load(tmp_path, text)
    assert (
        "row 4 (liability.L-03): it can never fire, because earlier rows take every case"
        in caught.value.message
    )


def test_conditions_that_contradict_each_other_are_refused(tmp_path):
    text = "rule,if cap.value,if cap.value,then title,then severity,then message\nL-01,> 10,< 5,t,low,m\n"
    with pytest.raises(BadTable, match="can never fire"):
        load(tmp_path, text)


def test_a_value_of_an_absent_clause_is_a_contradiction(tmp_path):
    """Cap "no" has no value, so the first row can only mean a mistake."""
    facts = dict(FACTS)
    text = "rule,if cap,if cap.value,then title,then severity,then message\nL-01,no,> 5,t,low,m\n"
    with pytest.raises(BadTable, match="can never fire"):
        load(tmp_path, text, facts=facts)


def test_two_columns_about_one_fact_are_joined_by_and(tmp_path):
    text = "rule,if cap.value,if cap.value,then title,then severity,then message\nL-01,> 5,< 10,t,low,m\n"
    (table,) = load(tmp_path, text)
    assert len(table.rules[0].conditions) == 2


def test_a_triage_table_has_columns_of_its_own(tmp_path):
    text = "rule,if characters,then field,then decide,then reason\nT-1,< 200,*,refer,Too short.\n"
    (table,) = load(tmp_path, text, name="triage.csv", outputs=TRIAGE)
    assert dict(table.rules[0].outputs)["decide"] == "refer"
    with pytest.raises(BadTable, match="Write one of: yes, no, refer"):
        load(tmp_path, text.replace("refer", "maybe"), name="triage.csv", outputs=TRIAGE)


def test_two_files_of_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(HEADER + GOOD)
    with pytest.raises(BadTable, match="Two tables are called 't'"):
        load_tables([tmp_path / "a/t.csv", tmp_path / "b/t.csv"], facts=FACTS)


def test_facts_whose_names_the_engine_cannot_tell_apart_are_refused(tmp_path):
    with pytest.raises(BadTable, match="have the same name in the rules engine"):
        load(tmp_path, HEADER + GOOD, facts={**FACTS, "cap_value": "flag"})
    with pytest.raises(BadTable, match="cannot be the name of a fact"):
        load(tmp_path, HEADER + GOOD, facts={**FACTS, "x or true": "flag"})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadTable, match=r"gone\.csv cannot be read: No such file"):
        load_tables([tmp_path / "gone.csv"], facts=FACTS)
