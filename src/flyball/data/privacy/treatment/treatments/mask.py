"""Mask: letters become x, digits become 9; the last characters may stay, and so do separators."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.treatment import Tools, take_settings
from flyball.data.quality.masking import masked

__all__ = ["mask"]


@dataclass(frozen=True, slots=True)
class _Mask:
    column: str
    first: int
    last: int

    def field(self, field: pa.Field) -> pa.Field | None:
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            raise BadTreatment(
                f"The column {self.column} is {field.type}; only text can be masked.",
                fix="Generalise numbers and dates, or drop them.",
                column=self.column,
            )
        return field

    def treat(self, values: pa.Array) -> pa.Array:
        return pa.array(
            [None if one is None else self._masked(one) for one in values.to_pylist()], values.type
        )

    def _masked(self, value: str) -> str:
        letters = [index for index, one in enumerate(value) if one.isalnum()]
        shown = self.first + self.last
        # A short value would be shown whole; then nothing of it is shown.
        kept = (
            {*letters[: self.first], *letters[len(letters) - self.last :]}
            if len(letters) > 2 * shown
            else set()
        )
        return "".join(one if index in kept else masked(one) for index, one in enumerate(value))


def mask(column: str, settings: Mapping[str, object], tools: Tools) -> _Mask:
    """Make it. Settings: `first` and `last`, letters or digits that stay (0); none of a short value."""
    del tools
    read = take_settings("mask", column, settings, {"first": 0, "last": 0})
    first, last = int(str(read["first"])), int(str(read["last"]))
    if first < 0 or last < 0:
        raise BadTreatment(
            f"The column {column}: first and last are 0 or more, got {first} and {last}.",
            fix="Correct them.",
            column=column,
        )
    return _Mask(column, first, last)
