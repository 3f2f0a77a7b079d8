"""A sentence stands on its records or not at all; each test takes something away and looks what is left."""

import csv
import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from flyball.core.errors import UnknownName
from flyball.governance.explanation.facts import KNOWN
from flyball.governance.explanation.letter import BadLetter, Fact, NoRecord, read_template, write_letter
from flyball.governance.explanation.words import SHIPPED, BadWords, NoWords, Phrase, Words, load_words
from flyball.loop.deployment import solution
from flyball.models.experts.graph.features import names_of_features
from flyball.models.experts.graph.reasons import phrase

TEXT = """// for colleagues
# What we decided
[decision] We decided on {decision.day}.
[decision, reason+] - {reason.words}
# A report
[report?] We used {report.name}.
[change*] - {change.words}
"""
FACTS = {
    "decision": [Fact("ledger:7", "flyball ledger show 7", {"day": date(2026, 11, 30)})],
    "reason": [
        Fact("attribution:1#reason.1", "x", {"words": Phrase("Too much debt")}),
        Fact("attribution:1#reason.2", "x", {"words": Phrase("Too new")}),
    ],
}


def written(tmp_path, text=TEXT, facts=FACTS, words=None):
    path = tmp_path / "own.en.txt"
    path.write_text(text)
    return write_letter(read_template(path), facts, words or Words("en"), kind="own", known=KNOWN)


def test_every_sentence_carries_the_ids_of_its_records(tmp_path):
    letter = written(tmp_path)
    assert letter.text == "What we decided\nWe decided on November 30, 2026.\n- Too much debt\n- Too new\n"
    assert [one.records for one in letter.lines] == [
        (),
        ("ledger:7",),
        ("ledger:7", "attribution:1#reason.1"),
        ("ledger:7", "attribution:1#reason.2"),
    ]
    assert letter.records["ledger:7"] == "flyball ledger show 7"


def test_a_letter_whose_record_is_gone_is_refused_and_says_which(tmp_path):
    with pytest.raises(NoRecord) as told:
        written(tmp_path, facts={"reason": FACTS["reason"]})
    assert told.value.message == "own.en.txt, line 3, rests on the record 'decision', and there is none."


def test_a_letter_without_a_reason_is_refused(tmp_path):
    with pytest.raises(NoRecord, match="'reason'"):
        written(tmp_path, facts={"decision": FACTS["decision"]})


def test_a_sentence_that_may_go_goes_with_its_record_and_so_does_its_heading(tmp_path):
    report = {"report": [Fact("setting:r", "flyball.toml", {"name": "Bureau"})]}
    assert "A report\nWe used Bureau." in written(tmp_path, facts=FACTS | report).text
    assert "A report" not in written(tmp_path).text


def test_an_empty_value_refuses_the_letter(tmp_path):
    report = {"report": [Fact("setting:r", "[explanation.credit_report] in flyball.toml", {"name": " "})]}
    with pytest.raises(NoRecord, match=r"\{report.name\} is empty in setting:r") as told:
        written(tmp_path, facts=FACTS | report)
    assert "flyball.toml" in told.value.fix


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("We are sorry.", "does not say on which records it rests"),
        ("[decision] It says {reason.words}.", "is of a record that it does not name"),
        ("[reason+, change*] - x", "cannot be used"),
        ("[] Nothing.", "does not say on which records"),
        ("# We decided against you.", "is no heading"),
        ("# Day {decision.day}", "is no heading"),
        ("[decision] It costs {5}.", "is no value of a record"),
    ],
)
def test_a_line_that_rests_on_nothing_is_refused_when_the_template_is_read(tmp_path, line, said):
    with pytest.raises(BadLetter, match=said):
        written(tmp_path, text=line + "\n")


def test_a_typing_slip_in_the_name_of_a_record_is_no_silent_omission(tmp_path):
    with pytest.raises(BadLetter, match="there are no records 'reprot'"):
        written(tmp_path, text="[reprot?] We used a report.\n")
    with pytest.raises(BadLetter, match="has no value 'dya'"):
        written(tmp_path, text="[decision] On {decision.dya}.\n")


def test_what_a_record_holds_is_never_read_as_a_template(tmp_path):
    odd = {"reason": [Fact("r", "x", {"words": Phrase("{decision.day} [x]\n# Free")})]}
    letter = written(tmp_path, text="[reason+] Because: {reason.words}\n", facts=FACTS | odd)
    assert letter.text == "Because: {decision.day} [x] # Free\n"


def test_no_control_character_of_a_record_reaches_the_letter(tmp_path):
    odd = {"reason": [Fact("r", "x", {"words": Phrase("a\x1b[31mb\x00c")})]}
    assert written(tmp_path, text="[reason+] {reason.words}\n", facts=FACTS | odd).text == "a [31mb c\n"


def test_german_writes_numbers_days_and_words_its_own_way():
    words = Words("de", {"Use at most {value}": "Höchstens {value} nutzen"})
    assert words.of(date(2026, 3, 5)) == "5. März 2026"
    assert words.of(1234567) == "1.234.567"
    assert words.of(0.12345) == "0,1235"
    assert words.of(Phrase("Use at most {value}", {"value": Decimal("12.345")})) == "Höchstens 12,345 nutzen"


def test_a_sentence_without_german_words_is_not_told():
    with pytest.raises(NoWords, match="no words in the language 'de' for: 'Too new'"):
        Words("de").of(Phrase("Too new"))


def test_a_value_to_be_reached_is_written_to_its_last_digit():
    assert Words("en").of(Decimal("0.123456")) == "0.123456"
    assert Words("en").of(Decimal("1234.5")) == "1,234.5"


def test_the_words_of_the_deployment_come_before_the_shipped_ones(tmp_path):
    (tmp_path / "words.de.csv").write_text("en,de\nyes,jawohl\n")
    words = load_words("de", tmp_path)
    assert (words.of(Phrase("yes")), words.of(Phrase("no"))) == ("jawohl", "nein")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("english,german\na,b\n", "no line with the columns"),
        ("en,de\nyes\n", "two filled columns"),
        ("en,de\nyes,ja\nyes,jo\n", "stands there twice"),
        ("en,de\nTo {value},Auf\n", "values in braces differ"),
    ],
)
def test_a_table_of_words_that_cannot_be_used_is_refused(tmp_path, text, said):
    (tmp_path / "words.de.csv").write_text(text)
    with pytest.raises(BadWords, match=said):
        load_words("de", tmp_path)


def test_a_language_that_is_not_known_lists_those_that_are():
    with pytest.raises(UnknownName, match="Letters are not written in 'fr'"):
        load_words("fr", None)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.txt")), ids=lambda path: path.name)
def test_every_shipped_template_reads_and_names_only_known_records(path):
    template = read_template(path)
    names = {name.split()[0] for one in template.lines if hasattr(one, "needs") for name, _ in one.needs}
    assert names <= set(KNOWN)
    assert len([one for one in template.lines if hasattr(one, "needs")]) > 10


def test_both_languages_of_a_letter_rest_on_the_same_records():
    for english in SHIPPED.glob("*.en.txt"):
        german = english.with_name(english.name.replace(".en.", ".de."))
        needs = [
            [one.needs for one in read_template(path).lines if hasattr(one, "needs")]
            for path in (english, german)
        ]
        english_needs, german_needs = Counter(needs[0]), Counter(needs[1])
        only_english = {
            (("gap", "any"),),
            (("limit", "any"),),
        }  # their words are English: German says they are there
        only_german = {(("gap", "maybe"),), (("limit", "maybe"),), (("duty us.reg-b.1002.9", "one"),)}
        assert set(english_needs - german_needs) <= only_english, english.name
        assert set(german_needs - english_needs) <= only_german, english.name


def test_a_slip_in_the_id_of_a_duty_is_no_silent_omission(tmp_path):
    path = tmp_path / "own.en.txt"
    path.write_text("[decision] We decided.\n[duty us.fcra.651?] You have a right to a free copy.\n")
    known = ("decision", "duty us.fcra.615", "duty us.reg-b.1002.9")
    with pytest.raises(BadLetter, match=r"there are no records 'duty us\.fcra\.651'") as told:
        write_letter(read_template(path), FACTS, Words("en"), kind="own", known=known)
    assert told.value.fix == "Near to it: duty us.fcra.615."
    path.write_text("[duty no.such] We decided.\n")
    with pytest.raises(BadLetter) as told:
        write_letter(read_template(path), FACTS, Words("en"), kind="own", known=known)
    assert told.value.fix == "The ids of duties are told by: flyball obligation list."


def test_every_reason_for_a_refusal_of_credit_has_german_words():
    credit, shelf = solution("credit-risk"), []
    with (credit / "model" / "reasons.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            shelf += [row["reason"], *([row["to change it"]] if row["to change it"] else [])]
    with (credit / "rules" / "policy.csv").open(newline="") as file:
        shelf += [row["then reason"] for row in csv.DictReader(file) if row["then decide"] == "no"]
    words = load_words("de", credit / "letters")
    assert len(shelf) > 14
    assert all(words.of(Phrase(text)) for text in shelf)


@pytest.mark.parametrize("value", [0.0, 1.0, 12.5, 11_514.25, -3.0, float("nan")])
def test_everything_that_a_graph_model_says_of_neighbours_has_german_words(value):
    words, told = load_words("de", None), 0
    counts = re.compile(r"(payer|payee|device)_(sent|received|used)_(count|accounts|amount)_\d+d")
    for name in names_of_features():
        if (value < 0.0 and "own_minus_mean" not in name) or (value != value and counts.fullmatch(name)):
            continue  # neither happens: only a distance is below zero, and what is counted is a number
        told += bool(words.of(Phrase(phrase(name, value))))
    assert told >= (5 if value < 0.0 else 48)


def test_the_numbers_of_a_sentence_are_written_as_the_language_writes_them():
    words = load_words("de", None)
    assert words.of(Phrase("14 accounts paid the payee within 7 days")) == (
        "14 Konten zahlten innerhalb von 7 Tagen an den Empfänger"
    )
    assert words.of(Phrase("the amount is 11,514.20")) == "der Betrag ist 11.514,20"
    assert words.of(Phrase("it was sent in the hour from 3:00 UTC")) == (
        "sie wurde in der Stunde ab 3:00 UTC gesendet"
    )
    with pytest.raises(NoWords, match=r"for: 'the moon is \{a\} days old'"):
        words.of(Phrase("the moon is 3 days old"))


def test_every_typology_has_german_words():
    fraud = solution("payment-fraud")
    with (fraud / "rules" / "typologies.csv").open(newline="") as file:
        reasons = [row["then reason"] for row in csv.DictReader(file)]
    words = load_words("de", fraud / "letters")
    assert len(reasons) == 5
    assert all(text in words.table for text in reasons)
