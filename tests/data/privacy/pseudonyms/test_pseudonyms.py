"""Keys, tokens and pseudonyms of the same form."""

import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.data.privacy.pseudonyms.errors import NotAPseudonym
from flyball.data.privacy.pseudonyms.formats import TooShort, keep_form, restore_form
from flyball.data.privacy.pseudonyms.keys import KeyRing, open_keys
from flyball.data.privacy.pseudonyms.tokens import TOKEN, tokens_of, values_of

KEY, OTHER = bytes(range(32)).hex(), bytes(range(100, 132)).hex()


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("KEY_1", KEY)
    monkeypatch.setenv("KEY_2", OTHER)
    return open_keys({"k1": {"env": "KEY_1"}})


@pytest.mark.parametrize(
    ("alphabet", "value"),
    [
        ("digits", "123-45-6789"),
        ("digits", "4012 8888 8888 1881"),
        ("capitals", "DE89 3704 0044 0532 0130 00"),
        ("letters", "Ada.Lovelace1815"),
        ("digits", "(tel) 030/1234567"),
    ],
)
def test_a_pseudonym_has_the_form_of_its_value_and_gives_it_back(alphabet, value):
    (made,) = keep_form([value], alphabet=alphabet, key=bytes(32), tweak=b"d")
    assert made != value
    assert [one if not one.isalnum() else "" for one in made] == [
        one if not one.isalnum() else "" for one in value
    ]
    assert [one.isdigit() for one in made] == [one.isdigit() for one in value] or alphabet != "digits"
    assert restore_form([made], alphabet=alphabet, key=bytes(32), tweak=b"d") == [value]
    assert restore_form([made], alphabet=alphabet, key=bytes(32), tweak=b"e") != [value]


def test_a_card_number_becomes_one_with_a_right_check_digit():
    """4012 8888 8888 1881 ends in its Luhn digit 1."""
    values = ["4012 8888 8888 1881", "5105-1051-0510-5100"]
    made = keep_form(values, alphabet="digits", key=bytes(32), tweak=b"card", check_digit=True)
    for one in made:
        digits = [int(digit) for digit in one if digit.isdigit()]
        doubled = [d * 2 - 9 * (d > 4) if (len(digits) - n) % 2 == 0 else d for n, d in enumerate(digits)]
        assert sum(doubled) % 10 == 0
    assert restore_form(made, alphabet="digits", key=bytes(32), tweak=b"card", check_digit=True) == values
    with pytest.raises(BadInput, match="value 0 is not its check digit"):
        keep_form(["4012888888881882"], alphabet="digits", key=bytes(32), tweak=b"", check_digit=True)


@pytest.mark.parametrize("alphabet", ["capitals", "letters"])
def test_a_check_digit_among_letters_is_refused_as_its_value_could_not_be_had_back(alphabet):
    with pytest.raises(BadInput, match=f"got the alphabet '{alphabet}'"):
        keep_form(["ABCD12344X"], alphabet=alphabet, key=bytes(32), tweak=b"", check_digit=True)


def test_a_value_that_could_be_guessed_is_refused_by_its_number():
    with pytest.raises(TooShort, match="Value 1 has 5 of the characters"):
        keep_form(["123456", "12345x"], alphabet="digits", key=bytes(32), tweak=b"")


def test_tokens_are_equal_for_equal_values_of_one_domain_only(keys):
    first = tokens_of(["Ada", "Bob", "Ada", ""], kind="PERSON", domain="customer", keys=keys)
    assert first[0] == first[2] != first[1]
    assert all(TOKEN.fullmatch(token) for token in first)
    assert tokens_of(["Ada"], kind="PERSON", domain="staff", keys=keys) != first[:1]
    assert values_of(first, domain="customer", keys=keys) == ["Ada", "Bob", "Ada", ""]


def test_a_token_does_not_tell_the_length_of_a_name(keys):
    short, longer = tokens_of(["Al", "Albert"], kind="PERSON", domain="d", keys=keys)
    assert len(short) == len(longer)


def test_another_domain_a_changed_letter_and_another_key_reveal_nothing(keys):
    (token,) = tokens_of(["Ada"], kind="PERSON", domain="customer", keys=keys)
    changed = token[:-1] + ("a" if token[-1] != "a" else "b")
    other = KeyRing("k1", open_keys({"k1": {"env": "KEY_2"}}).secrets)
    for wrong, domain, ring in [
        (token, "staff", keys),
        (changed, "customer", keys),
        (token.replace("PERSON", "PLACE"), "customer", keys),
        ("Ada", "customer", keys),
        (token, "customer", other),
    ]:
        with pytest.raises(NotAPseudonym, match="Number 0 is no token"):
            values_of([wrong], domain=domain, keys=ring)


def test_old_tokens_stay_readable_when_the_key_changes(keys):
    (old,) = tokens_of(["Ada"], kind="PERSON", domain="d", keys=keys)
    both = open_keys({"k1": {"env": "KEY_1"}, "k2": {"env": "KEY_2"}}, current="k2")
    (new,) = tokens_of(["Ada"], kind="PERSON", domain="d", keys=both)
    assert new.split("_")[1] == "k2"
    assert values_of([old, new], domain="d", keys=both) == ["Ada", "Ada"]
    with pytest.raises(UnknownName, match="No key is called 'k2'"):
        values_of([new], domain="d", keys=keys)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("00" * 32, "it is not random"),
        ("ab" * 16, "it has 16 bytes"),
        ("not a key!", "neither hexadecimal nor"),
    ],
)
def test_a_weak_key_is_refused(monkeypatch, value, why):
    monkeypatch.setenv("KEY_1", value)
    with pytest.raises(BadInput, match=why) as refused:
        open_keys({"k1": {"env": "KEY_1"}}).derive("d", "ff1", 32)
    assert value not in str(refused.value)


def test_a_ring_says_which_key_is_in_use(keys):
    with pytest.raises(BadInput, match="current_key names ''"):
        open_keys({"k1": {"env": "A"}, "k2": {"env": "B"}})
    with pytest.raises(BadInput, match="got 'K_1'"):
        open_keys({"K_1": {"env": "A"}})
    assert KEY not in repr(keys)
    assert len({keys.derive("a", "ff1", 32), keys.derive("b", "ff1", 32), keys.derive("a", "hash", 32)}) == 3
