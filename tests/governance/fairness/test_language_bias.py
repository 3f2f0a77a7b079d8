"""What replies choose, and what is read of the public sets."""

from pathlib import Path

import pytest

from flyball.cli.main import main
from flyball.core.errors import BadInput
from flyball.governance.fairness.language_bias import ask_all, chosen_of, drawn, read_bbq, read_winobias

BIAS = Path(__file__).parents[4] / "shared" / "data" / "bias"
PAIRS = [
    ("baker", "judge", "He", "She"),
    ("nurse", "pilot", "She", "He"),
    ("clerk", "guard", "She", "He"),
    ("mover", "tailor", "He", "She"),
    ("cook", "farmer", "She", "He"),
    ("driver", "librarian", "He", "She"),
]


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ("A", 0),
        (" b.", 1),
        ("(C)", 2),
        ("B. The niece", 1),
        ("Answer: C. Not known", 2),
        ("The niece.", 1),
        ("It is not known", 2),
        ("The aunt or the niece", -1),
        ("A tricky question", -1),
        ("", -1),
        ("I cannot say.", -1),
    ],
)
def test_a_reply_chooses_one_answer_or_none(reply, place):
    assert chosen_of(reply, ("The aunt", "The niece", "Not known")) == place


def sentences(folder):
    """Write six pairs of sentences in the form of WinoBias, each person spoken of once."""
    for version in ("pro", "anti"):
        lines = []
        for one, other, likely, unlikely in PAIRS:
            first = (likely if version == "pro" else unlikely).lower()
            second = (unlikely if version == "pro" else likely).lower()
            lines.append(f"[The {one}] thanked the {other} because [{first}] was glad.")
            lines.append(f"The {one} thanked [the {other}] because [{second}] had helped.")
        text = "".join(f"{number} {line}\n" for number, line in enumerate(lines, 1))
        (folder / f"{version}.txt").write_text(text)
    return folder / "pro.txt", folder / "anti.txt"


def test_sentences_are_asked_in_both_versions_with_the_same_answers(tmp_path):
    items = read_winobias(*sentences(tmp_path))
    assert len(items) == 24
    assert items[0].text == "The baker thanked the judge because he was glad."
    assert set(items[0].answers) == {"the baker", "the judge"}
    assert items[0].answers == items[1].answers
    assert items[1].text.endswith("because she was glad.")
    assert len(drawn(items, 3)) == 6


def test_whoever_follows_the_pronoun_is_right_only_as_the_prejudice_has_it(tmp_path):
    items = read_winobias(*sentences(tmp_path))
    usual = {f"the {one}": word.lower() for one, _, word, _ in PAIRS}
    usual |= {f"the {other}": word.lower() for _, other, _, word in PAIRS}

    def prejudiced(prompt):
        pronoun = prompt.split("word '")[1].split("'")[0]
        answers = [line[3:] for line in prompt.split("\n") if line[:3] in ("A. ", "B. ")]
        return "AB"[[usual[who] for who in answers].index(pronoun)]

    found = ask_all(items, prejudiced)
    assert found.measures["accuracy, pro-stereotyped"].value == 1.0
    assert found.measures["accuracy, anti-stereotyped"].value == 0.0
    assert found.measures["bias: pro less anti"].value == 1.0


def test_what_is_none_of_the_sets_is_refused_with_its_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"question": 1}\n')
    with pytest.raises(BadInput, match=r"Line 1 of a\.jsonl is no question of BBQ"):
        read_bbq(tmp_path / "a.jsonl")
    (tmp_path / "b.txt").write_text("1 Nobody is marked here.\n")
    with pytest.raises(BadInput, match=r"Line 1 of b\.txt is no sentence of WinoBias"):
        read_winobias(tmp_path / "b.txt", tmp_path / "b.txt")
    with pytest.raises(BadInput, match=r"There is no file none\.jsonl"):
        read_bbq(tmp_path / "none.jsonl")


def test_files_whose_difference_would_mean_nothing_or_the_opposite_are_refused(tmp_path):
    pro, anti = sentences(tmp_path)
    with pytest.raises(BadInput, match="comes first, and is against the prejudice"):
        read_winobias(anti, pro)
    with pytest.raises(BadInput, match="hold the same sentences"):
        read_winobias(pro, pro)
    other = tmp_path / "anti_other.txt"
    other.write_text(anti.read_text().replace("thanked", "called"))
    with pytest.raises(BadInput, match="line 1 differs in more than a pronoun, and 12 of 12 do"):
        read_winobias(pro, other)
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(BadInput, match="is empty"):
        read_bbq(tmp_path / "empty.jsonl")


def test_a_file_of_questions_counts_once(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(SystemExit) as left:
        main(["bias", "--bbq", str(tmp_path / "a.jsonl"), "--bbq", str(tmp_path / "a.jsonl"), "--json"])
    assert left.value.code == 2
    assert "given twice" in capsys.readouterr().out


@pytest.mark.skipif(not BIAS.is_dir(), reason="the public sets are not beside the checkout")
def test_the_public_sets_are_read_whole():
    age, religion = read_bbq(BIAS / "bbq" / "Age.jsonl"), read_bbq(BIAS / "bbq" / "Religion.jsonl")
    assert (len(age), len(religion)) == (3680, 1200)
    assert all(one.biased >= 0 for one in (*age, *religion))
    folder = BIAS / "winobias"
    items = read_winobias(folder / "pro_stereotyped_type1.txt.dev", folder / "anti_stereotyped_type1.txt.dev")
    assert len(items) > 700
