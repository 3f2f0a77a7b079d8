"""Numbers as mainframes store them: blocks of bytes to Arrow columns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.sources.mainframe.picture import Picture, digit_places
from flyball.data.sources.mainframe.text import Block

__all__ = ["Numbers", "binary", "display", "edited", "floats", "packed", "to_arrow"]

Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_INVALID = 0xFF
_MINUS = 0x10
_TEN = tuple(10**place for place in range(19))


@dataclass(slots=True)
class Numbers:
    """Whole numbers, before the decimal point is set.

    Parameters
    ----------
    low : int64 of shape (rows,)
        The number; with `high`, its lowest 64 bits.
    high : int64 of shape (rows,), optional
        The upper 64 bits of 128, two's complement. None where 64 bits are enough.
    blank : bool of shape (rows,), optional
        Where the field was never filled: nothing but spaces, or nothing but X'00'. None for nowhere.
    bad : bool of shape (rows,), optional
        Where the bytes are no number. None for nowhere.
    """

    low: Int64
    high: Int64 | None = None
    blank: Flags | None = None
    bad: Flags | None = None


def binary(block: Block, *, signed: bool, order: Literal["big", "little"] = "big") -> Numbers:
    """Read two's complement numbers of 1 to 16 bytes."""
    rows, width = block.shape
    if order == "little":
        block = block[:, ::-1]
    if width in (1, 2, 4, 8):
        kind = np.dtype(f">{'i' if signed else 'u'}{width}")
        found = np.ascontiguousarray(block).view(kind).reshape(rows)
        if width < 8 or signed:
            return Numbers(found.astype(np.int64))
        return Numbers(found.astype(np.uint64).view(np.int64), np.zeros(rows, np.int64))
    wide = np.zeros((rows, 16), np.uint8)
    wide[:, 16 - width :] = block
    if signed:
        wide[:, : 16 - width] = np.where(block[:, :1] > 127, 255, 0)
    words = wide.view(">i8").astype(np.int64)
    return Numbers(np.ascontiguousarray(words[:, 1]), np.ascontiguousarray(words[:, 0]))


def packed(block: Block, *, with_sign: bool = True) -> Numbers:
    """Read COMP-3: two digits in a byte, the sign in the last half byte (C, A, E, F plus; D, B minus)."""
    rows, width = block.shape
    body = width - 1 if with_sign else width
    pairs = _as_table(block[:, :body], _PAIRS)
    last = _as_table(block[:, body:], _LAST).reshape(rows) if with_sign else None
    bad = None
    if (pairs.size and pairs.max() == _INVALID) or (last is not None and rows and last.max() == _INVALID):
        bad = (pairs == _INVALID).any(axis=1)
        if last is not None:
            bad |= last == _INVALID
    columns = [(pairs[:, begin : begin + 4], min(4, body - begin) * 2) for begin in range(0, body, 4)]
    if body <= 7:
        low, high = _small(pairs, 100), None
    else:
        low, high = _joined([(_small(part, 100), places) for part, places in columns])
    if last is not None:
        low, high = _appended(low, high, last & 0x0F, 1, total=body * 2 + 1)
        low, high = _negated(low, high, (last & _MINUS) != 0)
    return _without_blanks(Numbers(low, high, None, bad), block)


def display(
    block: Block, *, ebcdic: bool, signed: bool, leading: bool, separate: bool, whole: bool
) -> Numbers:
    """Read zoned digits with the sign in the zone of one digit, or in a character of its own.

    Blanks before the digits count as zeros; behind them only where `whole`, as "12 " with places
    behind the point could be .12 or 12.0.
    """
    rows, width = block.shape
    digits_table, sign_table = (_ZONED, _ZONED_SIGN) if ebcdic else (_ASCII, _ASCII_SIGN)
    if not signed:
        sign_table = bytes(_INVALID if byte & _MINUS else byte for byte in sign_table)
    place = 0 if leading else width - 1
    body = np.delete(block, place, axis=1) if separate else block
    digits = _as_table(body, digits_table)
    minus: Flags | None = None
    odd: Flags | None = None
    if separate:
        marks = block[:, place]
        minus_mark, plus_mark = (0x60, 0x4E) if ebcdic else (0x2D, 0x2B)
        minus = marks == minus_mark
        odd = ~minus & (marks != plus_mark)
    elif signed or (digits.size and digits[:, place].max() == _INVALID):
        sign = _as_table(block[:, place : place + 1], sign_table).reshape(rows)
        minus = (sign & _MINUS) != 0
        minus &= sign != _INVALID
        digits = digits.copy() if not digits.flags.writeable else digits
        digits[:, place] = np.where(sign == _INVALID, _INVALID, sign & 0x0F)
    if digits.size and digits.max() == _INVALID:
        wrong = (digits == _INVALID).any(axis=1)
        odd = wrong if odd is None else odd | wrong
    if digits.shape[1] <= 15:
        low, high = _small(digits, 10), None
    else:
        parts = [(begin, min(9, digits.shape[1] - begin)) for begin in range(0, digits.shape[1], 9)]
        low, high = _joined([(_small(digits[:, at : at + size], 10), size) for at, size in parts])
    if minus is not None:
        low, high = _negated(low, high, minus)
    if odd is None or not odd.any():
        return Numbers(low, high)
    return _looked_at(
        Numbers(low, high), block, odd, ebcdic=ebcdic, signed=signed, point=None if whole else -1
    )


def edited(block: Block, picture: Picture, *, ebcdic: bool) -> Numbers:
    """Read numbers as people write them: a point, a comma, a sign, CR or DB, blanked zeros.

    Whatever does not look like its picture at first sight is read row by row.
    """
    rows = len(block)
    places, point = digit_places(picture)
    if picture.text[:1] in "Ss":  # S999.99: zoned digits around a point
        zoned = display(
            np.delete(block, point, axis=1),
            ebcdic=ebcdic,
            signed=True,
            leading=False,
            separate=False,
            whole=False,
        )
        no_point = block[:, point] != (0x4B if ebcdic else 0x2E)
        if zoned.blank is not None:
            no_point &= ~zoned.blank
        zoned.bad = no_point if zoned.bad is None else zoned.bad | no_point
        return zoned
    text = _as_table(block, _TO_ASCII) if ebcdic else np.ascontiguousarray(block)
    signs = text[:, places]
    trailing = picture.text[-1] in "+-"
    is_digit = (signs >= 0x30) & (signs <= 0x39)
    after = is_digit[:, 1:-1] if trailing else is_digit[:, 1:]
    before = is_digit[:, : after.shape[1]]
    odd: Flags = np.logical_or.reduce(before & ~after, axis=1)
    odd |= ~(is_digit | _LEADS[signs]).all(axis=1) | ~is_digit.any(axis=1)
    if point >= 0:
        odd |= text[:, point] != 0x2E
    others = [place for place in range(text.shape[1]) if place not in places and place != point]
    odd |= ~_LEADS[text[:, others]].all(axis=1)
    if len(places) > 15 or odd.all():
        every = np.ones(rows, np.bool_)
        empty = Numbers(np.zeros(rows, np.int64), np.zeros(rows, np.int64))
        return _looked_at(empty, block, every, ebcdic=ebcdic, signed=True, point=picture.scale)
    digits = np.where(is_digit, signs - 0x30, 0).astype(np.uint8)
    low = _small(digits[:, :-1] if trailing else digits, 10)
    low, high = _negated(low, None, (text == 0x2D).any(axis=1))
    if not odd.any():
        return Numbers(low, high)
    return _looked_at(Numbers(low, high), block, odd, ebcdic=ebcdic, signed=True, point=picture.scale)


def floats(
    block: Block, kind: Literal["ibm", "ibm-little", "ieee", "ieee-little"]
) -> npt.NDArray[np.float64]:
    """Read COMP-1 (4 bytes) and COMP-2 (8 bytes).

    Returns
    -------
    float64 of shape (rows,)
        An IBM single is exact; an IBM double has 56 bits and is rounded to the nearest of 53.

    Source: IBM z/Architecture Principles of Operation, SA22-7832, chapter 18 "Hexadecimal-floating-point".
    """
    rows, width = block.shape
    plain = np.ascontiguousarray(block[:, ::-1] if kind == "ibm-little" else block)
    if kind in ("ieee", "ieee-little"):
        order = "<" if kind == "ieee-little" else ">"
        return plain.view(f"{order}f{width}").reshape(rows).astype(np.float64)
    bits = plain.view(f">u{width}").reshape(rows).astype(np.uint64)
    fraction_bits = np.uint64(width * 8 - 8)
    fraction = (bits & ((np.uint64(1) << fraction_bits) - np.uint64(1))).astype(np.float64)
    exponent = (plain[:, 0] & 0x7F).astype(np.int64)
    values = np.ldexp(fraction, 4 * (exponent - 64) - int(fraction_bits))
    return np.where(plain[:, 0] > 127, -values, values)


def to_arrow(numbers: Numbers, kind: pa.DataType, times: int = 1) -> pa.Array:
    """Return a column of the type; blank and bad rows are null.

    Parameters
    ----------
    numbers : Numbers
    kind : DataType
        int32, int64 or decimal128.
    times : int
        Multiplies every number first: 1000 for 9(5)PPP.
    """
    low, high = numbers.low, numbers.high
    if times > 1:
        low, high = _times_added(low, high, times)
    nulls = numbers.blank if numbers.bad is None else numbers.bad
    if numbers.blank is not None and numbers.bad is not None:
        nulls = numbers.blank | numbers.bad
    mask = nulls if nulls is not None and nulls.any() else None
    if not pa.types.is_decimal(kind):
        if mask is not None:
            low = np.where(mask, 0, low)
        return pa.array(low.astype(kind.to_pandas_dtype()), mask=mask)
    words = np.empty((len(low), 2), np.int64)
    words[:, 0] = low
    words[:, 1] = low >> 63 if high is None else high
    valid = None
    if mask is not None:
        words[mask] = 0
        valid = pa.py_buffer(np.packbits(~mask, bitorder="little"))
    return pa.Array.from_buffers(kind, len(low), [valid, pa.py_buffer(words)])


def _as_table(block: Block, table: bytes) -> Block:
    """Return the block with each byte replaced by what the table has for it."""
    found = np.frombuffer(bytearray(block.tobytes().translate(table)), np.uint8)
    return found.reshape(block.shape)


def _small(digits: Block, base: int) -> Int64:
    """Return the number that up to 15 decimal digits make; exact, as float64 holds 2**53."""
    places = np.array([float(base) ** power for power in range(digits.shape[1] - 1, -1, -1)])
    found: Int64 = (digits.astype(np.float64) @ places).astype(np.int64)
    return found


def _joined(parts: list[tuple[Int64, int]]) -> tuple[Int64, Int64 | None]:
    """Return the number whose decimal digits are those of the parts, one behind the other."""
    low, high = parts[0][0], None
    total = parts[0][1]
    for part, places in parts[1:]:
        total += places
        low, high = _appended(low, high, part, places, total=total)
    return low, high


def _appended(
    low: Int64, high: Int64 | None, part: npt.NDArray[np.generic], places: int, *, total: int
) -> tuple[Int64, Int64 | None]:
    plus = part.astype(np.int64)
    if total <= 18:
        return low * _TEN[places] + plus, None
    return _times_added(low, high, _TEN[places], plus)


def _times_added(
    low: Int64, high: Int64 | None, factor: int, plus: Int64 | None = None
) -> tuple[Int64, Int64 | None]:
    """Return number * factor + plus in 128 bits, by digits of 32 bits; signs are kept."""
    if high is None:
        high = low >> 63
    low, high = low.copy(), high.copy()
    negative = high < 0
    low_, high_ = _negated(low, high, negative)
    words = [low_.view(np.uint64), (high_ if high_ is not None else high).view(np.uint64)]
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    limbs = [words[0] & mask, words[0] >> half, words[1] & mask, words[1] >> half]
    carry = np.zeros(len(low), np.uint64) if plus is None else plus.astype(np.uint64)
    while factor > 1:
        step = min(factor, 10**9)
        factor //= step
        for place, limb in enumerate(limbs):
            product = limb * np.uint64(step) + carry
            limbs[place], carry = product & mask, product >> half
        carry = np.zeros(len(low), np.uint64)
    found_low = (limbs[0] | (limbs[1] << half)).view(np.int64)
    found_high = (limbs[2] | (limbs[3] << half)).view(np.int64)
    return _negated(found_low, found_high, negative)


def _negated(low: Int64, high: Int64 | None, where: Flags) -> tuple[Int64, Int64 | None]:
    if not where.any():
        return low, high
    if high is None:
        return np.where(where, -low, low), None
    with np.errstate(over="ignore"):
        turned_low = -low
        turned_high = ~high + (low == 0)
    return np.where(where, turned_low, low), np.where(where, turned_high, high)


def _without_blanks(numbers: Numbers, block: Block) -> Numbers:
    """Tell packed fields that were never filled from broken ones."""
    if numbers.bad is not None:
        first = block[:, :1]
        blank = ((block == first).all(axis=1)) & ((first[:, 0] == 0) | (first[:, 0] == 0x40))
        numbers.blank = blank & numbers.bad
        numbers.bad &= ~blank
    return numbers


def _looked_at(
    numbers: Numbers, block: Block, odd: Flags, *, ebcdic: bool, signed: bool, point: int | None
) -> Numbers:
    """Read the odd rows one by one, as text."""
    rows = len(block)
    low, high = numbers.low.copy(), numbers.high
    blank, bad = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    if high is not None:
        high = high.copy()
    empty = odd & np.isin(block, (0x40 if ebcdic else 0x20, 0)).all(axis=1)
    blank |= empty
    for row in np.flatnonzero(odd & ~empty):
        raw = block[row].tobytes()
        read = _number_in(raw.translate(_TO_ASCII) if ebcdic else raw, signed=signed, point=point)
        blank[row], bad[row] = read == "blank", read == "bad"
        if isinstance(read, int):
            word = read & 0xFFFFFFFFFFFFFFFF
            low[row] = word - (1 << 64) if word >> 63 else word
            if high is not None:
                high[row] = read >> 64
    return Numbers(low, high, blank, bad)


def _number_in(raw: bytes, *, signed: bool, point: int | None) -> int | Literal["blank", "bad"]:
    """Read a number in ASCII; `point` is the places behind it, -1 for some that no blank may hide."""
    text = raw.decode("latin-1")
    if not text.strip(" \0"):
        return "blank"
    minus = False
    body = text.lstrip(" \0*$")
    if point == -1 and body != body.rstrip(" \0"):
        return "bad"
    body = body.rstrip(" \0*$")
    if body[-2:] in ("CR", "DB"):
        minus, body = True, body[:-2].rstrip()
    if body[:1] in ("+", "-"):
        minus, body = minus or body[0] == "-", body[1:].lstrip(" $*")
    elif body[-1:] in ("+", "-"):
        minus, body = minus or body[-1] == "-", body[:-1].rstrip()
    elif body[-1:] in _PUNCHED or body[:1] in _PUNCHED:
        place = -1 if body[-1:] in _PUNCHED else 0
        sign, digit = _PUNCHED[body[place]]
        minus = sign < 0
        body = body[:-1] + digit if place else digit + body[1:]
    if minus and not signed:
        return "bad"
    if point is not None and point >= 0:
        whole, dot, behind = body.replace(",", "").partition(".")
        if not dot and point:  # V: the point is not written
            whole, behind = whole[:-point], whole[-point:].rjust(point, "0")
        body = whole + behind.ljust(point, "0")
        if len(behind) > point:
            return "bad"
    if not body.isascii() or not body.isdigit():
        return "bad"
    return -int(body) if minus else int(body)


def _table(pairs: dict[int, int]) -> bytes:
    return bytes(pairs.get(byte, _INVALID) for byte in range(256))


_PAIRS = _table({high * 16 + low: high * 10 + low for high in range(10) for low in range(10)})
_LAST = _table(
    {
        digit * 16 + sign: digit | (_MINUS if sign in (0xB, 0xD) else 0)
        for digit in range(10)
        for sign in range(10, 16)
    }
)
_ZONED = _table({0xF0 + digit: digit for digit in range(10)})
_ZONED_SIGN = _table(
    {
        zone * 16 + digit: digit | (_MINUS if zone in (0xB, 0xD) else 0)
        for zone in range(10, 16)
        for digit in range(10)
    }
)
_ASCII = _table({0x30 + digit: digit for digit in range(10)})
_ASCII_SIGN = _table(
    {0x30 + digit: digit for digit in range(10)}
    | {0x70 + digit: digit | _MINUS for digit in range(10)}
    | {ord(sign): digit for digit, sign in enumerate("{ABCDEFGHI")}
    | {ord(sign): digit | _MINUS for digit, sign in enumerate("}JKLMNOPQR")}
)
_PUNCHED = {sign: (1, str(digit)) for digit, sign in enumerate("{ABCDEFGHI")} | {
    sign: (-1, str(digit)) for digit, sign in enumerate("}JKLMNOPQR")
}
_LEADS = np.isin(np.arange(256), [ord(sign) for sign in " ,+-$*"])
_TO_ASCII = bytes(range(256)).decode("cp037").encode("latin-1", "replace")
