"""A document for people, from plain parts; one content, written as Markdown and as HTML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Document", "Section", "Table", "as_html", "as_markdown"]

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_SHORT, _LONG = 16, 24
_MARKS = re.compile(r"([\\`*_\[\]|#!])")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head.

    Parameters
    ----------
    head : tuple of str
    rows : tuple of tuple of str
        None: the sentence `empty` stands there.
    empty : str
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "Nothing is on record."


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it: sentences, lists, tables."""

    heading: str
    parts: tuple[str | tuple[str, ...] | Table, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Parameters
    ----------
    title : str
    lead : tuple of str
        What it is and what it is not.
    sections : tuple of Section
    """

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]


def as_markdown(document: Document) -> bytes:
    """Return a document as Markdown; what others wrote cannot become a heading, a link or markup."""
    lines = [f"# {_plain(document.title)}", ""]
    lines += [line for one in document.lead for line in (_plain(one), "")]
    for section in document.sections:
        lines += [f"## {_plain(section.heading)}", ""]
        for part in section.parts:
            if isinstance(part, str):
                lines += [_plain(part), ""]
            elif isinstance(part, Table):
                lines += [*_table(part), ""]
            else:
                lines += [*(f"- {_plain(one)}" for one in part), ""]
    return "\n".join(lines).encode()


def _table(table: Table) -> Iterable[str]:
    if not table.rows:
        return [_plain(table.empty)]
    head = f"| {' | '.join(_plain(one) for one in table.head)} |"
    rows = (f"| {' | '.join(_plain(one) for one in row)} |" for row in table.rows)
    return [head, f"|{' --- |' * len(table.head)}", *rows]


def _plain(text: str) -> str:
    line = _MARKS.sub(r"\\\1", _CONTROLS.sub("\ufffd", " ".join(text.split())))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_html(document: Document) -> bytes:
    """Return a document as one HTML page that loads nothing and runs nothing."""
    body = "".join(f"<p>{_safe(one)}</p>" for one in document.lead)
    for section in document.sections:
        body += f"<h2>{_safe(section.heading)}</h2>"
        body += "".join(_part(one) for one in section.parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src '
        "'unsafe-inline'\">"
        f"<title>{_safe(document.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{_safe(document.title)}</h1>{body}</main></body></html>\n"
    ).encode()


def _part(part: str | Sequence[str] | Table) -> str:
    if isinstance(part, str):
        return f"<p>{_safe(part)}</p>"
    if not isinstance(part, Table):
        return f"<ul>{''.join(f'<li>{_safe(one)}</li>' for one in part)}</ul>"
    if not part.rows:
        return f"<p>{_safe(part.empty)}</p>"
    head = "".join(f'<th scope="col">{_safe(one)}</th>' for one in part.head)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in part.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(text: str) -> str:
    """Return a cell: what is short stays on one line, a word that no line can hold may be broken."""
    words = text.split()
    whole = len(text) <= _SHORT and (len(words) < 2 or _TIME.fullmatch(text) is not None)
    broken = any(len(one) > _LONG for one in words)
    style = ' class="whole"' if whole else ' class="broken"' if broken else ""
    return f"<td{style}>{_safe(text)}</td>"


def _safe(text: str) -> str:
    return escape(_CONTROLS.sub("\ufffd", text))


_STYLE = (
    "@page{size:A4;margin:16mm;@bottom-right{content:counter(page) ' / ' counter(pages);font:8pt sans-serif;"
    "color:#555}}body{font:11pt/1.45 sans-serif;color:#111;background:#fff;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}p,li{overflow-wrap:anywhere}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:1.6rem;"
    "break-after:avoid}table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:9.5pt}"
    "th,td{border:1px solid #bbb;padding:.25rem .4rem;text-align:left;vertical-align:top}"
    "th{background:#f3f3f3}tr{break-inside:avoid}.whole{white-space:nowrap}"
    ".broken{overflow-wrap:anywhere;min-width:7rem}"
    "@media print{body{font-size:9.5pt;margin:0;padding:0;max-width:none}table{font-size:8pt}}"
    "@media screen{table{display:block;overflow-x:auto}}"
)
