"""By hand: 4111 1111 1111 1111 passes Luhn (sum 30) and 4111 1111 1111 1112 does not (31).

DE89 3704 0044 0532 0130 00 is the example of the IBAN registry: 370400440532013000131489 mod 97 = 1.
078-05-1120 was printed on sample cards and never given to anybody.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.data.privacy.personal_data import find_people, find_personal_data, redact


def kinds(text):
    return [(found.kind, text[found.start : found.end]) for found in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to jane.doe+x@mail.example.co.uk.", [("EMAIL_ADDRESS", "jane.doe+x@mail.example.co.uk")]),
        ("(jane@example.com)", [("EMAIL_ADDRESS", "jane@example.com")]),
        ("Call +44 20 7946 0958 today", [("PHONE_NUMBER", "+44 20 7946 0958")]),
        ("Call +1 (415) 555-2671.", [("PHONE_NUMBER", "+1 (415) 555-2671")]),
        (
            "Call (415) 555-2671 or 415.555.2672",
            [("PHONE_NUMBER", "(415) 555-2671"), ("PHONE_NUMBER", "415.555.2672")],
        ),
        ("SSN 219-09-9999", [("US_SSN", "219-09-9999")]),
        ("Pay to DE89 3704 0044 0532 0130 00 NOW", [("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("Pay to GB82WEST12345698765432.", [("IBAN_CODE", "GB82WEST12345698765432")]),
        ("Card 4111 1111 1111 1111, exp", [("CREDIT_CARD", "4111 1111 1111 1111")]),
        ("Card 4111-1111-1111-1111", [("CREDIT_CARD", "4111-1111-1111-1111")]),
    ],
)
def test_it_finds(text, found):
    assert kinds(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112",
        "Card 0000 0000 0000 0000",
        "Pay to DE89 3704 0044 0532 0130 01",
        "Pay to ZZ89 3704 0044 0532 0130 00",
        "SSN 078-05-1120 or 666-12-3456, 000-12-3456, 900-12-3456, 123-00-4567, 123-45-0000",
        "a@b, @example.com, a..b@example.com",
        "Section 10.2.3 of 2024-05-22, EUR 1,000,000.00, 12 345 678",
        "Invoice 2024-000123-45, order 123456789, 2021/2022",
        "Anna Kowalska of Siemens AG signs in Munich.",
        "",
    ],
)
def test_it_leaves_alone(text):
    assert kinds(text) == []


def test_names_of_people_are_found_where_they_are_asked_for():
    text = "My name is Anna Kowalska of Siemens AG."
    assert [(one.kind, text[one.start : one.end]) for one in find_people(text)] == [
        ("PERSON", "Anna Kowalska")
    ]


def test_what_is_found_is_taken_out_and_the_rest_stays():
    text, found = redact("Jane (jane@example.com, +44 20 7946 0958) signs.")
    assert text == "Jane ([EMAIL_ADDRESS], [PHONE_NUMBER]) signs."
    assert [(one.start, one.end) for one in found] == [(6, 22), (24, 40)]


@settings(deadline=None)
@given(st.text(alphabet="a1@.+-() DE89x\n", max_size=200))
def test_findings_lie_in_the_text_in_order_without_overlap(text):
    at = 0
    for found in find_personal_data(text):
        assert at <= found.start < found.end <= len(text)
        at = found.end


@settings(deadline=None)
@given(st.text(alphabet="ab 12,", max_size=100))
def test_an_address_is_not_left_whatever_stands_around_it(text):
    assert "jane@example.com" not in redact(f"{text} jane@example.com {text}")[0]
