"""HTML: the visible text by blocks, under the heading that stands over it."""

import codecs
import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from flyball.core.text import count, size
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import Corrupt, Empty, TooDeep, TooLarge
from flyball.data.documents.format import Format
from flyball.data.documents.formats._html_tables import Tables
from flyball.data.documents.formats.txt import decoded
from flyball.data.documents.records import Document, Limits

__all__ = ["html"]

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
    ),
    *(
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "li",
    ),
    *("main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    *(
        "document",
        "text",
        "type",
        "sequence",
        "filename",
        "description",
        "page",
    ),  # the wrapping of EDGAR filings
}
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset(
    {"script", "style", "template", "head", "title", "noscript", "object", "iframe", "svg", "select"}
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_LONGEST_HEADING = 60
_LONGEST_CELL = 2_000  # a longer one is a column of the page, with paragraphs of its own


class _Blocks:
    """Gathers running text into blocks and gives each its place."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._pieces: list[str] = []
        self._heading = ""
        self._number = 0
        self._preformatted = False
        self._marks: list[tuple[int, Callable[[int], None]]] = []

    def mark(self, tell: Callable[[int], None]) -> None:
        """Call `tell` with the offset in the text of what is added next, once that is known."""
        if self._pieces:
            self._marks.append((len(self._pieces), tell))
        else:
            tell(self._assembly.length)

    def text(self, text: str, *, as_it_is: bool) -> None:
        """Add running text; white space counts as one space, and as none behind a space or a break."""
        if as_it_is:
            self._preformatted = True
            self._pieces.append(text.replace("\r\n", "\n"))
            return
        text = _SPACES.sub(" ", text)
        if text.startswith(" ") and self._ends_in_space():
            text = text[1:]
        if text:
            self._pieces.append(text)

    def line_break(self) -> None:
        if self._pieces and not self._preformatted:
            self._pieces[-1] = self._pieces[-1].rstrip(" ")
        self._pieces.append("\n")

    def line_break_between(self) -> None:
        """Break the line unless it is empty so far: a paragraph inside a cell begins a new line."""
        if self._pieces and not self._ends_in_space():
            self.line_break()

    def cell(self) -> None:
        if self._pieces:
            self._pieces[-1] = self._pieces[-1].rstrip(" \n")
        self._pieces.append("\t")

    def close(self, *, heading: bool = False, row: bool = False) -> None:
        """End the block; a heading stands over all blocks until the next heading."""
        whole = "".join(self._pieces)
        text = whole.strip("\n").rstrip() if self._preformatted else whole.strip(" \t\n\r")
        self._tell_marks(len(whole) - len(whole[whole.find(text) :]), len(text))
        self._pieces, self._preformatted = [], False
        if not text.strip():
            return
        if heading:
            self._heading = _shortened(text)
            label = f"heading “{self._heading}”"
        else:
            self._number += 1
            label = f"block {self._number}" + (f", under “{self._heading}”" if self._heading else "")
        self._assembly.add(text + ("\n" if row else "\n\n"), label=label)

    def _tell_marks(self, cut: int, length: int) -> None:
        """Tell each mark where it is: `cut` characters were taken off the front of the block."""
        at = piece = 0
        for number, tell in self._marks:
            at += sum(map(len, self._pieces[piece:number]))
            piece = number
            tell(self._assembly.length + min(max(at - cut, 0), length))
        self._marks = []

    def end_table(self) -> None:
        """Part a table from what follows by a blank line."""
        if self._number:
            self._assembly.add("\n", label=f"block {self._number}, end of table")

    def _ends_in_space(self) -> bool:
        last = next((piece for piece in reversed(self._pieces) if piece), "\n")
        return last[-1] in " \n\t"


def _read(data: bytes, name: str, limits: Limits) -> Document:
    if len(data) > limits.markup_bytes:
        raise TooLarge(
            f"{name} has {size(len(data))}; at most {size(limits.markup_bytes)} of HTML are read.",
            fix="Take pictures and scripts out of the page, or split it.",
            name=name,
            bytes=len(data),
        )
    text, encoding, guessed = _decoded(data, name)
    assembly = Assembly(name, limits)
    if guessed:
        assembly.note(f"the character encoding was guessed: {encoding}")
    # Size was looked at; "huge" lifts only the depth from 256, which careless pages reach, to 2,048.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_XML_DECLARATION.sub("", text.replace("\0", "\ufffd")).encode(), parser)
    except etree.LxmlError as err:
        raise Corrupt(
            f"{name} is no HTML that can be read ({err}).",
            fix="Open it in a browser and save it as text.",
            name=name,
        ) from err
    if parser.error_log.filter_types([etree.ErrorTypes.ERR_RESOURCE_LIMIT]):
        raise TooDeep(  # the parser gave up in the middle, and says so only here
            f"{name} nests elements more than 2,048 deep, which cannot be read to its end.",
            fix="Open it in a browser and save it as text.",
            name=name,
        )
    if root is None:
        raise Empty(f"{name} holds no text.", fix="Check that it is the right file.", name=name)
    tables = Tables()
    _walk(root, _Blocks(assembly), assembly, tables)
    for table in tables.records(assembly):
        assembly.add_table(table)
    return assembly.document(data, html.media_type)


def _decoded(data: bytes, name: str) -> tuple[str, str, bool]:
    """Decode by byte order mark, else by what the page declares, else as plain text would be."""
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        label = declared[1].decode("ascii").lower()
        label = "cp1252" if label in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii") else label
        try:
            if codecs.lookup(label)._is_text_encoding:
                return data.decode(label), label, False
        except (LookupError, UnicodeDecodeError):
            pass  # it declares what it is not; browsers guess then, and so do we
    return decoded(data, name)


def _walk(root: Any, blocks: _Blocks, assembly: Assembly, tables: Tables) -> None:
    """Go through the elements in order, without recursion: a page may be nested as deep as it likes."""
    preformatted = hidden = 0
    unseen: Any = None
    cell: Any = None  # the table cell that we are in, where its paragraphs are lines of a row
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start" and unseen is None:
            out_of_sight = "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")) is not None
            if tag in _UNSEEN or not tag or out_of_sight:
                hidden += out_of_sight
                unseen = element
                continue
            if tag in _BLOCKS:
                blocks.close() if cell is None else blocks.line_break_between()
            if tag in _CELLS and cell is None and _holds_a_value(element):
                cell = element
            tables.begin(tag, element, blocks.mark)
            preformatted += tag == "pre"
            if tag == "br":
                blocks.line_break()
            if element.text:
                blocks.text(element.text, as_it_is=preformatted > 0)
        elif event == "end" and (unseen is None or element is unseen):
            if unseen is None:
                tables.end(tag, blocks.mark)
                if tag in _CELLS:
                    cell = None if element is cell else cell
                    blocks.cell()
                if tag in _BLOCKS:
                    if cell is None:
                        blocks.close(heading=tag in _HEADINGS, row=tag == "tr")
                        if tag == "table":
                            blocks.end_table()
                    else:
                        blocks.line_break_between()
                preformatted -= tag == "pre"
            unseen = None
            if element.tail:
                blocks.text(element.tail, as_it_is=preformatted > 0)
    blocks.close()
    if hidden:
        assembly.note(f"{count(hidden, 'part')} of the page hidden from readers, not read")


def _holds_a_value(cell: Any) -> bool:
    """Tell a cell of a table from a column of a page that is laid out by a table."""
    row = cell.getparent()
    if row is None or sum(1 for other in row if other.tag in _CELLS) < 2:
        return False
    length = 0
    for text in cell.itertext():
        length += len(text)
        if length > _LONGEST_CELL:
            return False
    return True


def _shortened(text: str) -> str:
    text = _SPACES.sub(" ", text)
    return text if len(text) <= _LONGEST_HEADING else text[:_LONGEST_HEADING].rsplit(" ", 1)[0] + " ..."


html = Format(media_type="text/html", title="HTML", read=_read)
