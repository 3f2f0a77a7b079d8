"""What is written out is found by its shape and the words around it."""

import time

import pytest

from flyball.data.privacy.personal_data import cover, find_personal_data, redact
from flyball.data.privacy.spelled_out import find_spelled_out


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Write to max (at) firm (dot) example.", "EMAIL_ADDRESS", "max (at) firm (dot) example"),
        ("Write to max dot roe at firm dot example", "EMAIL_ADDRESS", "max dot roe at firm dot example"),
        (
            "Dial six one, seven double four three two.",
            "PHONE_NUMBER",
            "six one, seven double four three two",
        ),
        ("Wähle null eins sieben sechs drei zwei.", "PHONE_NUMBER", "null eins sieben sechs drei zwei"),
        ("She was born on 4 May 1971.", "DATE_OF_BIRTH", "4 May 1971"),
        ("Date of birth: 1979-11-02", "DATE_OF_BIRTH", "1979-11-02"),
        ("Sie ist am 3.5.1980 geboren.", "DATE_OF_BIRTH", "3.5.1980"),
        ("He lives at 9 Old Mill Road.", "STREET_ADDRESS", "9 Old Mill Road"),
        ("Er wohnt Am Alten Markt, Rosenweg 7b.", "STREET_ADDRESS", "Rosenweg 7b"),
        ("Her tax number is 12/345/67890.", "DE_TAX_NUMBER", "12/345/67890"),
        ("Mrs van Dyck objected.", "", ""),
        ("Frau Dr. Berger objected.", "PERSON", "Dr. Berger"),
    ],
)
def test_what_is_found(text, kind, told):
    found = find_spelled_out(text)
    assert [(one.kind, text[one.start : one.end]) for one in found] == ([(kind, told)] if kind else [])


@pytest.mark.parametrize(
    "text",
    [
        "Two of three payments were late.",
        "The idea was born in a crisis; the loan is of 4 May 2021.",
        "The chief legal officer signs. Dr is short for debit.",
        "See lane 5 and page 12 of the report.",
        "Am Anfang waren es drei, vier oder fünf.",
    ],
)
def test_what_only_looks_like_it(text):
    assert find_spelled_out(text) == []


def test_what_the_detectors_find_themselves_is_not_told_twice():
    text = "Mail a.b@firm.example, born 4 May 1971."
    assert [one.kind for one in find_personal_data(text)] == ["EMAIL_ADDRESS", "DATE_OF_BIRTH"]
    assert redact(text)[0] == "Mail [EMAIL_ADDRESS], born [DATE_OF_BIRTH]."


def test_findings_that_overlap_are_covered_once_and_nothing_of_them_is_left():
    text = "Mr Otto Ulm, born 4 May 1971"
    name, *_ = find_spelled_out(text)
    wider = type(name)(0, name.end - 1, "PERSON", 1.0, "tagger")
    assert cover(text, [name, wider]) == "[PERSON], born 4 May 1971"


def test_no_text_takes_long():
    began = time.process_time()
    for text in (
        "(at " * 20_000,
        "a-" * 30_000 + "dot",
        "Mr " + "Ab " * 20_000,
        "one " * 20_000,
        "1 " + "Ab " * 20_000 + "street",
    ):
        find_spelled_out(text)
    assert time.process_time() - began < 2
