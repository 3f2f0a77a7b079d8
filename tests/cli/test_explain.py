"""`flyball explain` in front of what can go wrong before anything is explained."""

import json

import pytest

from flyball.cli import main


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
