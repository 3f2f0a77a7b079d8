"""Values by hand. A month counts 30 days, each twelve months 365: 18 months are 365 + 180 = 545 days.

150 % of the fees of a year are 18 months of fees, twice them 24, half of them 6.
"""

import pytest

from flyball.models.experts.reader import READERS
from flyball.models.experts.readers._numbers import Number, numbers
from flyball.models.experts.readers.place import code_of


def read(name, text):
    found = READERS.load(name)(text)
    return None if found is None else (found.value, found.unit, text[found.start : found.end])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ninety (90) days", [90.0]),
        ("twenty-four", [24.0]),
        ("one hundred and twenty (120)", [120.0]),
        ("one million two hundred thousand", [1_200_000.0]),
        ("1,000,000 and 1.5 million and 2bn", [1_000_000.0, 1_500_000.0, 2_000_000_000.0]),
        ("1.500.000,50", [1_500_000.5]),
        ("thirty and forty", [30.0, 40.0]),
        ("one hundred and one hundred", [101.0]),
        ("two thousand two million", [2002.0]),
        ("someone attended", []),
    ],
)
def test_numbers_are_read_as_contracts_write_them(text, values):
    assert [number.value for number in numbers(text)] == values


def test_words_and_digits_that_contradict_each_other_are_not_certain():
    assert numbers("ninety (60) days") == [Number(90.0, 0, 11, certain=False)]
    assert not numbers("1.500")[0].certain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("renews for successive one (1) year terms unless notice is given sixty (60) days before", 365.0),
        ("a period of twenty-four (24) months", 730.0),
        ("for eighteen months from Acceptance", 545.0),
        ("seventy-two (72) hours", 3.0),
        ("auto-renews for successive 3-year terms", 1095.0),
        ("upon sixty (60) days' written notice", 60.0),
        ("ninety (60) days", None),
        ("two and a half years", None),
        ("for the term of this Agreement", None),
    ],
)
def test_durations(text, expected):
    found = read("duration_days", text)
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "renews for one (1) year unless a party gives notice at least ninety (90) days before the end",
            90.0,
        ),
        ("not less than nine (9) nor more than eighteen (18) months before the term ends", 270.0),
        ("upon at least sixty (60) days' notice prior to the end of a one-year term", 60.0),
        ("120 days prior to End date, via the billing portal only", 120.0),
        ("unless a party gives notice not later than six months before the end of the term", 180.0),
        ("Customer gives notice three months, or Provider gives notice nine months, before the end", None),
        ("by written notice given no later than October 31, 2026", None),
    ],
)
def test_times_of_notice(text, expected):
    found = read("notice_days", text)
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at least SGD 1,500 for each day", (1500.0, "SGD", "SGD 1,500")),
        ("One Million Dollars ($1,000,000)", (1_000_000.0, "USD", "One Million Dollars")),
        ("a fee of US$ 1.5 million", (1_500_000.0, "USD", "US$ 1.5 million")),
        ("€ 1.5 million", (1_500_000.0, "EUR", "€ 1.5 million")),
        ("£15 million for each claim", (15_000_000.0, "GBP", "£15 million")),
        ("100,000 Canadian dollars", (100_000.0, "CAD", "100,000 Canadian dollars")),
        ("150,000 work items", None),
        ("$1.000", None),
        ("no amount", None),
    ],
)
def test_amounts_of_money(text, expected):
    assert read("money_amount", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "shall not exceed the fees paid in the twelve (12) months before the claim",
            (12.0, "months of fees"),
        ),
        (
            "is twice the annual charge for that year: the most we will pay is twice the annual charge",
            (24.0, "months of fees"),
        ),
        ("shall not exceed 150% of the Charges payable in that contract year", (18.0, "months of fees")),
        ("shall exceed one-half of the fees paid in the twelve months before", (6.0, "months of fees")),
        (
            "shall not exceed two (2) times the fees paid in the preceding twelve (12) months",
            (24.0, "months of fees"),
        ),
        ("shall not exceed the lesser of $250,000 and the amounts paid", (250_000.0, "USD")),
        ("shall not exceed 125% of the Licence Fee", None),
        ("neither party is liable for indirect loss", None),
        ("No claim may be brought later than two (2) years after the Services", None),
    ],
)
def test_caps_on_liability(text, expected):
    found = read("liability_cap", text)
    assert (found and found[:2]) == expected


@pytest.mark.parametrize(
    ("text", "expected", "code"),
    [
        ("governed by the laws of the State of Delaware, without regard to", "Delaware", "US-DE"),
        ("the internal laws of the State of New York, U.S.A.", "New York", "US-NY"),
        ("English law applies", "England and Wales", "GB-EAW"),
        ("the law of England and Wales applies", "England and Wales", "GB-EAW"),
        ("subject to German law to the exclusion of the CISG", "Germany", "DE"),
        ("the laws of the Province of Ontario and the federal laws of Canada", "Ontario", "CA-ON"),
        ("laws of the People's Republic of China", "China", "CN"),
        ("LAWS OF THE STATE OF TEXAS", "Texas", "US-TX"),
        ("the laws of New South Wales", "New South Wales", "AU-NSW"),
        ("West Virginia law", "West Virginia", "US-WV"),
        ("California or Nevada", None, None),
        ("the law of the place where the goods are", None, None),
    ],
)
def test_places(text, expected, code):
    found = read("place", text)
    assert (found and found[0]) == expected
    assert code_of(found and found[0]) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("January 31, 2025", "2025-01-31"),
        ("this 8th day of January, 2024", "2024-01-08"),
        ("17.03.2025", "2025-03-17"),
        ("12/25/2026", "2026-12-25"),
        ("2025-06-19", "2025-06-19"),
        ("Sept. 5, 2024", "2024-09-05"),
        ("03/04/2026", None),
        ("31 June 2025", None),
        ("the ____ day of ______, 2025", None),
    ],
)
def test_days(text, expected):
    found = read("date", text)
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thirty per cent (30%) of the price", 30.0),
        ("a royalty of five and one-half percent (5.5%)", 5.5),
        ("2.5 %", 2.5),
        ("one-half percent", None),
        ("two thirds", None),
    ],
)
def test_percentages(text, expected):
    found = read("percentage", text)
    assert (found and found[0]) == expected
