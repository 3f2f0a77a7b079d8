"""`flyball explain` in front of what can go wrong before anything is explained."""

import json
from dataclasses import replace

import pytest

from flyball.cli import main
from flyball.cli.commands import explain as page
from flyball.cli.output import Output
from flyball.governance.explanation.records import Answer, Passage, RuleRow


def run(capsys, *arguments):
    try:
        main(list(arguments))
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "cases").mkdir()
    (tmp_path / "flyball.toml").write_text(
        '[deployment]\nname = "loans"\npurpose = "Decide"\nowner = "Us"\njurisdictions = ["US"]\n'
        '[[source]]\nname = "s"\npath = "cases"\n[[expert]]\nname = "t"\nkind = "decision_table"\n'
        "[promise]\nwrong_share_at_most = 0.1\n"
    )
    (tmp_path / "fields.toml").write_text(
        '[[field]]\nkey = "repaid"\ntitle = "Repaid"\nquestion = "Repaid?"\nkind = "flag"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_decision_the_letters_are_listed_and_the_own_ones_are_told(home, capsys):
    (home / "letters").mkdir()
    (home / "letters" / "model_note.en.txt").write_text("[decision] {decision.case}\n")
    (home / "letters" / "thanks.en.txt").write_text("[decision] {decision.case}\n")
    code, out, _ = run(capsys, "explain", "--json")
    letters = {(one["letter"], one["language"]): one["own"] for one in json.loads(out)["letters"]}
    assert code == 0
    assert letters["adverse_action", "de"] is False
    assert letters["model_note", "en"] is True
    assert letters["thanks", "en"] is True


def test_templates_are_put_where_they_are_missing_and_never_over_an_edited_one(home, capsys):
    (home / "letters").mkdir()
    (home / "letters" / "article_86.de.txt").write_text("[decision] Unseres.\n")
    assert run(capsys, "explain", "--templates")[0] == 0
    there = sorted(path.name for path in (home / "letters").iterdir())
    assert "adverse_action.en.txt" in there
    assert "words.de.csv" in there
    assert (home / "letters" / "article_86.de.txt").read_text() == "[decision] Unseres.\n"


def test_a_kind_or_a_language_without_a_letter_is_refused(home, capsys):
    code, _, err = run(capsys, "explain", "A-1", "adverse_action")
    assert code == 2
    assert "Add --letter." in err


def test_a_decision_that_is_not_there_is_named(home, capsys):
    code, out, _ = run(capsys, "explain", "A-1", "--json")
    assert code == 2
    assert json.loads(out)["message"] == "No decision matches 'A-1'."


def test_what_a_case_holds_is_said_in_words_and_a_passage_is_quoted(capsys):
    rule = RuleRow(
        "policy.P-1",
        4,
        "policy",
        (("row.of_age", "no", False), ("row.income", "< 6,000", 5000.0), ("row.late", "none", None)),
        "Not of age.",
        "Not of age.",
        (),
        "d1",
    )
    by_rule = Answer(
        "repaid", "Repaid", "Repaid?", "false", "automated", 1.0, True, "", "a rule", (), (rule,)
    )
    page._answer(Output(as_json=False), by_rule)
    by_words = Answer("cap", "Cap", "Capped?", "true", "automated", 0.9, False, "", "sure", ())
    page._answer(Output(as_json=False), replace(by_words, passages=(Passage(0, 200, 1.0, "x" * 200),)))
    out = capsys.readouterr().out
    assert "(the case holds no)" in out
    assert "(the case holds 5,000)" in out
    assert "(the case holds nothing)" in out
    assert "x" * 160 + ' ..."' in "".join(out.split("\n"))
