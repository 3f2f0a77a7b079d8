"""Numbers that two libraries make are found: those with check digits all, telephones as they are printed.

Faker makes cards, accounts and addresses; libphonenumber has an example of each country's telephones.
"""

from collections import Counter

import phonenumbers
import pytest
from faker import Faker
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from flyball.data.privacy.detection.detector import default_detector

LOCALES = ["en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "pl_PL", "sv_SE", "pt_PT", "en_AU"]
MAKES = {
    "CREDIT_CARD": "credit_card_number",
    "IBAN_CODE": "iban",
    "EMAIL_ADDRESS": "email",
    "IP_ADDRESS": "ipv6",
    "MAC_ADDRESS": "mac_address",
    "US_SSN": "ssn",
}
SENTENCES = ["{}", "My number is {} thanks.", "Why was {} refused in the store?", "id: {}\nName: x"]


def recall(kind, numbers, sentences):
    """Return the share of numbers that are found with their very offsets."""
    wanted = [(number, one) for number in numbers for one in sentences]
    found = default_detector().scan([one.format(number) for number, one in wanted])
    right = 0
    for (number, one), spans in zip(wanted, found, strict=True):
        at = one.index("{}")
        right += any(s.kind == kind and (s.start, s.end) == (at, at + len(number)) for s in spans)
    return right / len(wanted)


@pytest.mark.parametrize(("kind", "make"), MAKES.items())
def test_numbers_with_a_check_are_found(kind, make):
    numbers = []
    for locale in ["en_US"] if kind == "US_SSN" else LOCALES:
        fake = Faker(locale)
        fake.seed_instance(1788)
        numbers += [getattr(fake, make)() for _ in range(60)]
    assert recall(kind, numbers, SENTENCES) >= 0.99


@pytest.mark.parametrize(
    ("form", "sentences", "least"),
    [
        (PhoneNumberFormat.INTERNATIONAL, ["{}", "Then {} it is"], 0.98),
        (PhoneNumberFormat.E164, ["{}", "Then {} it is"], 0.98),
        (PhoneNumberFormat.NATIONAL, ["My phone number is {}."], 0.85),
        (PhoneNumberFormat.NATIONAL, ["{}", "Then {} it is"], 0.75),
    ],
)
def test_telephones_of_every_country_are_found_as_they_are_printed(form, sentences, least):
    kinds = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
    ]
    numbers = [phonenumbers.format_number(one, form) for one in examples if one]
    assert len(numbers) > 400
    assert recall("PHONE_NUMBER", numbers, sentences) >= least


def test_dates_are_no_telephones_even_where_a_number_is_spoken_of():
    texts = ["My number is 02.07.1971 thanks", "call 09.09.2007", "number 045-89-8100"]
    kinds = Counter(one.kind for spans in default_detector().scan(texts) for one in spans)
    assert kinds == {"DATE_TIME": 2, "US_SSN": 1}
