"""Finding a quoted passage in a text, although spaces, line ends, hyphens and quotation marks differ."""

import re
import unicodedata

__all__ = ["PassageFinder", "quoted"]

_DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    "\ufeff": "",
    "\u200b": "",
}
# Dashes go, with the space around them: "third-\nparty", "third-party" and "indef-\ninite" all match.
_PIECES = re.compile(
    rf"(?P<dash>\s*[{_DASHES}][{_DASHES}\s]*)|(?P<space>\s+)|(?P<plain>[!-,./-~]+)|(?P<odd>.)", re.DOTALL
)


class PassageFinder:
    """Finds passages in one text; made once for each text.

    Parameters
    ----------
    text : str
        As it was extracted.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain, self._origins = _plain(text)
        self._folded = self._plain.lower()
        if len(self._folded) != len(self._plain):  # a few letters grow when lowered
            self._folded = self._plain

    def find(
        self, passage: str, *, taken: frozenset[tuple[int, int]] = frozenset()
    ) -> tuple[int, int] | None:
        """Return where a passage stands.

        Letters must be the same; white space, hyphenation, dashes, quotation marks and ligatures
        may differ. Exact case is tried before any case, whole words before parts of words, and the
        first occurrence that is not `taken` wins.

        Parameters
        ----------
        passage : str
        taken : frozenset of (start, end)
            Occurrences that are spoken for.

        Returns
        -------
        (start, end) or None
            Offsets of the original text, without white space at the ends; None where it is not found.
        """
        wanted = _plain(passage)[0].strip()
        if not wanted:
            return None
        for haystack, needle in ((self._plain, wanted), (self._folded, wanted.lower())):
            part_of_word: tuple[int, int] | None = None
            at = haystack.find(needle)
            while at >= 0:
                span = self._span(at, at + len(needle))
                if span not in taken:
                    if self._at_words(span):
                        return span
                    part_of_word = part_of_word or span
                at = haystack.find(needle, at + 1)
            if part_of_word is not None:
                return part_of_word
        return None

    def _span(self, start: int, end: int) -> tuple[int, int]:
        return self._origins[start], self._origins[end - 1] + 1

    def _at_words(self, span: tuple[int, int]) -> bool:
        start, end = span
        before = start == 0 or not (self._text[start - 1].isalnum() and self._text[start].isalnum())
        after = end == len(self._text) or not (self._text[end].isalnum() and self._text[end - 1].isalnum())
        return before and after


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text in plain form, and for each of its characters the offset that it came from."""
    pieces: list[str] = []
    origins: list[int] = []
    for found in _PIECES.finditer(text):
        start = found.start()
        if found.lastgroup == "plain":
            pieces.append(found[0])
            origins.extend(range(start, found.end()))
        elif found.lastgroup == "space":
            pieces.append(" ")
            origins.append(start)
        elif found.lastgroup == "odd":
            piece = _QUOTES.get(found[0])
            piece = unicodedata.normalize("NFKC", found[0]) if piece is None else piece
            pieces.append(piece)
            origins.extend([start] * len(piece))
    return "".join(pieces), origins


def quoted(text: str) -> str:
    """Return a passage for a message: in quotation marks, cut where it is long."""
    return f"“{text if len(text) <= 200 else text[:200] + ' ...'}”"
