"""By hand: 4111 1111 1111 1111 passes Luhn (sum 30). The offsets below are counted in characters, so that
"Zoë" has three of them and four bytes.
"""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.data.privacy.detection.detector import (
    LONGEST_TEXT,
    Detector,
    _resolved,
    default_detector,
    known_kinds,
)
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong
from flyball.data.privacy.detection.recogniser import Recogniser
from flyball.data.privacy.detection.records import Found


def told(text, **options):
    return [(one.kind, text[one.start : one.end]) for one in default_detector(**options).scan([text])[0]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to jane.doe+x@mail.example.co.uk.", [("EMAIL_ADDRESS", "jane.doe+x@mail.example.co.uk")]),
        ("Call +44 20 7946 0958 today", [("PHONE_NUMBER", "+44 20 7946 0958")]),
        ("Call (415) 555-2671 now", [("PHONE_NUMBER", "(415) 555-2671")]),
        ("SSN 219-09-9999", [("US_SSN", "219-09-9999")]),
        ("Pay to DE89 3704 0044 0532 0130 00 NOW", [("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("Card 4111-1111-1111-1111 it is", [("CREDIT_CARD", "4111-1111-1111-1111")]),
        ("My name is Anna Kowalska.", [("PERSON", "Anna Kowalska")]),
        ("She flew to Copenhagen and Nairobi.", [("LOCATION", "Copenhagen"), ("LOCATION", "Nairobi")]),
        ("He works for Siemens AG in Munich.", [("ORGANIZATION", "Siemens AG"), ("LOCATION", "Munich")]),
        ("Ship it to 12 Baker Street, London.", [("LOCATION", "12 Baker Street, London")]),
        ("A Japanese engineer called.", [("NRP", "Japanese")]),
        ("She is Korean, he is Sri Lankan.", [("NRP", "Korean"), ("NRP", "Sri Lankan")]),
        ("My son is 12", [("AGE", "12")]),
        ("The baby is 7 months old, her aunt turned 91 today.", [("AGE", "7"), ("AGE", "91")]),
        ("I am 12 miles away and turned 180 degrees; see page 13, Page 27 of 85. It returned 50", []),
        ("As section 8.2.1.1 says, and 10.2.1.1", [("IP_ADDRESS", "10.2.1.1")]),
        ("Then ping 9.9.9.9 first", [("IP_ADDRESS", "9.9.9.9")]),
        ("Due on 2024-05-22.", [("DATE_TIME", "2024-05-22")]),
    ],
)
def test_it_finds(text, found):
    assert told(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please press one for more options.",
        "Terms and Conditions apply. See the Privacy Policy for details.",
        "The Receiving Party shall not disclose Confidential Information.",
        "It costs $1,000,000.00, which is 12% more.",
        "Card 4111 1111 1111 1112 is none.",
        "Invoice 2024-000123-45, order 123456789.",
    ],
)
def test_it_leaves_alone(text):
    assert told(text) == []


@pytest.mark.parametrize(
    "number",
    [
        "415.555.2671 ext. 44",
        "415-555-2671, ext 22",
        "415-555-2671 EXT 22",
        "4155552671x123",
        "(415)-555-2671",
        "415 555-2671",
        "415/555-2671",
        "415-5552671",
        "0044 20 7946 0958",
        "00442079460958",
        "001-415-555-2671",
        "001-846-555-0189x92556",
        "415\u2013555\u20132671",
        "415\u00a0555\u00a02671",
        "+1\u2011415\u2011555\u20112671",
        "7946 0958",
        "555 0189",
        "03 9123 4567",
        "3 9123 4567",
        "(2) 2123 4567",
        "(03) 91234567",
    ],
)
def test_a_telephone_number_is_found_whole_in_the_forms_that_people_write(number):
    assert told(f"Then {number} it is") == [("PHONE_NUMBER", number)]


def test_a_number_on_the_line_below_an_address_is_no_part_of_it_but_a_zip_code_is():
    address = "12 Baker Street\nLondon\nUnited Kingdom"
    assert told(f"{address}\n50-98-28-96") == [("LOCATION", address), ("PHONE_NUMBER", "50-98-28-96")]
    assert "PHONE_NUMBER" not in dict(told("12 Baker Street\nBoston\nMA\n02134-1234"))


def test_an_address_is_not_lost_with_a_number_that_is_something_else():
    address = (0, 30, "ADDRESS", 0.9, "tagger")
    phone = (20, 30, "PHONE_NUMBER", 0.7, "pattern")
    kept = _resolved([address, phone], 0.4, b"9 High Street, Rye\n 0431350690")
    assert kept == [(0, 18, *address[2:]), phone]


@pytest.mark.parametrize(
    "text",
    [
        "00442079460",
        "009912345678901",
        "order 12345 67890",
        "rows 200-2000",
        "27 117 20 11",
        "2010 2011",
        "50 000 000",
        "1997-2000",
    ],
)
def test_digits_that_no_plan_knows_are_no_telephone_number(text):
    assert "PHONE_NUMBER" not in dict(told(text))


def test_ordinary_words_in_a_line_without_capitals_are_no_names_but_names_are():
    assert (
        told("The text is wrapped\nand the agreement may go on, e.g. with\nnotice of the other party") == []
    )
    assert ("PERSON", "anna kowalska") in told("my name is anna kowalska")


def test_offsets_count_characters_in_each_text_of_a_batch():
    texts = ["Zoë: a@b.example", "", "“Ünï” c@d.example"]
    found = default_detector(["EMAIL_ADDRESS"]).scan(texts)
    assert found == [
        (Found(5, 16, "EMAIL_ADDRESS", 1.0, "pattern"),),
        (),
        (Found(6, 17, "EMAIL_ADDRESS", 1.0, "pattern"),),
    ]


def test_texts_of_a_batch_do_not_touch():
    detector = default_detector(["CREDIT_CARD", "IBAN_CODE"])
    assert detector.scan(["4111 1111 1111", "1111"]) == [(), ()]
    assert detector.scan(["DE89 3704 0044 0532", "0130 00"]) == [(), ()]


PARTS = (
    "Anna Kowalska", "Siemens AG", "12 Baker Street", "London", "my zip code is", "02134", "4111 1111",
    "4111 1111 1111 1111", "DE89 3704 0044", "0532 0130 00", "+44 20 7946 0958", "SSN", "219-09-9999",
    "a@b.example", "born", "1965", "card", "Mr.", "the", "and", "of", "\n", "\0", ",", ".", "(", "self.",
    "Zoë", "\U0001f600", "ΛΑΡΝΑΚΑ",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=6).map(" ".join), max_size=6))
def test_a_batch_gives_each_text_what_it_gives_alone(texts):
    detector = default_detector(minimum_score=0.2)
    assert detector.scan(texts) == [detector.scan([text])[0] for text in texts]


def test_only_the_kinds_that_were_asked_for_are_told():
    assert told("Anna Kowalska, a@b.example", kinds=["EMAIL_ADDRESS"]) == [("EMAIL_ADDRESS", "a@b.example")]


def test_nine_digits_are_told_only_where_words_explain_them_or_all_is_asked_for():
    assert told("order 219099999", kinds=["US_SSN"]) == []
    assert told("social security number 219099999", kinds=["US_SSN"]) == [("US_SSN", "219099999")]
    assert told("order 219099999", kinds=["US_SSN"], minimum_score=0.0) == [("US_SSN", "219099999")]


def test_a_long_text_gives_the_same_however_it_is_cut():
    text = "Anna Kowalska paid with 4111 1111 1111 1111 in Warsaw on 2024-05-22. " * 6000
    detector = default_detector()
    whole = detector.scan([text])[0]
    assert len(whole) > 4 * 6000 - 5
    for size in (70_001, 131_072, 400_000):
        chunks = (text[at : at + size] for at in range(0, len(text), size))
        assert tuple(detector.scan_stream(chunks)) == whole


def test_memory_does_not_grow_with_the_text():
    detector = default_detector()
    line = "The quick answer is that Anna Kowalska lives in Warsaw. "

    def peak(n_chunks):
        tracemalloc.start()
        total = sum(1 for _ in detector.scan_stream(line * 1000 for _ in range(n_chunks)))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return total, size

    peak(3)
    few, small = peak(6)
    many, large = peak(24)
    assert many > 3.9 * few
    assert large < 1.2 * small


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_findings_lie_in_their_text_in_order_without_overlap(texts):
    for text, found in zip(texts, default_detector(minimum_score=0).scan(texts), strict=True):
        at = 0
        for one in found:
            assert at <= one.start < one.end <= len(text)
            at = one.end


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="a1@.+-:/() DE89xé\n", max_size=200))
def test_numbers_in_disorder_break_nothing(text):
    default_detector(minimum_score=0).scan([text])


@pytest.mark.parametrize("piece", ["a", "1 ", "+1", "a@", "a.", "DE89 ", "A1 ", "1.", "(123) ", "@a.", "An "])
def test_time_is_linear_in_the_text(piece):
    detector = default_detector()
    detector.scan([piece * 1000])
    seconds = []
    for length in (20_000, 160_000):
        before = time.process_time()
        detector.scan([piece * (length // len(piece))])
        seconds.append(time.process_time() - before)
    assert seconds[1] < 24 * seconds[0] + 0.3  # eight times the text; square time would be 64 times


def test_a_check_that_breaks_refuses_the_whole_batch():
    def broken(text):
        raise ValueError(text)

    detector = default_detector(recognisers=lambda: [Recogniser("X", ((r"\d{4}", 1.0),), broken)])
    with pytest.raises(DetectionFailed) as caught:
        detector.scan(["fine", "secret 1234"])
    assert str(caught.value) == (
        "[privacy.detection_failed] The detector failed (ValueError) on a batch of 2 texts; nothing is known "
        "about any of them. Keep the batch back. This is a fault of the detector."
    )
    assert caught.value.__cause__ is None


def test_a_tagger_that_breaks_refuses_the_whole_batch():
    good = default_detector()
    broken = Detector(good.matcher, object(), good.kinds, 0.4)
    with pytest.raises(DetectionFailed):
        broken.scan(["Anna"])
    with pytest.raises(DetectionFailed):
        list(broken.scan_stream(["Anna"]))


def test_half_a_surrogate_pair_is_named_with_its_text():
    with pytest.raises(BadText) as caught:
        default_detector().scan(["fine", "bad \ud800 one"])
    assert str(caught.value) == (
        "[privacy.bad_text] Text 1 of the batch holds U+D800, half of a surrogate pair. "
        "Decode it again from its bytes; it is not Unicode."
    )


def test_what_is_no_text_is_refused():
    with pytest.raises(BadText, match="Text 1 of the batch is of the type NoneType"):
        default_detector().scan(["fine", None])


class Long(str):
    """A text that says it is too long."""

    def __len__(self):
        return LONGEST_TEXT + 1


def test_a_text_over_the_limit_is_refused():
    with pytest.raises(TextTooLong) as caught:
        default_detector().scan([Long("a")])
    assert str(caught.value) == (
        "[privacy.text_too_long] Text 0 of the batch has 268435457 characters; the limit is 268435456. "
        "Read it in parts: scan_stream."
    )


def test_an_unknown_kind_is_refused():
    with pytest.raises(BadText, match="There is no kind 'EMAIL'"):
        default_detector(["EMAIL"])


def test_kinds_are_those_of_presidio():
    assert {"PERSON", "LOCATION", "ORGANIZATION", "IBAN_CODE", "UK_NHS", "US_SSN"} <= set(known_kinds())
    assert len(known_kinds()) >= 80
