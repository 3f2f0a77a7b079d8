"""Text fields: a block of bytes to an Arrow column."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.sources.mainframe.code_pages import CodePage

__all__ = ["Block", "Trim", "national_column", "text_column"]

Block = npt.NDArray[np.uint8]
"""Bytes of one field, of shape (rows, bytes of the field)."""

Trim = Literal["both", "left", "right", "none"]

_BLANKS = "".join(map(chr, range(33)))
_TRIMMED = {"both": pc.ascii_trim, "left": pc.ascii_ltrim, "right": pc.ascii_rtrim}


def text_column(block: Block, page: CodePage, *, trim: Trim = "both", drop: str = "") -> pa.StringArray:
    """Decode text of a fixed width.

    Parameters
    ----------
    block : uint8 of shape (rows, width)
    page : CodePage
    trim : {"both", "left", "right", "none"}
        Where to take away blanks and control characters.
    drop : str
        One character to take out wherever it stands; "" for none.

    Returns
    -------
    StringArray
        Of length rows, without nulls.
    """
    rows, width = block.shape
    raw = block.tobytes()
    data = raw.translate(page.ascii)
    if page.is_utf8 and not data.isascii():
        texts = [row.tobytes().decode("utf-8", "replace") for row in block]
        data = "".join(texts).encode()
        ends = np.zeros(rows + 1, dtype=np.int64)
        np.cumsum([len(text.encode()) for text in texts], out=ends[1:])
    elif data.isascii():
        ends = np.arange(rows + 1, dtype=np.int64) * width
    else:
        data = page.text_of(raw).encode()
        ends = np.zeros(rows + 1, dtype=np.int64)
        np.cumsum(page.widths[block].sum(axis=1, dtype=np.int64), out=ends[1:])
    if ends[-1] < 1 << 31:
        column = pa.StringArray.from_buffers(rows, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data))
    else:
        column = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(data))
    if drop:
        column = pc.replace_substring(column, drop, "")
    if trim != "none":
        column = _TRIMMED[trim](column, characters=_BLANKS)
    return column


def national_column(block: Block, encoding: str, *, trim: Trim = "both") -> pa.StringArray:
    """Decode PIC N fields; row by row, as they are rare. "hex" gives the bytes as hexadecimal digits."""
    rows = [row.tobytes() for row in block]
    if encoding == "hex":
        return pa.array([row.hex().upper() for row in rows], pa.string())
    column = pa.array([row.decode(encoding, "replace") for row in rows], pa.string())
    return column if trim == "none" else _TRIMMED[trim](column, characters=_BLANKS)
