"""What each treatment makes of a value, worked out by hand."""

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa
import pytest

from flyball.data.privacy.pseudonyms.keys import open_keys
from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.treatment import TREATMENTS, Tools


@dataclass(frozen=True)
class Found:
    start: int
    end: int
    kind: str


def finds_ada(texts):
    return [
        [Found(text.index("Ada"), text.index("Ada") + 3, "PERSON")] if "Ada" in text else [] for text in texts
    ]


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setenv("KEY_1", bytes(range(32)).hex())
    return Tools(scan=finds_ada, keys=open_keys({"k1": {"env": "KEY_1"}}))


def treated(name, values, tools, **settings):
    return TREATMENTS.load(name)("c", settings, tools).treat(values).to_pylist()


def test_redact_covers_the_whole_value_or_what_is_found(tools):
    texts = pa.array(["Ask Ada, not me", "nobody", None])
    assert treated("redact", texts, tools) == ["[REDACTED]", "[REDACTED]", None]
    assert treated("redact", texts, tools, find="personal data") == ["Ask [PERSON], not me", "nobody", None]
    with pytest.raises(BadTreatment, match="there is no detector"):
        treated("redact", texts, Tools(), find="personal data")


def test_mask_keeps_the_last_digits_and_the_separators(tools):
    cards = pa.array(["4012-8888-8888-1881", "Ada 12", None])
    assert treated("mask", cards, tools, last=4) == ["9999-9999-9999-1881", "xxx 99", None]
    assert treated("mask", cards, tools) == ["9999-9999-9999-9999", "xxx 99", None]


def test_a_short_value_is_masked_whole(tools):
    assert treated("mask", pa.array(["12345678", "123456789"]), tools, last=4) == ["99999999", "999996789"]


def test_generalise_goes_to_the_beginning_of_a_month_a_year_a_decade(tools):
    days = pa.array([dt.date(1987, 5, 14), None])
    assert treated("generalise", days, tools, to="month") == [dt.date(1987, 5, 1), None]
    assert treated("generalise", days, tools, to="year") == [dt.date(1987, 1, 1), None]
    assert treated("generalise", days, tools, to="decade") == [dt.date(1980, 1, 1), None]


def test_generalise_puts_numbers_in_bands(tools):
    ages = pa.array([17, 34, 39, 91, None])
    assert treated("generalise", ages, tools, to="band", size=10) == [10, 30, 30, 90, None]
    assert treated("generalise", ages, tools, to="band", size=10, top=80) == [10, 30, 30, 80, None]


def test_generalise_cuts_codes_and_addresses(tools):
    assert treated("generalise", pa.array(["94110", None]), tools, to="prefix", size=3) == ["941", None]
    addresses = pa.array(["192.168.7.9", "2001:db8:1:2::5"])
    assert treated("generalise", addresses, tools, to="network") == ["192.168.7.0/24", "2001:db8:1::/48"]


def test_generalise_says_what_it_can_do(tools):
    with pytest.raises(BadTreatment, match="cannot be generalised to 'band' with size 0"):
        TREATMENTS.load("generalise")("c", {"to": "band"}, tools)


def test_a_keyed_hash_needs_a_key_and_depends_on_its_domain(tools):
    values = pa.array(["a", "b", "a", None])
    one = treated("keyed_hash", values, tools)
    assert one[0] == one[2] != one[1]
    assert one[3] is None
    assert treated("keyed_hash", values, tools, domain="other")[0] != one[0]
    with pytest.raises(BadTreatment, match=r"\[privacy.keys\] names none"):
        treated("keyed_hash", values, Tools())


def test_pseudonyms_of_integers_are_integers_and_one_to_one(tools):
    values = pa.array([7, 123456789, None, 7, 10**18 - 1])
    made = treated("pseudonymise", values, tools, alphabet="digits")
    assert made[0] == made[3]
    assert made[2] is None
    assert len({*made}) == 4
    assert all(0 <= one < 10**18 for one in made if one is not None)
    with pytest.raises(BadTreatment, match="negative or has more than 18 digits"):
        treated("pseudonymise", pa.array([-1]), tools, alphabet="digits")


def test_pseudonyms_in_a_free_text_replace_what_is_found(tools):
    (text,) = treated("pseudonymise", pa.array(["Ask Ada, not me"]), tools, find="personal data", domain="p")
    assert text.startswith("Ask PERSON_k1_")
    assert text.endswith(", not me")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"alphabet": "runes"}, "alphabet is 'runes'"),
        ({"find": "names"}, "find is 'names'"),
        ({"kind": "person"}, "kind is 'person'"),
        ({"kind": "_PERSON"}, "kind is '_PERSON'"),
        ({"kind": "A" * 41}, "kind is 'A+'"),
        ({"check_digit": True}, "a token has no check digit"),
        ({"alphabet": "capitals", "check_digit": True}, "capitals have no check digit"),
        ({"alphabet": "digits", "find": "personal data"}, "alphabet is 'digits'"),
    ],
)
def test_pseudonymise_says_what_it_cannot_do(tools, settings, why):
    with pytest.raises(BadTreatment, match=why):
        TREATMENTS.load("pseudonymise")("c", settings, tools)
