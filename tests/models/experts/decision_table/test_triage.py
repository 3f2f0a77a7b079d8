"""Rules decide first; where two of them disagree a person decides."""

from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import TRIAGE
from flyball.models.experts.decision_table.triage import triage

FACTS = {"characters": "number", "language": "text"}
FIELDS = ("insurance", "non_compete")


def decided(tmp_path, rows, **facts):
    path = tmp_path / "triage.csv"
    path.write_text("rule,if characters,if language,then field,then decide,then reason\n" + rows)
    tables = load_tables([path], facts=FACTS, outputs=TRIAGE)
    found = triage(tables, {"characters": 10.0, "language": "en", **facts}, fields=FIELDS)
    return {key: (hit.rule, hit.outputs["decide"]) for key, hit in found.items()}


def test_a_star_stands_for_every_field(tmp_path):
    assert decided(tmp_path, "T-1,< 200,,*,refer,Short.\n") == {
        "insurance": ("triage.T-1", "refer"),
        "non_compete": ("triage.T-1", "refer"),
    }


def test_refer_wins_and_a_contradiction_is_referred(tmp_path):
    rows = "T-1,< 200,,insurance,no,a\nT-2,< 300,,*,refer,b\n"
    assert decided(tmp_path, rows)["insurance"] == ("triage.T-2", "refer")
    rows = "T-1,< 200,,insurance; non_compete,no,a\nT-2,< 300,,insurance,yes,b\n"
    assert decided(tmp_path, rows) == {
        "insurance": ("triage.T-1", "refer"),
        "non_compete": ("triage.T-1", "no"),
    }


def test_a_field_that_no_rule_speaks_about_is_left_to_the_experts(tmp_path):
    assert decided(tmp_path, "T-1,> 200,,*,refer,Long.\n") == {}
