"""Pseudonyms of the same form as the value: digits stay digits, separators stay where they are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.data.privacy.pseudonyms import ff1

__all__ = ["ALPHABETS", "TooShort", "keep_form", "restore_form"]

ALPHABETS = {
    "digits": "0123456789",
    "capitals": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "letters": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
}
"""What is replaced; every other character stays as it is, where it is."""


class _Cipher(Protocol):
    def __call__(
        self, key: bytes, numerals: npt.NDArray[np.int64], *, radix: int, tweak: bytes
    ) -> npt.NDArray[np.int64]: ...


class TooShort(BadInput):
    """A value has so few characters of the alphabet that all of them could be tried."""

    code = "privacy.too_short"


def keep_form(
    values: Sequence[str], *, alphabet: str, key: bytes, tweak: bytes, check_digit: bool = False
) -> list[str]:
    """Return pseudonyms of the form of the values: one to one among values of one length.

    Parameters
    ----------
    values : sequence of str, shape (n,)
    alphabet : str
        A name in `ALPHABETS`.
    key : bytes
        32 bytes.
    tweak : bytes
        At most 255 bytes.
    check_digit : bool
        The last digit is a Luhn digit: it is left out and worked out again, so that a card number
        becomes a number that passes for one. Values whose digit is wrong are refused.

    Returns
    -------
    list of str, shape (n,)

    Raises
    ------
    TooShort
        Fewer than a million values have the form; the message gives the number of the value.
    BadInput
        `check_digit` and the digit is wrong, or the alphabet is not "digits".
    """
    return _mapped(values, alphabet, key, tweak, check_digit, ff1.encrypt)


def restore_form(
    values: Sequence[str], *, alphabet: str, key: bytes, tweak: bytes, check_digit: bool = False
) -> list[str]:
    """Undo `keep_form` with the same arguments."""
    return _mapped(values, alphabet, key, tweak, check_digit, ff1.decrypt)


def _mapped(
    values: Sequence[str], alphabet: str, key: bytes, tweak: bytes, check_digit: bool, cipher: _Cipher
) -> list[str]:
    if check_digit and alphabet != "digits":
        raise BadInput(
            f"A check digit is that of a number, got the alphabet {alphabet!r}.",
            fix='Write alphabet = "digits", or leave check_digit out.',
        )
    letters = ALPHABETS[alphabet]
    place = {letter: number for number, letter in enumerate(letters)}
    found: list[str] = list(values)
    by_length: dict[int, list[int]] = defaultdict(list)
    inside = [[index for index, one in enumerate(value) if one in place] for value in values]
    for number, where in enumerate(inside):
        if check_digit:
            _check_luhn(values[number], number)
            where = inside[number] = where[:-1]
        if len(letters) ** len(where) < ff1.SMALLEST_DOMAIN:
            raise TooShort(
                f"Value {number} has {len(where)} of the characters that are replaced; fewer than a million "
                "values have that form, so its pseudonym could be undone by trying all.",
                fix='Use alphabet = "text" (a token), or redact the column.',
                number=number,
            )
        by_length[len(where)].append(number)
    for numbers in by_length.values():
        rows = np.array([[place[values[n][index]] for index in inside[n]] for n in numbers], dtype=np.int64)
        made = cipher(key, rows, radix=len(letters), tweak=tweak)
        for n, row in zip(numbers, made, strict=True):
            text = list(values[n])
            for index, one in zip(inside[n], row, strict=True):
                text[index] = letters[int(one)]
            found[n] = _with_luhn("".join(text)) if check_digit else "".join(text)
    return found


def _luhn(digits: list[int]) -> int:
    """Return the digit that makes the Luhn sum of `digits` and itself a multiple of ten."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if position % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def _check_luhn(value: str, number: int) -> None:
    digits = [int(one) for one in value if one.isascii() and one.isdigit()]
    if len(digits) < 2 or _luhn(digits[:-1]) != digits[-1]:
        raise BadInput(
            f"The last digit of value {number} is not its check digit.",
            fix="Leave check_digit out for numbers without one.",
            number=number,
        )


def _with_luhn(value: str) -> str:
    digits = [int(one) for one in value if one.isascii() and one.isdigit()]
    last = max(index for index, one in enumerate(value) if one.isascii() and one.isdigit())
    return f"{value[:last]}{_luhn(digits[:-1])}{value[last + 1 :]}"
