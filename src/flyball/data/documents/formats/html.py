"""HTML: the visible text by blocks, under the heading that stands over it."""

import codecs
import re
from typing import Any

from lxml import etree

from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import Corrupt, Empty
from flyball.data.documents.format import Format
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


class _Blocks:
    """Gathers running text into blocks and gives each its place."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._pieces: list[str] = []
        self._heading = ""
        self._number = 0
        self._row_open = False

    def text(self, text: str, *, as_it_is: bool) -> None:
        self._pieces.append(text.replace("\r\n", "\n") if as_it_is else _SPACES.sub(" ", text))

    def line_break(self) -> None:
        self._pieces.append("\n")

    def cell(self) -> None:
        self._pieces.append("\t")

    def close(self, *, heading: bool = False, row: bool = False) -> None:
        """End the block; a heading stands over all blocks until the next heading."""
        text = "".join(self._pieces)
        self._pieces = []
        if not row or "\n" in text:
            text = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text)) if "\xa0" not in text else text
        text = text.strip(" \t\n\r")
        if not text:
            return
        if heading:
            self._heading = _shortened(text)
            label = f"heading “{self._heading}”"
        else:
            self._number += 1
            label = f"block {self._number}" + (f", under “{self._heading}”" if self._heading else "")
        self._assembly.add(text + ("\n" if row else "\n\n"), label=label)


def _read(data: bytes, name: str, limits: Limits) -> Document:
    text, encoding, guessed = _decoded(data, name)
    assembly = Assembly(name, limits)
    if guessed:
        assembly.note(f"the character encoding was guessed: {encoding}")
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_XML_DECLARATION.sub("", text).encode(), parser)
    except etree.LxmlError as err:
        raise Corrupt(
            f"{name} is no HTML that can be read ({err}).",
            fix="Open it in a browser and save it as text.",
            name=name,
        ) from err
    if root is None:
        raise Empty(f"{name} holds no text.", fix="Check that it is the right file.", name=name)
    _walk(root, _Blocks(assembly), assembly)
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


def _walk(root: Any, blocks: _Blocks, assembly: Assembly) -> None:
    """Go through the elements in order, without recursion: a page may be nested as deep as it likes."""
    preformatted = hidden = 0
    unseen: Any = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if unseen is not None:
            if event == "end" and element is unseen:
                unseen = None
                if element.tail:
                    blocks.text(element.tail, as_it_is=preformatted > 0)
            continue
        if event == "start":
            out_of_sight = "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")) is not None
            if tag in _UNSEEN or not tag or out_of_sight:
                hidden += out_of_sight
                unseen = element
                continue
            if tag in _BLOCKS:
                blocks.close()
            preformatted += tag == "pre"
            if tag == "br":
                blocks.line_break()
            if element.text:
                blocks.text(element.text, as_it_is=preformatted > 0)
        else:
            if tag in _CELLS:
                blocks.cell()
            if tag in _BLOCKS:
                blocks.close(heading=tag in _HEADINGS, row=tag == "tr")
            preformatted -= tag == "pre"
            if element.tail:
                blocks.text(element.tail, as_it_is=preformatted > 0)
    blocks.close()
    if hidden:
        assembly.note(f"{hidden} parts of the page are hidden from readers and were not read")


def _shortened(text: str) -> str:
    text = _SPACES.sub(" ", text)
    return text if len(text) <= _LONGEST_HEADING else text[:_LONGEST_HEADING].rsplit(" ", 1)[0] + " ..."


html = Format(media_type="text/html", title="HTML", read=_read)
