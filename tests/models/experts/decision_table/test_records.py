"""Which rules changed is said by digest; a note is no change."""

import pytest

from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import RuleChange, changed_rules

HEAD = "rule,if cap,if n,then title,then severity,then message,note\n"
ROWS = ["A-1,yes,,t,low,m,", "A-2,no,> 5,t,low,m,", "A-3,,< 2,t,low,m,"]


def table(tmp_path, rows, head=HEAD):
    path = tmp_path / "a.csv"
    path.write_text(head + "\n".join(rows) + "\n")
    return load_tables([path], facts={"cap": "flag", "n": "number"})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS, ()),
        (ROWS[::-1], ()),
        ([ROWS[0] + "a remark", *ROWS[1:]], ()),
        ([ROWS[0], ROWS[1].replace("> 5", "> 6"), ROWS[2]], (RuleChange("a.A-2", "changed"),)),
        ([ROWS[0], ROWS[1].replace("low", "high"), ROWS[2]], (RuleChange("a.A-2", "changed"),)),
        (ROWS[:2], (RuleChange("a.A-3", "removed"),)),
        ([*ROWS, "A-4,no,,t,low,m,"], (RuleChange("a.A-4", "added"),)),
    ],
)
def test_only_what_behaves_differently_is_a_change(tmp_path, rows, expected):
    before = table(tmp_path, ROWS)
    assert changed_rules(before, table(tmp_path, rows)) == expected


def test_the_order_of_a_first_table_is_part_of_its_rules(tmp_path):
    head = HEAD.replace("rule", "rule (first)")
    before = table(tmp_path, ROWS, head)
    after = table(tmp_path, [ROWS[1], ROWS[0], ROWS[2]], head)
    assert [change.rule for change in changed_rules(before, after)] == ["a.A-1", "a.A-2", "a.A-3"]


def test_a_row_that_only_stands_behind_a_changed_one_is_told_apart(tmp_path):
    head = HEAD.replace("rule", "rule (first)")
    before = table(tmp_path, ROWS, head)
    after = table(tmp_path, [ROWS[0], ROWS[1].replace("> 5", "> 6"), ROWS[2]], head)
    assert changed_rules(before, after) == (
        RuleChange("a.A-2", "changed"),
        RuleChange("a.A-3", "rows before it changed"),
    )


def test_white_space_and_capitals_in_a_condition_change_nothing(tmp_path):
    before = table(tmp_path, ROWS)
    after = table(tmp_path, [ROWS[0].replace("yes", " YES "), ROWS[1].replace("> 5", ">5"), ROWS[2]])
    assert before[0].digest == after[0].digest
