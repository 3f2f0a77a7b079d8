"""Lines have the conversational forms of TRL, and a lesson in which nothing is left teaches nothing."""

import json
from dataclasses import replace

from flyball.governance.constitution.training import Lesson, Turn, line_of

LESSON = Lesson(
    principle="plain",
    text="Answers are plain.",
    revision="Say it plainly.",
    critique="Too long.",
    prompt=(Turn("system", "Be kind."), Turn("user", "What is due?")),
    first="Herewith it is stated: 5.",
    revised="5.",
    source="conversation",
    provenance={"entry": 7, "text": "sha256:a"},
)


def test_preferences_hold_prompt_chosen_and_rejected_as_messages():
    line = json.loads(line_of(LESSON, "preferences"))
    assert line["prompt"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is due?"},
    ]
    assert line["chosen"] == [{"role": "assistant", "content": "5."}]
    assert line["rejected"] == [{"role": "assistant", "content": "Herewith it is stated: 5."}]
    assert "completion" not in line


def test_revisions_show_the_first_answer_and_the_critique_and_complete_with_the_revision():
    line = json.loads(line_of(LESSON, "revisions"))
    *_, asked, first, told = line["prompt"]
    assert asked == {"role": "user", "content": "What is due?"}
    assert first == {"role": "assistant", "content": "Herewith it is stated: 5."}
    assert told["role"] == "user"
    for words in ("Answers are plain.", "Too long.", "Say it plainly."):
        assert words in told["content"]
    assert line["completion"] == [{"role": "assistant", "content": "5."}]
    assert "chosen" not in line


def test_provenance_stands_on_every_line_with_the_digest_of_its_words():
    line = json.loads(line_of(LESSON, "preferences"))
    assert line["provenance"] == {"entry": 7, "text": "sha256:a", "lesson": LESSON.digest}
    assert replace(LESSON, provenance={}).digest == LESSON.digest
    assert replace(LESSON, revised="6.").digest != LESSON.digest


def test_without_a_difference_or_an_answer_there_is_nothing_to_learn():
    assert LESSON.teaches
    assert not replace(LESSON, revised=LESSON.first).teaches
    assert not replace(LESSON, revised=" ").teaches
