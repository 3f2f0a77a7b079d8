"""Numbers are held against bytes made by hand, and against encoders that go digit by digit."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.sources.mainframe.numbers import binary, display, edited, floats, packed, to_arrow
from flyball.data.sources.mainframe.picture import parse_picture


def block(*rows):
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def values(numbers, kind):
    return to_arrow(numbers, kind).to_pylist()


def as_packed(number, digits):
    text = str(abs(number)).rjust(digits | 1, "0") + ("D" if number < 0 else "C")
    return bytes.fromhex(text)


def as_zoned(number, digits):
    text = str(abs(number)).rjust(digits, "0").encode("cp037")
    return text[:-1] + bytes([(0xD0 if number < 0 else 0xC0) | (text[-1] & 0x0F)])


def in_ascii(number, digits):
    """Return what GnuCOBOL writes: p to y for a last digit of a negative number."""
    text = str(abs(number)).rjust(digits, "0").encode()
    return text[:-1] + bytes([text[-1] + 0x40]) if number < 0 else text


def signed_numbers(digits):
    return st.lists(st.integers(-(10**digits) + 1, 10**digits - 1), min_size=1, max_size=20)


@given(st.integers(1, 38).flatmap(lambda digits: st.tuples(st.just(digits), signed_numbers(digits))))
def test_packed_and_zoned_numbers_of_any_width_keep_every_digit(case):
    digits, numbers = case
    exact = pa.decimal128(38, 0)
    wide = [Decimal(number) for number in numbers]
    assert values(packed(block(*[as_packed(number, digits) for number in numbers])), exact) == wide
    zoned = block(*[as_zoned(number, digits) for number in numbers])
    how = {"signed": True, "leading": False, "separate": False, "whole": True}
    assert values(display(zoned, ebcdic=True, **how), exact) == wide
    plain = block(*[in_ascii(number, digits) for number in numbers])
    assert values(display(plain, ebcdic=False, **how), exact) == wide


@given(st.sampled_from([1, 2, 4, 8, 13, 16]), st.booleans(), st.binary(min_size=16, max_size=160))
def test_binary_numbers_are_twos_complement(width, signed, raw):
    rows = [raw[begin : begin + width] for begin in range(0, len(raw) - width + 1, width)]
    for order in ("big", "little"):
        numbers = binary(block(*rows), signed=signed, order=order)
        found = [
            (int(low) if numbers.high is None else (int(high) << 64) + (int(low) & (1 << 64) - 1))
            for low, high in zip(
                numbers.low, numbers.high if numbers.high is not None else numbers.low, strict=True
            )
        ]
        expected = [int.from_bytes(row, order, signed=signed) for row in rows]
        if width == 16 and not signed:  # all 128 bits are used: nothing is left for the sign
            expected = [number - (1 << 128) if number >> 127 else number for number in expected]
        assert found == expected


def test_every_sign_that_ibm_knows():
    """C, A, E and F are plus; D and B are minus; a digit is no sign."""
    found = packed(block(*[bytes([0x12, 0x30 | sign]) for sign in (0xC, 0xA, 0xE, 0xF, 0xD, 0xB, 0x9)]))
    assert values(found, pa.int32()) == [123, 123, 123, 123, -123, -123, None]
    assert found.bad.tolist() == [False] * 6 + [True]


def test_packed_bytes_that_are_no_number_are_bad_and_never_zero():
    found = packed(block(b"\x1a\x2c", b"\xa1\x2c", b"\x00\x00", b"\x40\x40", b"\xff\xff"))
    assert found.bad.tolist() == [True, True, False, False, True]
    assert found.blank.tolist() == [False, False, True, True, False]
    assert values(found, pa.int32()) == [None] * 5


def zoned(*texts, signed=True, leading=False, separate=False, whole=True):
    rows = [text.encode("cp037") for text in texts]
    return display(block(*rows), ebcdic=True, signed=signed, leading=leading, separate=separate, whole=whole)


def test_overpunched_signs_stand_in_the_first_or_the_last_digit():
    """{ and A to I are +0 to +9, } and J to R are -0 to -9."""
    assert values(zoned("12C", "12L", "12}", "123"), pa.int32()) == [123, -123, -120, 123]
    assert values(zoned("A23", "J23", leading=True), pa.int32()) == [123, -123]
    assert values(zoned("+123", "-123", leading=True, separate=True), pa.int32()) == [123, -123]
    assert values(zoned("123+", "123-", separate=True), pa.int32()) == [123, -123]


def test_an_unsigned_field_may_have_a_plus_and_no_minus():
    found = zoned("123", "12C", "12L", signed=False)
    assert values(found, pa.int32()) == [123, 123, None]
    assert found.bad.tolist() == [False, False, True]


def test_blanks_before_digits_are_zeros_and_a_blank_field_is_no_number():
    found = zoned("  7", "7  ", "   ", "7 7", "x12", "\0\0\0")
    assert values(found, pa.int32()) == [7, 7, None, None, None, None]
    assert found.blank.tolist() == [False, False, True, False, False, True]
    assert found.bad.tolist() == [False, False, False, True, True, False]
    assert zoned("  7", "7  ", whole=False).bad.tolist() == [False, True]


@pytest.mark.parametrize(
    ("picture", "text", "number"),
    [
        ("-Z(4)9.99", "-   12.34", -1234),
        ("-Z(4)9.99", " 12345.67", 1234567),
        ("Z(4)9.99-", "   12.34-", -1234),
        ("+9(3)", "-012", -12),
        ("$ZZ,ZZ9.99CR", "$ 1,234.50CR", -123450),
        ("$ZZ,ZZ9.99CR", "$     0.05  ", 5),
        ("$$,$$9.99", "   $12.34", 1234),
        ("***9.99", "**12.34"[:7], 1234),
        ("Z(3)VZZ-", "  1 5-", None),
        ("Z(3)VZZ-", "  105-", -105),
        ("9(3).99", "12.345", None),
        ("ZZ9", "a12", None),
        ("S9(3).99", "012.3D", 1234),
        ("S9(3).99", "012.3M", -1234),
        ("S9(3).99", "0123.4", None),
    ],
)
def test_edited_numbers_are_read_as_people_wrote_them(picture, text, number):
    parsed = parse_picture(picture)
    assert len(text) == parsed.size
    expected = [None if number is None else Decimal(number).scaleb(-parsed.scale)]
    kind = pa.decimal128(18, parsed.scale)
    for ebcdic in (True, False):
        raw = text.encode("cp037" if ebcdic else "ascii")
        assert to_arrow(edited(block(raw), parsed, ebcdic=ebcdic), kind).to_pylist() == expected


def test_ibm_floats_are_exact():
    """By hand: C276A000 = -(76A000 / 2**24) * 16**2 = -118.625; 41100000 = 1; 40400000 = 1/4."""
    single = block(*map(bytes.fromhex, ["C276A000", "41100000", "40400000", "00000000", "7FFFFFFF"]))
    most = (1 - 2.0**-24) * 16.0**63
    assert floats(single, "ibm").tolist() == [-118.625, 1.0, 0.25, 0.0, most]
    double = block(*map(bytes.fromhex, ["C276A00000000000", "4110000000000001"]))
    assert floats(double, "ibm").tolist() == [-118.625, 1.0 + 2.0**-52]


def test_ieee_floats_in_both_orders():
    assert floats(block(bytes.fromhex("C2ED4000")), "ieee").tolist() == [-118.625]
    assert floats(block(bytes.fromhex("0040EDC2")), "ieee-little").tolist() == [-118.625]


def test_scaled_numbers_are_multiplied_before_they_become_decimals():
    """99999 thousand, and 20 digits times 10**10: beyond 64 bits."""
    numbers = packed(block(as_packed(-99999, 5)))
    assert to_arrow(numbers, pa.int32(), 1000).to_pylist() == [-99999000]
    large = packed(block(as_packed(-12345678901234567890, 20)))
    assert to_arrow(large, pa.decimal128(38, 0), 10**10).to_pylist() == [
        Decimal(-(12345678901234567890 * 10**10))
    ]
