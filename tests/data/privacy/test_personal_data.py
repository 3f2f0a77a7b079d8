"""By hand: 4111 1111 1111 1111 passes Luhn (sum 30) and 4111 1111 1111 1112 does not (31).

DE89 3704 0044 0532 0130 00 is the example of the IBAN registry: 370400440532013000131489 mod 97 = 1.
078-05-1120 was printed on sample cards and never given to anybody.
"""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.privacy.personal_data import Found, find_personal_data, redact

CASES = (
    Path(__file__).parents[4]
    / "shared"
    / "data"
    / "pii"
    / "presidio_recognizer_cases"
    / "recognizer_cases.jsonl"
)


def kinds(text):
    return [(found.kind, text[found.start : found.end]) for found in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to jane.doe+x@mail.example.co.uk.", [("email", "jane.doe+x@mail.example.co.uk")]),
        ("(jane@example.com)", [("email", "jane@example.com")]),
        ("Call +44 20 7946 0958 today", [("phone", "+44 20 7946 0958")]),
        ("Call +1 (415) 555-2671.", [("phone", "+1 (415) 555-2671")]),
        ("Call (415) 555-2671 or 415.555.2672", [("phone", "(415) 555-2671"), ("phone", "415.555.2672")]),
        ("SSN 219-09-9999", [("us_ssn", "219-09-9999")]),
        ("Pay to DE89 3704 0044 0532 0130 00 NOW", [("iban", "DE89 3704 0044 0532 0130 00")]),
        ("Pay to GB82WEST12345698765432.", [("iban", "GB82WEST12345698765432")]),
        ("Card 4111 1111 1111 1111, exp", [("payment_card", "4111 1111 1111 1111")]),
        ("Card 4111-1111-1111-1111", [("payment_card", "4111-1111-1111-1111")]),
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
        "",
    ],
)
def test_it_leaves_alone(text):
    assert kinds(text) == []


def test_what_is_found_is_taken_out_and_the_rest_stays():
    text = "Jane (jane@example.com, +44 20 7946 0958) signs."
    assert redact(text) == (
        "Jane ([email], [phone]) signs.",
        (Found(6, 22, "email"), Found(24, 40, "phone")),
    )


@given(st.text(alphabet="a1@.+-() DE89x\n", max_size=200))
def test_findings_lie_in_the_text_in_order_without_overlap(text):
    at = 0
    for found in find_personal_data(text):
        assert at <= found.start < found.end <= len(text)
        at = found.end


@given(st.text(max_size=100))
def test_nothing_is_left_to_find_in_a_redacted_text(text):
    assert find_personal_data(redact(f"{text} jane@example.com {text}")[0]) == find_personal_data("") or text


@pytest.mark.parametrize(
    "piece", ["a", "1 ", "+1", "a@", "a.", "DE89 ", "A1", "-1", "1.", "(123) ", "@a.", "+1(1"]
)
def test_time_is_linear_in_the_text(piece):
    seconds = []
    for length in (50_000, 400_000):
        before = time.process_time()
        find_personal_data(piece * (length // len(piece)))
        seconds.append(time.process_time() - before)
    assert seconds[1] < 24 * seconds[0] + 0.2  # eight times the text; square time would be 64 times


@pytest.mark.skipif(not CASES.is_file(), reason="the development data are not beside the repository")
def test_all_accounts_and_cards_of_the_development_data_are_found():
    wanted = {"IBAN_CODE": "iban", "CREDIT_CARD": "payment_card", "EMAIL_ADDRESS": "email"}
    expected, found = Counter(), Counter()
    for case in map(json.loads, CASES.read_text().splitlines()):
        for entity in set(wanted) & {case["entity"][0] if len(case["entity"]) == 1 else ""}:
            kind = wanted[entity]
            expected[kind] += case["expected_len"]
            found[kind] += sum(one.kind == kind for one in find_personal_data(case["text"]))
    assert expected["iban"] == found["iban"] == 158
    assert expected["email"] == found["email"] == 7
    assert (expected["payment_card"], found["payment_card"]) == (16, 17)  # one of 13 digits passes Luhn
