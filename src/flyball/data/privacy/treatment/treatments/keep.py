"""Keep: the values stay as they are. Saying so is the treatment: somebody has looked."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.treatment.treatment import Tools, take_settings

__all__ = ["keep"]


@dataclass(frozen=True, slots=True)
class _Keep:
    def field(self, field: pa.Field) -> pa.Field | None:
        return field

    def treat(self, values: pa.Array) -> pa.Array:
        return values


def keep(column: str, settings: Mapping[str, object], tools: Tools) -> _Keep:
    """Make it; it takes no settings."""
    del tools
    take_settings("keep", column, settings, {})
    return _Keep()
