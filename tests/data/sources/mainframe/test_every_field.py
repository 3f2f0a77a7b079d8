"""Every kind of field, written by a small encoder of its own and read back value by value.

The encoder below knows nothing of the decoder: it writes one value at a time, as the manuals say.
"""

import json
import random
import struct
from decimal import Decimal

import pytest

from flyball.data.sources.mainframe.records import json_lines

PUNCHED = "{ABCDEFGHI", "}JKLMNOPQR"
PAGE = "cp1047"


def zoned(value, digits, *, signed, leading=False, separate=False, page=PAGE):
    text = str(abs(value)).rjust(digits, "0")
    if separate:
        mark = "-" if value < 0 else "+"
        return (mark + text if leading else text + mark).encode(page)
    if signed:
        place = 0 if leading else digits - 1
        text = text[:place] + PUNCHED[value < 0][int(text[place])] + text[place + 1 :]
    raw = bytearray(text.encode(page))
    if signed:  # the overpunched byte is C0 to D9 in every page
        place = 0 if leading else digits - 1
        raw[place] = (0xD0 if value < 0 else 0xC0) + int(str(abs(value)).rjust(digits, "0")[place])
    return bytes(raw)


def packed(value, digits, *, signed):
    nibbles = str(abs(value)).rjust(digits, "0") + ("D" if value < 0 else "C" if signed else "F")
    return bytes.fromhex(nibbles.rjust(digits + 1 + (digits + 1) % 2, "0"))


def binary(value, digits, *, signed, order="big"):
    size = 2 if digits < 5 else 4 if digits < 10 else 8
    return value.to_bytes(size, order, signed=signed)


def hex_float(value, size):
    """Write IBM's form: a sign, 7 bits of a power of 16 above 64, and a fraction below 1."""
    if value == 0:
        return bytes(size)
    power, fraction = 0, abs(value)
    while fraction >= 1:
        fraction, power = fraction / 16, power + 1
    while fraction < 1 / 16:
        fraction, power = fraction * 16, power - 1
    mantissa = int(fraction * 16 ** (2 * size - 2))
    return bytes([(0x80 if value < 0 else 0) | (64 + power)]) + mantissa.to_bytes(size - 1, "big")


def field(clause, writer, *, digits, scale=0, signed):
    """Return (clause, writer of a whole number, digits, scale, signed)."""
    return clause, writer, digits, scale, signed


def fields():
    found = []
    for digits, scale in [(1, 0), (4, 0), (5, 2), (9, 0), (10, 3), (17, 2), (18, 0)]:
        for signed in (False, True):
            picture = f"{'S' * signed}9({digits - scale}){f'V9({scale})' if scale else ''}"
            kinds = [
                (
                    "DISPLAY",
                    lambda value, digits=digits, signed=signed: zoned(value, digits, signed=signed),
                ),
                ("COMP-3", lambda value, digits=digits, signed=signed: packed(value, digits, signed=signed)),
                (
                    "PACKED-DECIMAL",
                    lambda value, digits=digits, signed=signed: packed(value, digits, signed=signed),
                ),
            ] + [
                (usage, lambda value, digits=digits, signed=signed: binary(value, digits, signed=signed))
                for usage in ("COMP", "BINARY", "COMP-4", "COMP-5")
            ]
            if signed:
                kinds += [
                    (
                        "SIGN LEADING",
                        lambda value, digits=digits: zoned(value, digits, signed=True, leading=True),
                    ),
                    (
                        "SIGN IS LEADING SEPARATE",
                        lambda value, digits=digits: zoned(
                            value, digits, signed=True, leading=True, separate=True
                        ),
                    ),
                    (
                        "SIGN TRAILING SEPARATE CHARACTER",
                        lambda value, digits=digits: zoned(value, digits, signed=True, separate=True),
                    ),
                ]
            found += [
                field(f"PIC {picture} {usage}", writer, digits=digits, scale=scale, signed=signed)
                for usage, writer in kinds
            ]
    return found


FIELDS = fields()
COPYBOOK = "       01  EVERY.\n" + "".join(
    f"           05  FIELD-{number:03d}\n               {clause}.\n"
    for number, (clause, *_) in enumerate(FIELDS)
)


def values(seed):
    """Return a whole number for each field: the ends of its range first, then any."""
    chance = random.Random(seed)  # noqa: S311 - the same values in every run
    for _, _, digits, _, signed in FIELDS:
        most = 10**digits - 1
        least = -most if signed else 0
        yield {0: most, 1: least, 2: 0}.get(seed, chance.randint(least, most))


@pytest.mark.parametrize("form", ["F", "V", "VB", "FB", "little"])
def test_every_usage_sign_and_frame_comes_back_digit_by_digit(tmp_path, form):
    rows = [list(values(seed)) for seed in range(12)]
    records = [
        b"".join(writer(value) for (_, writer, *_), value in zip(FIELDS, row, strict=True)) for row in rows
    ]
    size = len(records[0])
    word = (size + 4).to_bytes(2, "big") + b"\0\0"
    raw = {
        "F": b"".join(records),
        "V": b"".join(word + one for one in records),
        "little": b"".join(b"\0\0" + size.to_bytes(2, "little") + one for one in records),
        "VB": b"".join(
            (2 * size + 12).to_bytes(2, "big") + b"\0\0" + word + one + word + other
            for one, other in zip(records[::2], records[1::2], strict=True)
        ),
        "FB": b"".join(word + one for one in records),
    }[form]
    (tmp_path / "every.dat").write_bytes(raw)
    settings = {"copybook_text": COPYBOOK, "path": tmp_path / "every.dat", "code_page": PAGE}
    lines = json_lines(settings | {"record_format": "V" if form == "little" else form})
    found = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    assert len(found) == len(rows)
    for row, record in zip(rows, found, strict=True):
        for number, (clause, _, _, scale, _) in enumerate(FIELDS):
            expected = Decimal(row[number]).scaleb(-scale)
            assert str(record[f"FIELD-{number:03d}"]) == f"{expected:.{scale}f}", clause


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.1, -118.625, 5e-20, 3.5e20, 123456.789])
def test_floats_of_four_kinds(tmp_path, value):
    """A single of IBM has 21 to 24 bits, so what comes back is what fits into them."""
    single = struct.unpack(">f", struct.pack(">f", value))[0]
    copybook = "01 R. 05 A COMP-1. 05 B COMP-2."
    for form, raw in {
        "IBM": hex_float(value, 4) + hex_float(value, 8),
        "ibm_little_endian": hex_float(value, 4)[::-1] + hex_float(value, 8)[::-1],
        "IEEE754": struct.pack(">fd", value, value),
        "IEEE754_little_endian": struct.pack("<fd", value, value),
    }.items():
        (tmp_path / "r.dat").write_bytes(raw)
        settings = {"copybook_text": copybook, "path": tmp_path / "r.dat", "floating_point_format": form}
        row = json.loads(next(json_lines(settings)))
        assert row["B"] == pytest.approx(value, rel=2**-52)
        assert row["A"] == pytest.approx(single, rel=2**-20)


def test_numbers_in_x_are_as_long_as_their_bytes(tmp_path):
    copybook = """01 R. 05 A PIC X(4) COMP-3U. 05 B PIC 9(6)V99 COMP-3U. 05 C PIC X(3) COMP-5.
       05 D PIC 9(4) COMP-9. 05 E BINARY-CHAR. 05 F BINARY-CHAR UNSIGNED."""
    (tmp_path / "r.dat").write_bytes(bytes.fromhex("12345678 00012345 FFFFFF 0102 FEFE"))
    line = next(json_lines({"copybook_text": copybook, "path": tmp_path / "r.dat"}))
    assert line == '{"A":12345678,"B":123.45,"C":16777215,"D":513,"E":-2,"F":254}'


def test_a_copybook_as_people_keep_them(tmp_path):
    """Numbers around the code, a tab, small letters, CRLF, values over lines, levels 66 and 88."""
    lines = [
        "000100*****************************************************************",
        "000300 01  cust-rec.",
        "000400\t   05  1st-name    pic x(6) value 'it''s. a \"dot\"'.",
        "000500     05  cust-id     PIC  9(04)  COMP-3  VALUE ZERO.",
        "000600         88  is-vip  VALUES ARE 1 THRU 10,",
        "000700                                20, 30.",
        '000800     05  LONG-TEXT   PIC X(4) VALUE "A text that goes on an',
        '000900-    "d on in the next line".',
        "001100     05  rate        PIC 9(3).99.",
        "001200     05  scaled      PIC 9(3)P(3).",
        "001300     05  tiny        PIC VP(2)9(2).",
        "001400     05  shown       PIC ZZ,ZZ9.99-  BLANK WHEN ZERO.",
        "001500     05  right-one   PIC X(6) JUSTIFIED RIGHT.",
        "001600     05  how-many    PIC 9.",
        "001700     05  part OCCURS 1 TO 3 TIMES DEPENDING ON how-many",
        "001800             ASCENDING KEY IS pk INDEXED BY ix-1, ix-2.",
        "001900         10  pk      PIC X(2).",
        "002000 66  renamed RENAMES cust-id THRU rate.",
    ]
    (tmp_path / "c.cpy").write_bytes("\r\n".join(f"{line:<72}{line[:6]:>08}" for line in lines).encode())
    first = "Zoë   ".encode("cp037") + bytes.fromhex("01234C")
    rest = "text" + "123.45" + "012" + "34" + " 1,234.50-" + "  left" + "2" + "aabb"
    second = "Bob   ".encode("cp037") + bytes.fromhex("00000F")
    blank = "text" + "000.00" + "012" + "34" + " " * 10 + "  left" + "1" + "cc"
    (tmp_path / "c.dat").write_bytes(first + rest.encode("cp037") + second + blank.encode("cp037"))
    found = json_lines(
        {"copybook": tmp_path / "c.cpy", "path": tmp_path / "c.dat", "variable_size_occurs": True}
    )
    assert list(found) == [
        '{"1st-name":"Zoë","cust-id":1234,"LONG-TEXT":"text","rate":123.45,"scaled":12000,"tiny":0.0034,'
        '"shown":-1234.50,"right-one":"left","how-many":2,"part":[{"pk":"aa"},{"pk":"bb"}]}',
        '{"1st-name":"Bob","cust-id":0,"LONG-TEXT":"text","rate":0.00,"scaled":12000,"tiny":0.0034,'
        '"shown":null,"right-one":"left","how-many":1,"part":[{"pk":"cc"}]}',
    ]
