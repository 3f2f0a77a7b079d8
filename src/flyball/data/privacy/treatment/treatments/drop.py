"""Drop: the column goes."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.treatment.treatment import Tools, take_settings

__all__ = ["drop"]


@dataclass(frozen=True, slots=True)
class _Drop:
    def field(self, field: pa.Field) -> pa.Field | None:
        return None

    def treat(self, values: pa.Array) -> pa.Array:
        return pa.nulls(len(values), values.type)


def drop(column: str, settings: Mapping[str, object], tools: Tools) -> _Drop:
    """Make it; it takes no settings."""
    del tools
    take_settings("drop", column, settings, {})
    return _Drop()
