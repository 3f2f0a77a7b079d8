"""Values of a row as cells of a table on the screen."""

import pyarrow as pa

from flyball.data.sources.rendering import json_of

__all__ = ["cell"]

_WIDEST = 60


def cell(value: object, kind: pa.DataType) -> str:
    """Return a value: short, on one line, nothing that moves the cursor; "" for null."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json_of(value, kind).strip('"')
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return shown if len(shown) <= _WIDEST else f"{shown[:_WIDEST]}..."
