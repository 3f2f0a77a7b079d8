"""Read what spreadsheets call CSV: commas, semicolons or tabs, with or without BOM, UTF-8 or Windows."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from flyball.models.experts.decision_table.records import BadTable

__all__ = ["Line", "Sheet", "read_sheet"]

LARGEST_BYTES = 5_000_000
LONGEST_CELL = 20_000

_DELIMITERS = (",", ";", "\t")
_FIX = "Save it from the spreadsheet as CSV (UTF-8)."


@dataclass(frozen=True, slots=True)
class Line:
    """One row with the number that the spreadsheet shows for it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The header and the rows below it, empty rows and columns left out.

    Parameters
    ----------
    header : tuple of str
        White space made even.
    lines : tuple of Line
        Every line has as many cells as the header.
    """

    header: tuple[str, ...]
    lines: tuple[Line, ...]


def read_sheet(path: Path, data: bytes) -> Sheet:
    """Read the bytes of a CSV file, whichever spreadsheet wrote them.

    A first line `sep=;` (written by Excel) is obeyed. A row whose first cell starts with `#` is a
    remark and left out.

    Raises
    ------
    BadTable
        Too large, not text, no header with the column `rule`, or a cell outside the header.
    """
    if len(data) > LARGEST_BYTES:
        raise BadTable(
            f"{path.name} has {len(data)} bytes, more than {LARGEST_BYTES}.",
            fix="Split the table by topic.",
            file=path.name,
        )
    text = _decoded(path, data)
    delimiters: tuple[str, ...] = _DELIMITERS
    skipped = 0
    first = text.split("\n", 1)[0].strip().strip('"').rstrip(",;\t")
    if first.lower().startswith("sep=") or text[:5].lower() in ("sep=,", "sep=;", "sep=\t"):
        delimiters = (text.split("=", 1)[1][0],)
        text, skipped = text.split("\n", 1)[1] if "\n" in text else "", 1
    header = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(delimiters, key=header.count)
    lines = _lines(path, text, delimiter, skipped)
    if lines and _is_rule(lines[0].cells[0]):
        return _sheet(path, lines)
    raise BadTable(
        f"{path.name}: the first row must name the columns and begin with 'rule'.",
        fix="Give it the header: rule, if <fact> ..., then <output> ..., cites, note.",
        file=path.name,
    )


def _is_rule(cell: str) -> bool:
    words = cell.lower().replace("(", " ").split()
    return bool(words) and words[0] == "rule"


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise BadTable(f"{path.name} is not text in UTF-8 or Windows-1252.", fix=_FIX, file=path.name)


def _lines(path: Path, text: str, delimiter: str, skipped: int) -> list[Line]:
    found: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1 + skipped):
            stripped = tuple(cell.replace("\u00a0", " ").strip() for cell in cells)
            if any(len(cell) > LONGEST_CELL for cell in stripped):
                raise BadTable(
                    f"{path.name}, row {number}: a cell has more than {LONGEST_CELL} characters.",
                    fix="Look for a quotation mark that is not closed in the row above.",
                    file=path.name,
                    row=number,
                )
            if any(stripped) and not stripped[0].startswith("#"):
                found.append(Line(number, stripped))
    except csv.Error as err:
        raise BadTable(f"{path.name} is not CSV: {err}.", fix=_FIX, file=path.name) from err
    return found


def _sheet(path: Path, lines: list[Line]) -> Sheet:
    header = tuple(" ".join(cell.split()) for cell in lines[0].cells)
    while header and not header[-1]:
        header = header[:-1]
    rows: list[Line] = []
    for line in lines[1:]:
        beyond = [cell for cell in line.cells[len(header) :] if cell]
        if beyond:
            raise BadTable(
                f"{path.name}, row {line.number}: {beyond[0]!r} stands to the right of the last column.",
                fix="Give its column a header, or quote a text that holds the separator.",
                file=path.name,
                row=line.number,
            )
        padded = (line.cells + ("",) * len(header))[: len(header)]
        rows.append(Line(line.number, padded))
    return Sheet(header, tuple(rows))
