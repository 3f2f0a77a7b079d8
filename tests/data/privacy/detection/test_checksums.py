"""By hand.

Luhn: 79927398713 doubles 1, 8, 3, 2, 9 (from the right: 2, 16, 6, 4, 18 -> 2, 7, 6, 4, 9, together 28, with
3, 7, 9, 7, 9, 7 = 42: 70). MOD 97-10: GB82 WEST 1234 5698 7654 32 is the registry's example.
Verhoeff: 236 has the check digit 3. MOD 11,10: 1367 6959 0 -> DE136695976.
"""

from flyball.data.privacy.detection.checksums import (
    bare,
    digits_of,
    iso_7064_mod_11_10,
    luhn,
    mod_97,
    verhoeff,
    weighted,
)


def only_last_digit_that_holds(check, stem):
    return [last for last in range(10) if check(digits_of(f"{stem}{last}"))]


def test_luhn():
    assert only_last_digit_that_holds(luhn, "7992739871") == [3]


def test_verhoeff():
    assert only_last_digit_that_holds(verhoeff, "236") == [3]


def test_mod_11_10():
    assert only_last_digit_that_holds(iso_7064_mod_11_10, "13669597") == [6]


def test_mod_97():
    assert mod_97("GB82WEST12345698765432")
    assert not mod_97("GB83WEST12345698765432")


def test_a_weighted_sum_ends_with_the_shorter():
    assert weighted([1, 2, 3], (10, 1)) == 12


def test_separators_are_left_out():
    assert bare("de 89-3704.x") == "DE893704X"
    assert digits_of("12 a3") == [1, 2, 3]
