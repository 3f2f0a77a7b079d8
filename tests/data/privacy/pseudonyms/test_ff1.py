"""The nine FF1 samples that NIST publishes with SP 800-38G, and what holds for every value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.privacy.pseudonyms.ff1 import decrypt, encrypt

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEYS = {
    128: "2B7E151628AED2A6ABF7158809CF4F3C",
    192: "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F",
    256: "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94",
}
TWEAK, LONG_TWEAK = "39383736353433323130", "3737373770717273373737"


def numerals(text):
    return np.array([[LETTERS.index(one) for one in text]], dtype=np.int64)


def text(rows):
    return "".join(LETTERS[one] for one in rows[0])


@pytest.mark.parametrize(
    ("bits", "radix", "tweak", "plain", "cipher"),
    [
        (128, 10, "", "0123456789", "2433477484"),
        (128, 10, TWEAK, "0123456789", "6124200773"),
        (128, 36, LONG_TWEAK, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
        (192, 10, "", "0123456789", "2830668132"),
        (192, 10, TWEAK, "0123456789", "2496655549"),
        (192, 36, LONG_TWEAK, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
        (256, 10, "", "0123456789", "6657667009"),
        (256, 10, TWEAK, "0123456789", "1001623463"),
        (256, 36, LONG_TWEAK, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_samples_of_nist_come_out(bits, radix, tweak, plain, cipher):
    key, tweak = bytes.fromhex(KEYS[bits]), bytes.fromhex(tweak)
    assert text(encrypt(key, numerals(plain), radix=radix, tweak=tweak)) == cipher
    assert text(decrypt(key, numerals(cipher), radix=radix, tweak=tweak)) == plain


@given(st.integers(2, 62), st.integers(6, 40), st.binary(max_size=40), st.randoms(use_true_random=False))
def test_every_value_comes_back(radix, length, tweak, random):
    length = max(length, int(np.ceil(np.log(1_000_000) / np.log(radix))) + 1)
    rows = np.array([[random.randrange(radix) for _ in range(length)] for _ in range(3)], dtype=np.int64)
    key = bytes(range(32))
    made = encrypt(key, rows, radix=radix, tweak=tweak)
    assert made.shape == rows.shape
    assert ((made >= 0) & (made < radix)).all()
    assert (decrypt(key, made, radix=radix, tweak=tweak) == rows).all()


def test_different_values_have_different_pseudonyms_over_a_whole_domain():
    """All 20 ** 5 = 3,200,000 are too many for a test; every 16th of them is 200,000."""
    numbers = np.arange(0, 20**5, 16)
    rows = np.stack([numbers // 20**place % 20 for place in range(4, -1, -1)], axis=1)
    made = encrypt(bytes(range(32)), rows, radix=20)
    assert len(np.unique(made, axis=0)) == len(numbers)


def test_all_rows_at_once_are_what_each_row_is_alone():
    rows = np.random.default_rng(7).integers(0, 10, (20, 9))
    together = encrypt(bytes(range(32)), rows, radix=10, tweak=b"t")
    alone = [encrypt(bytes(range(32)), rows[n : n + 1], radix=10, tweak=b"t")[0] for n in range(20)]
    assert (together == np.array(alone)).all()


@pytest.mark.parametrize(("radix", "length"), [(10, 5), (2, 19), (62, 3), (10, 0), (1_000, 1)])
def test_a_domain_that_could_be_tried_through_is_refused(radix, length):
    with pytest.raises(BadInput, match="fewer than 1,000,000"):
        encrypt(bytes(32), np.zeros((1, length), dtype=np.int64), radix=radix)


@pytest.mark.parametrize(
    ("key", "radix", "tweak"), [(bytes(31), 10, b""), (bytes(32), 1, b""), (bytes(32), 10, bytes(256))]
)
def test_wrong_arguments_are_refused(key, radix, tweak):
    with pytest.raises(BadInput, match="FF1 takes"):
        encrypt(key, np.zeros((1, 20), dtype=np.int64), radix=radix, tweak=tweak)


def test_a_numeral_outside_the_radix_is_refused():
    with pytest.raises(BadInput, match="outside 0 to 9"):
        encrypt(bytes(32), np.array([[1, 2, 3, 4, 5, 6, 10]]), radix=10)
