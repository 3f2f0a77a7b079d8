"""Covering: whose words stand where on a page, and which of them nobody outside the house may read.

A page that will be covered is rendered with marks around everything that its template was given, so that
the words of the template are never taken for a name, and nothing that came from a case is taken for ours.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Cover", "Kind", "Marked", "Stretch", "barred", "marked", "unmarked"]

Kind = Literal["data", "case", "answer", "person"]
"""Who somebody's words are: given to the template, of a case, an answer about it, a person of the house."""

Stretch = tuple[int, int]

_OPEN: dict[str, Kind] = {"\x01": "data", "\x03": "case", "\x04": "answer", "\x05": "person"}
_SIGNS: dict[Kind, str] = {kind: sign for sign, kind in _OPEN.items()}
_CLOSE = "\x02"
_MARKS = re.compile("[\x01-\x05]")
_BAR = "█"
_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?|[^\W\d_]+")
_SHORTEST, _LONGEST = 3, 200
_NOBODYS = frozenset({"yes", "no", "true", "false"})


class Marked(str):
    """Words with whose they are, on their way through a template."""

    kind: Kind

    def __new__(cls, words: str, kind: Kind) -> "Marked":
        """Return the words, marked."""
        made = super().__new__(cls, words)
        made.kind = kind
        return made


def marked(words: str, kind: Kind) -> str:
    """Return words with a mark before and after them; the words themselves hold no such sign."""
    return f"{_SIGNS[kind]}{_MARKS.sub('', words)}{_CLOSE}" if words else words


def unmarked(text: str) -> tuple[str, list[tuple[int, int, Kind]]]:
    """Return a text without its marks, and the stretches that were marked."""
    words, found, at, opened = [], [], 0, None
    for piece in re.split("([\x01-\x05])", text):
        if piece in _OPEN:
            opened = at, _OPEN[piece]
        elif piece == _CLOSE:
            if opened is not None and opened[0] < at:
                found.append((opened[0], at, opened[1]))
            opened = None
        else:
            words.append(piece)
            at += len(piece)
    return "".join(words), found


@dataclass(slots=True)
class Cover:
    """What is covered.

    Parameters
    ----------
    find : callable (text) -> sequence of (start, end)
        Finds personal data.
    names : tuple of str
        Covered wherever they stand as words.
    own : str
        What the deployment itself says in its files; a phrase that stands there is nobody's name.
    choices : frozenset of str
        Answers, in lower case, that tell nothing of the words of a case: yes, no, the choices of fields.
    """

    find: Callable[[str], Sequence[Stretch]]
    names: tuple[str, ...] = ()
    own: str = ""
    choices: frozenset[str] = frozenset()
    _hot: frozenset[str] = frozenset()
    _known: dict[str, list[Stretch]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what the deployment says in one form, to look for phrases in it."""
        self.own = _flat(self.own)

    def widened(self, found: Sequence[tuple[str, Kind]]) -> "Cover":
        """Return a cover that knows what was found, so that it is covered wherever else it stands."""
        own = frozenset(_tokens_of(self.own)) | _NOBODYS
        names, hot = set(self.names), set[str]()
        for words, kind in found:
            tokens = list(_tokens_of(words))
            if kind in ("case", "answer"):
                hot |= {one for one in tokens if one not in own}
            alone = len(tokens) == 1 and tokens[0] in own
            if _SHORTEST <= len(words) <= _LONGEST and tokens and not alone:
                names.add(words)
        return Cover(
            self.find,
            tuple(sorted(names, key=len, reverse=True)),
            self.own,
            self.choices,
            frozenset(hot),
            self._known,
        )

    def stretches(self, text: str, given: Sequence[tuple[int, int, Kind]]) -> list[tuple[int, int, Kind]]:
        """Return what is covered in a text in which some stretches are given and the others our own words."""
        covered: list[tuple[int, int, Kind]] = []
        for start, end, kind in given:
            words = text[start:end].strip()
            if kind in ("case", "person") or (kind == "answer" and words.casefold() not in self.choices):
                covered.append((start, end, kind))
        anywhere = [*self._found(text), *self._named(text)]
        for start, end, kind in given:
            inside = [(max(one, start), min(other, end)) for one, other in anywhere]
            covered += [(one, other, kind) for one, other in inside if one < other]
            if self._hot:
                covered += [(*one, kind) for one in self._of_a_case(text, start, end)]
        return covered

    def _found(self, text: str) -> list[Stretch]:
        if text not in self._known:
            found = self.find(text) if text.strip() else ()
            self._known[text] = [one for one in found if _flat(text[slice(*one)]) not in self.own]
        return self._known[text]

    def _named(self, text: str) -> Iterator[Stretch]:
        low = text.casefold()
        for name in self.names:
            if name.casefold() in low:
                pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
                yield from (one.span() for one in pattern.finditer(text))

    def _of_a_case(self, text: str, start: int, end: int) -> Iterator[Stretch]:
        for one in _TOKEN.finditer(text, start, end):
            if _plain(one.group()) in self._hot:
                yield one.span()


def barred(text: str, stretches: Sequence[Stretch]) -> str:
    """Return a text with a bar of one length over each stretch, so that no length tells a name."""
    covered = list(text)
    for start, end in stretches:
        covered[start:end] = [_BAR] * (end - start)
    return re.sub(rf"{_BAR}+(?:\s{_BAR}+)*", _BAR * 5, "".join(covered))


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())


def _tokens_of(text: str) -> Iterator[str]:
    """Return the words and numbers of a text that are long enough to tell something."""
    for one in _TOKEN.findall(text):
        plain = _plain(one)
        digits = sum(sign.isdigit() for sign in plain)
        if (digits or len(plain)) >= _SHORTEST:
            yield plain


def _plain(token: str) -> str:
    """Return a word in lower case; a number in the one way of writing it: "3,000.0" as "3000"."""
    if not token[0].isdigit():
        return token.casefold()
    whole, dot, rest = token.replace(",", "").partition(".")
    rest = rest.rstrip("0") if dot and "." not in rest else rest
    return f"{whole.lstrip('0')}.{rest}" if rest else whole.lstrip("0")
