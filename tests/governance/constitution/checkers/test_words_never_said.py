"""Listed words are found whatever their case and white space, and taken out by the sentence."""

from dataclasses import replace

import pytest

from flyball.governance.constitution.checkers.words_never_said import words_never_said

SETTINGS = {"never": ["internal standards", "guarantee"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("By our INTERNAL\n standards.", ("It says 'INTERNAL standards'.",)),
        ("Guaranteed.", ()),
        ("No guarantee. A guarantee!", ("It says 'guarantee'.", "It says 'guarantee'.")),
        ("", ()),
        ("Inter\u200bnal standards.", (r"It says 'Inter\u200bnal standards'.",)),
        ("\u0456nternal standards.", ("It says '\u0456nternal standards'.",)),
    ],
)
def test_what_a_text_says(text, found):
    assert words_never_said.find_words(text, SETTINGS) == found


def test_a_text_loses_the_sentences_that_say_them():
    text = "We looked. By internal standards no. Debt is too high."
    assert words_never_said.mend_words(text, SETTINGS) == "We looked. Debt is too high."


def test_no_line_break_hides_them_and_nothing_comes_together_where_a_sentence_was():
    assert words_never_said.mend_words("Fine. Internal\n\nstandards say no. Good.", SETTINGS) == "Fine. Good."
    text = "Internal. A guarantee. standards rule."
    assert words_never_said.find_words(words_never_said.mend_words(text, SETTINGS), SETTINGS) == ()


def test_a_reason_is_withheld_and_the_field_goes_to_a_person(make):
    reading = make.reading(settings=SETTINGS)
    decision = make.decision(
        [make.field(reason="Internal standards.")], [make.finding(message="A guarantee.")]
    )
    complaints = words_never_said.check(decision, reading)
    assert [(one.field, one.rule) for one in complaints] == [("law", ""), ("", "law.G-01")]
    revised = words_never_said.revise(decision, reading, complaints)
    assert revised.fields[0].outcome == "referred"
    assert "nternal" not in revised.fields[0].reason
    assert (revised.findings[0].status, revised.findings[0].title) == ("to_check", "Rule law.G-01")
    assert words_never_said.check(revised, reading) == ()


def test_without_settings_the_whole_decision_is_complained_about(make):
    assert [one.field for one in words_never_said.check(make.decision(), make.reading())] == [""]
    assert words_never_said.check(replace(make.decision(), fields=()), make.reading(settings=SETTINGS)) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Your score was much too low.", ("It says 'score was much too low'.",)),
        ("score, too low", ("It says 'score, too low'.",)),
        ("The score is good. Too low is the income.", ()),
        ("The score of the bureau of this state was too low.", ()),
    ],
)
def test_three_dots_leave_up_to_four_words_of_the_same_sentence_open(text, found):
    assert words_never_said.find_words(text, {"never": ["score ... too low"]}) == found


def test_open_words_alone_are_no_words():
    assert words_never_said.takes is not None
    assert "no words" in words_never_said.takes({"never": ["..."]})
    assert "no words" in words_never_said.takes({"never": ["score ..."]})
    assert words_never_said.takes({"never": ["score ... low"]}) == ""
