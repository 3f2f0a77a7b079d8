"""DOCX: paragraphs and tables in order, footnotes and page headers after them; comments are not read."""

import copy
import io
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import docx as python_docx
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION
from docx.opc.exceptions import OpcError
from lxml import etree

from flyball.core.text import count, size
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import (
    ActiveContent,
    Corrupt,
    Empty,
    Encrypted,
    ExpandsTooMuch,
    ImageOnly,
    TooDeep,
)
from flyball.data.documents.format import Format
from flyball.data.documents.formats._numbering import Numbering
from flyball.data.documents.records import Document, Limits
from flyball.data.documents.tables import Cell, Table

__all__ = ["docx"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH, _TABLE, _ROW, _CELL = _W + "p", _W + "tbl", _W + "tr", _W + "tc"
_RUN = _W + "r"
_TEXTS = {_W + "t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"}
_INSERTED = {_W + "ins", _W + "moveTo"}
_DELETED = {_W + "del", _W + "moveFrom"}
_SKIPPED = _DELETED | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # a second copy of a text box
    _W + "instrText",
    _W + "rPr",
    _W + "pPr",
}
_CHARACTERS = {
    _W + "tab": "\t",
    _W + "br": "\n",
    _W + "cr": "\n",
    _W + "noBreakHyphen": "-",
    _W + "softHyphen": "\xad",
}
_NOTES = ((RELATION.FOOTNOTES, "footnote"), (RELATION.ENDNOTES, "endnote"))
_MARGINS = ((RELATION.HEADER, "page header"), (RELATION.FOOTER, "page footer"))
_COMMENT = _W + "comment"
_PICTURES = {_W + "drawing", _W + "pict"}
_MOST_FIELDS = 200_000  # of the grid of one table, merged cells spread out
_PIECE = 1 << 20  # bytes that are unpacked at once to see how large a part is
_BOMB = "Ask the sender what it is; if it is genuine, take its pictures out or split it."
_PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False}


@dataclass(slots=True)
class _Growing:
    """A cell that may go on in the next row."""

    row: int
    column: int
    column_span: int
    header: bool
    row_span: int = 1
    words: list[tuple[int, int, str]] = field(default_factory=list)

    def cell(self) -> Cell:
        return Cell(
            self.row,
            self.column,
            "\n".join(text for _, _, text in self.words),
            tuple((start, end) for start, end, _ in self.words),
            self.row_span,
            self.column_span,
            self.header,
        )


def _read(data: bytes, name: str, limits: Limits) -> Document:
    inside = _refuse_bomb(data, name, limits)
    try:
        part = python_docx.Document(io.BytesIO(data)).part
    except (OpcError, LookupError, ValueError, zipfile.BadZipFile, zlib.error, etree.LxmlError) as err:
        if "Excessive depth" in str(err):  # the words of libxml2
            raise TooDeep(
                f"{name} nests elements more than 256 deep, which cannot be read to its end.",
                fix="Open it in Word and save it as text.",
                name=name,
            ) from err
        if "entity" in str(err).lower():
            raise _entities(name) from err
        raise Corrupt(
            f"{name} is no sound Word document ({type(err).__name__}: {err}).",
            fix="Open it in Word, let it repair the file, and save it again.",
            name=name,
        ) from err
    assembly = Assembly(name, limits)
    _name_active_parts(assembly, inside, limits)
    root = part.element
    _refuse_entities(root, name)
    numbering = Numbering(_related(part, RELATION.NUMBERING), _related(part, RELATION.STYLES))
    _add_blocks(assembly, root.iterchildren(_W + "body"), numbering)
    for relation, title in (*_NOTES, *_MARGINS):
        _add_margin(assembly, part, relation, title)
    tags = {element.tag for element in root.iter(*_INSERTED, *_DELETED)}
    if tags:
        assembly.note("it holds tracked changes; it was read as if all of them were accepted")
    hidden = sum(1 for run in root.iter(_RUN) if _is_hidden(run))
    if hidden:
        assembly.note(f"{count(hidden, 'passage')} formatted as hidden, not read")
    comments = _related(part, RELATION.COMMENTS)
    if comments is not None and (number := sum(1 for _ in comments.iter(_COMMENT))):
        assembly.note(f"{count(number, 'comment')} beside the text, not read")
    try:
        return assembly.document(data, docx.media_type)
    except Empty as err:
        pictures = sum(1 for _ in root.iter(*_PICTURES))
        if not pictures:
            raise
        raise ImageOnly(
            f"{name}: {count(pictures, 'picture')} but no text.",
            fix="Print it to a PDF, run text recognition (OCR) over that and give the searchable PDF.",
            name=name,
            pictures=pictures,
        ) from err


def _name_active_parts(assembly: Assembly, inside: list[str], limits: Limits) -> None:
    """Note macros, and keep files inside unread; refuse both where that is asked."""
    macros = any(one.endswith("vbaProject.bin") for one in inside)
    files = [one for one in inside if one.startswith("word/embeddings/") and not one.endswith("/")]
    if limits.refuse_active and (macros or files):
        holds = [*(["macros"] if macros else []), *(f"the file {one}" for one in files)]
        raise ActiveContent(
            f"{assembly.name} holds {', '.join(holds)}.",
            fix="Save it as a plain .docx without them, or allow active content, which is never run.",
            name=assembly.name,
        )
    if macros:
        assembly.note("it holds macros; nothing of them was run")
    for one in files:
        assembly.note(f"a file lies inside, not read: {one}")
        assembly.leave_out(f"file {one} inside", "files inside a Word document are not read")


def _refuse_bomb(data: bytes, name: str, limits: Limits) -> list[str]:
    """Refuse a file whose parts would unpack to more than allowed, before any is; return their names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            for unpacked, limit, what in (
                (sum(entry.file_size for entry in entries), limits.unpacked_bytes, ""),
                (
                    sum(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels"))),
                    limits.markup_bytes,
                    " of XML",
                ),
            ):
                if unpacked > limit:
                    raise ExpandsTooMuch(
                        f"{name} has {size(len(data))} and would unpack to {size(unpacked)}{what}; "
                        f"at most {size(limit)} are allowed.",
                        fix=_BOMB,
                        name=name,
                        unpacked=unpacked,
                    )
            for entry in entries:
                _refuse_lie(packed, entry, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as err:
        raise Corrupt(
            f"{name} is no sound Word document ({err}).",
            fix="It may have been cut off on its way; ask for it again.",
            name=name,
        ) from err
    return [entry.filename for entry in entries]


def _refuse_lie(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse a part that is larger than its entry says: what reads it later unpacks all of it."""
    if entry.flag_bits & 1:
        raise Encrypted(
            f"{name}: its part {entry.filename!r} is locked with a password.",
            fix="Save a copy without the password and give that.",
            name=name,
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{entry.filename!r} is packed in a way that Word does not know")
    probe = copy.copy(entry)
    probe.file_size = sys.maxsize  # so that what is read is what is there, not what is stated
    left = entry.file_size + 1
    with packed.open(probe) as part:
        while left > 0 and (piece := part.read(min(left, _PIECE))):
            left -= len(piece)
    if left <= 0:
        raise ExpandsTooMuch(
            f"{name}: its part {entry.filename!r} states {size(entry.file_size)} and unpacks to more.",
            fix=_BOMB,
            name=name,
            part=entry.filename,
        )


def _refuse_entities(root: Any, name: str) -> None:
    """Refuse entities: Open Packaging (ISO/IEC 29500-2) forbids them, and text may hide behind them."""
    if next(root.iter(etree.Entity), None) is not None:
        raise _entities(name)


def _entities(name: str) -> Corrupt:
    return Corrupt(
        f"{name} is no sound Word document: its XML declares entities of its own, which Word never does.",
        fix="Treat the file with care; open it where nothing can run, and save it again.",
        name=name,
    )


def _add_blocks(assembly: Assembly, roots: Iterator[Any], numbering: Numbering) -> None:
    paragraphs = tables = 0
    for root in roots:
        for block in _outermost(root, {_PARAGRAPH, _TABLE}):
            if block.tag == _PARAGRAPH:
                paragraphs += 1
                number, text = numbering.number(block), _text(block)
                label = f"paragraph {paragraphs}" + (f" ({number.rstrip('.')})" if number else "")
                _add(assembly, text, "\n\n", label, number)
            else:
                tables += 1
                _add_table(assembly, block, f"table {tables}", numbering)


def _add_table(assembly: Assembly, table: Any, label: str, numbering: Numbering) -> None:
    places: dict[Any, tuple[int, int, str]] = {}  # of each paragraph, in those of nested tables too
    for row_number, row in enumerate(_outermost(table, {_ROW}), start=1):
        cells = list(_outermost(row, {_CELL}))
        for number, cell in enumerate(cells, start=1):
            pieces: list[str] = []
            at = assembly.length
            for paragraph in _outermost(cell, {_PARAGRAPH}):
                line = (numbering.number(paragraph), _text(paragraph))
                if line[1].strip():
                    text = _with_number(*line)
                    pieces.append(text)
                    places[paragraph] = (at, at + len(text), text)
                    at += len(text) + 1
            end = "\t" if number < len(cells) else "\n"
            assembly.add("\n".join(pieces) + end, label=f"{label}, row {row_number}, cell {number}")
    assembly.add("\n", label=f"{label}, end")
    _keep_table(assembly, table, label, places)


def _keep_table(assembly: Assembly, table: Any, label: str, places: dict[Any, tuple[int, int, str]]) -> None:
    """Keep the grid of a table whose paragraphs stand in the text at `places`, then those inside it."""
    cells: list[_Growing] = []
    above: dict[int, _Growing] = {}  # column -> the cell that goes on below
    nested: list[tuple[Any, str]] = []
    width = rows = 0
    for row, element in enumerate(_outermost(table, {_ROW})):
        column = _number(element, f"{_W}trPr/{_W}gridBefore", 0)
        header = element.find(f"{_W}trPr/{_W}tblHeader") is not None
        rows, begun = row + 1, above
        above = {}
        for number, cell in enumerate(_outermost(element, {_CELL}), start=1):
            span = max(_number(cell, f"{_W}tcPr/{_W}gridSpan", 1), 1)
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            goes_on = merge is not None and merge.get(_W + "val", "continue") == "continue"
            one = begun.get(column) if goes_on else None
            if one is None or one.column_span != span:
                one = _Growing(row, column, span, header)
                cells.append(one)
            one.row_span = rows - one.row
            one.words += [places[part] for part in _outermost(cell, {_PARAGRAPH}) if part in places]
            if merge is not None:
                above[column] = one
            inner = enumerate(_outermost(cell, {_TABLE}), start=1)
            nested += [(part, f"{label}, row {rows}, cell {number}, table {count}") for count, part in inner]
            column += span
            width = max(width, column)
    if cells and rows * width <= _MOST_FIELDS:
        assembly.add_table(Table(label, rows, width, tuple(one.cell() for one in cells)))
    elif cells:
        assembly.note(f"{label}: too many fields; it is text only")
    for part, inner_label in nested:
        _keep_table(assembly, part, inner_label, places)


def _number(element: Any, path: str, default: int) -> int:
    """Return a whole number that a property states, the default where it states none that is sound."""
    found = element.find(path)
    said = found.get(_W + "val", "") if found is not None else ""
    return min(int(said[:6]), 1_000) if said.isascii() and said.isdigit() else default


def _related(part: Any, relation: str) -> Any:
    """Return the root of the first part of that relation, None where there is none that can be read."""
    for related in part.rels.values():
        if related.reltype == relation and not related.is_external:
            with suppress(etree.XMLSyntaxError):
                return etree.fromstring(related.target_part.blob, etree.XMLParser(**_PARSER_OPTIONS))
    return None


def _add_margin(assembly: Assembly, part: Any, relation: str, title: str) -> None:
    """Add what stands in one kind of part beside the body: notes, page headers, page footers."""
    seen: set[str] = set()
    number = 0
    for related in part.rels.values():
        if related.reltype != relation or related.is_external:
            continue
        try:
            root = etree.fromstring(related.target_part.blob, etree.XMLParser(**_PARSER_OPTIONS))
        except etree.XMLSyntaxError:
            assembly.leave_out(f"a {title}", "its XML is damaged")
            continue
        _refuse_entities(root, assembly.name)
        for paragraph in _outermost(root, {_PARAGRAPH}):
            text = _text(paragraph)
            if text.strip() and text not in seen:
                seen.add(text)
                number += 1
                _add(assembly, text, "\n\n", f"{title} {number}")


def _add(assembly: Assembly, text: str, end: str, label: str, number: str = "") -> None:
    if text.strip():
        assembly.add(_with_number(number, text) + end, label=label)


def _with_number(number: str, text: str) -> str:
    return f"{number} {text.lstrip()}" if number else text


def _outermost(root: Any, tags: set[str]) -> Iterator[Any]:
    """Yield the elements of these tags below `root` in order, but none inside another."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if element.tag in tags:
            yield element
        elif element.tag not in _SKIPPED:
            stack.extend(reversed(element))


def _text(paragraph: Any) -> str:
    """Return the text of a paragraph with tracked insertions, without what was struck or hidden."""
    pieces: list[str] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        if element.tag in _TEXTS:
            # What stands behind a comment in the XML is text as well.
            pieces.append(element.xpath("string()") if len(element) else element.text or "")
        elif element.tag == _PARAGRAPH:  # of a text box that hangs in this paragraph
            pieces.extend(("\n", _text(element), "\n"))
        elif element.tag == _RUN and _is_hidden(element):
            continue
        elif element.tag in _CHARACTERS:
            pieces.append(_CHARACTERS[element.tag])
        elif element.tag not in _SKIPPED:
            stack.extend(reversed(element))
    return "".join(pieces)


def _is_hidden(run: Any) -> bool:
    """Tell whether a run is formatted as hidden: readers do not see it, on screen or on paper."""
    mark = run.find(f"{_W}rPr/{_W}vanish")
    return mark is not None and mark.get(_W + "val", "true") not in ("0", "false", "off")


docx = Format(
    media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    title="Word",
    read=_read,
)
