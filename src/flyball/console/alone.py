"""A page taken out of the console: forms and scripts left behind, links turned into notes, words covered."""

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import unquote

from flyball.console.covering import Cover, Kind, barred, unmarked

__all__ = ["alone"]

_LEFT_OUT = frozenset({"form", "button", "script", "link", "nav", "datalist"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr", "option"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time", "u"}
)
_AS_WRITTEN = frozenset({"code", "time", "style"})
"""What holds digests, names of things and moments; covered only where it is of a case or names a person."""
_SAID = ("aria-label", "title", "alt")
_MARK = "\x02"


def alone(html: str, *, here: str, cover: Cover | None = None) -> str:
    """Return a page that needs nothing but itself.

    Parameters
    ----------
    html : str
        As rendered for a report.
    here : str
        Path of the deployment in the console; links below it become notes at the end.
    cover : Cover, optional
        Covers words, and whatever it found also wherever else it stands; None leaves them. What stands
        between marks was given to the page; on a page without any mark, everything counts as given.

    Returns
    -------
    str
        Without form, script and reference to anything outside; a policy in its head forbids all three.
    """
    if cover is not None:
        cover = cover.widened(_read(html, here, cover).found)
    page = _read(html, here, cover)
    written = "".join(page.written)
    style = re.search(r"<style>(.*?)</style>", written, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode() if style else b"").digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = f'<meta charset="utf-8">\n  <meta http-equiv="Content-Security-Policy" content="{policy}">'
    written = written.replace('<meta charset="utf-8">', head, 1)
    return written.replace("</main>", f"{page.notes()}</main>", 1)


def _read(html: str, here: str, cover: Cover | None) -> "_Page":
    ids = {unmarked(one)[0] for one in re.findall(r'\bid="([^"]+)"', html)}
    page = _Page(here, ids, cover, everything=_MARK not in html)
    page.feed(html)
    page.close()
    page.end_block()
    return page


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that is open: where its words begin, and where it leads."""

    place: int
    href: str


class _Page(HTMLParser):
    """Writes a page again, piece by piece; words are covered block by block, so that no tag parts a name."""

    def __init__(self, here: str, ids: set[str], cover: Cover | None, *, everything: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.found: list[tuple[str, Kind]] = []
        self._here = here
        self._ids = ids
        self._cover = cover
        self._everything = everything
        self._left_out: list[str] = []
        self._inside: list[str] = []
        self._links: list[_Link] = []
        self._targets: list[str] = []
        self._block: list[tuple[int, frozenset[str]]] = []

    def notes(self) -> str:
        """Return the list of what the page leads to in the console."""
        if not self._targets:
            return ""
        lines = "".join(self._note(*one) for one in enumerate(self._targets, start=1))
        head = '<h2 id="notes">Notes</h2><p class="quiet small">Where the records are in the console.</p>'
        return f'<section aria-labelledby="notes">{head}<ul class="notes small">{lines}</ul></section>'

    def _note(self, number: int, target: str) -> str:
        words = _words(target, self._here)
        words = words if self._cover is None else self._covered(words, everything=True)
        return f'<li id="note-{number}"><span class="note-number">{number}</span> {escape(words)}</li>'

    def end_block(self) -> None:
        """Cover the words of the block that ends here."""
        block, self._block = self._block, []
        if self._cover is None or not block:
            return
        pieces: list[str] = []
        given: list[tuple[int, int, Kind]] = []
        at = 0
        for place, tags in block:
            words, marks = unmarked(unescape(self.written[place]))
            if "svg" in tags or self._everything:
                marks = [(0, len(words), "data")] if words else []
            if tags & _AS_WRITTEN:
                marks = [one for one in marks if one[2] != "data"]
            pieces.append(words)
            given += [(start + at, end + at, kind) for start, end, kind in marks]
            at += len(words)
        whole = "".join(pieces)
        stretches = self._cover.stretches(whole, given)
        self.found += [(whole[start:end].strip(), kind) for start, end, kind in stretches]
        at = 0
        for (place, tags), words in zip(block, pieces, strict=True):
            own = [(max(start - at, 0), min(end - at, len(words))) for start, end, _ in stretches]
            if "style" not in tags:
                covered = barred(words, [one for one in own if one[0] < one[1]])
                self.written[place] = escape(covered, quote=False)
            at += len(words)

    def _covered(self, text: str, *, everything: bool) -> str:
        """Return words that stand alone, as those of an attribute, covered."""
        words, given = unmarked(text)
        if self._cover is None or not words:
            return words
        if everything:
            given = [(0, len(words), "data")]
        stretches = self._cover.stretches(words, given)
        return barred(words, [(start, end) for start, end, _ in stretches])

    # ----- what the parser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = self._plain(tag, attrs)
        classes = given.get("class", "").split()
        if self._left_out or tag in _LEFT_OUT or "no-print" in classes:
            if tag not in _VOID:
                self._left_out.append(tag)
            return
        if tag not in _INLINE:
            self.end_block()
        if tag not in _VOID:
            self._inside.append(tag)
        if tag == "a":
            self._links.append(_Link(len(self.written), given.get("href", "")))
            self.written.append("")
            return
        if tag == "details":
            given["open"] = ""
        given.pop("tabindex", None)
        self._write_tag(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._left_out and tag not in _LEFT_OUT:
            self._write_tag(tag, self._plain(tag, attrs), closed=True)

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            if tag in self._left_out:
                while self._left_out.pop() != tag:
                    pass
            return
        if tag not in _INLINE:
            self.end_block()
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass
        if tag == "a" and self._links:
            self._close_link(self._links.pop())
        elif tag not in _VOID:
            self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._left_out:
            return
        if self._block and self._block[-1][0] == len(self.written) - 1:  # the text was parted by an entity
            self.written[-1] += data
        else:
            self._block.append((len(self.written), frozenset(self._inside)))
            self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    # ----- links and tags

    def _close_link(self, link: _Link) -> None:
        """Write a link as its words: kept where it stays on the page, a note where it leads elsewhere."""
        if link.href.startswith("#") and link.href[1:] in self._ids:
            self.written[link.place] = f'<a href="{escape(link.href)}">'
            self.written.append("</a>")
            return
        words = unescape(re.sub(r"<[^>]*>", "", "".join(self.written[link.place :])))
        last = unquote(link.href.partition("?")[0].rpartition("/")[2])
        in_figure = "figure" in self._inside
        if in_figure or not link.href.startswith(self._here) or (last in words and "?" not in link.href):
            return
        if link.href not in self._targets:
            self._targets.append(link.href)
        number = self._targets.index(link.href) + 1
        self.written.append(f'<sup><a href="#note-{number}">{number}</a></sup>')

    def _plain(self, tag: str, attrs: list[tuple[str, str | None]]) -> dict[str, str]:
        """Return attributes without marks; what one of them says is covered as words are."""
        drawn = self._everything or tag == "svg" or "svg" in self._inside
        told = {}
        for name, value in attrs:
            given = value or ""
            told[name] = self._covered(given, everything=drawn) if name in _SAID else unmarked(given)[0]
        return told

    def _write_tag(self, tag: str, given: dict[str, str], *, closed: bool = False) -> None:
        parts = []
        for name, value in given.items():
            parts.append(f' {name}="{escape(value)}"' if value or name != "open" else " open")
        self.written.append(f"<{tag}{''.join(parts)}{'/' if closed else ''}>")


def _words(href: str, here: str) -> str:
    """Return where a link leads, in words: "Ledger 17"."""
    path, _, query = href.removeprefix(here).strip("/").partition("?")
    words = [unquote(one) for one in path.split("/") if one]
    told = " ".join([words[0].capitalize(), *words[1:]]) if words else "Overview"
    asked = unquote(query.replace("&", ", ").replace("+", " "))
    return f"{told} ({asked})" if asked else told
