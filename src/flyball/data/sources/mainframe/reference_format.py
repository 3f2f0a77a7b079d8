"""The reference format of COBOL: lines of a copybook to sentences of words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flyball.data.sources.mainframe.errors import BadCopybook

__all__ = ["CopybookFormat", "Sentence", "Word", "sentences"]

CopybookFormat = Literal["auto", "fixed", "free"]

_LEVEL_BEFORE_COLUMN_8 = re.compile(r" {0,6}\d\d?\s+\S*[A-Za-z]")
_LISTING = re.compile(r"(EJECT|SKIP[123]|TITLE\b.*)\.?$", re.IGNORECASE)
_WORD = re.compile(
    r"""(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<end>\.(?=\s|$))|(?P<gap>[\s,;](?=\s|$)|\s)"""
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word with the line it stands on, counted from 1."""

    text: str
    line: int


Sentence = tuple[Word, ...]


def sentences(
    text: str, copybook_format: CopybookFormat = "auto", columns: tuple[int, int] = (6, 72)
) -> Iterator[Sentence]:
    """Yield the sentences of a copybook, each without its full stop.

    In the fixed format, `columns` (by default 1 to 6, and those behind 72) hold no code; the next one marks
    comments and continued lines. With "auto" a level number before column 8 tells the free format.

    Raises
    ------
    BadCopybook
        A quote is not closed, or the last sentence has no full stop.
    """
    lines = [line.expandtabs(8).rstrip() for line in text.replace("\x1a", "").splitlines()]
    free = copybook_format == "free"
    if copybook_format == "auto" and columns == (6, 72):
        free = any(_LEVEL_BEFORE_COLUMN_8.match(line) for line in lines)
    sentence: list[Word] = []
    for number, code in _code_lines(lines, free, columns):
        for word in _words(code, number):
            if word is None:
                if sentence:
                    yield tuple(sentence)
                sentence = []
            else:
                sentence.append(word)
    if sentence:
        raise BadCopybook(
            f"Line {sentence[0].line} of the copybook begins a sentence without a full stop: "
            f"{' '.join(word.text for word in sentence)[:60]!r}.",
            fix="End it with a full stop; in the fixed format it must stand before column 73.",
            line=sentence[0].line,
        )


def _code_lines(lines: list[str], free: bool, columns: tuple[int, int]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    margin, last = columns
    for number, line in enumerate(lines, start=1):
        mark = " " if free else line[margin:last][:1]
        code = _without_comment(line if free else line[margin + 1 : last])
        first = line.lstrip()[:1]
        if mark in ("*", "/", "D", "d", "$") or (free and first == "*") or not code.strip():
            continue
        if _LISTING.match(code.strip()):
            continue
        if mark == "-" and found:
            before, continued = found[-1][1].rstrip(), code.lstrip()
            opened = _open_quote(before)
            if opened and continued.startswith(opened):
                before, continued = found[-1][1].ljust(last - margin - 1), continued[1:]
            found[-1] = (found[-1][0], before + continued)
        else:
            found.append((number, code))
    return found


def _without_comment(code: str) -> str:
    place = code.find("*>")
    return code if place < 0 or _open_quote(code[:place]) else code[:place]


def _open_quote(code: str) -> str:
    opened = ""
    for sign in code:
        if sign in "\"'":
            if not opened:
                opened = sign
            elif opened == sign:
                opened = ""
    return opened


def _words(code: str, line: int) -> Iterator[Word | None]:
    """Yield the words of a line, and None for each full stop."""
    if _open_quote(code):
        raise BadCopybook(
            f"Line {line} of the copybook opens a quote and does not close it.",
            fix="Close it, or continue the line with a hyphen in column 7.",
            line=line,
        )
    begin = place = 0
    while place < len(code):
        match = _WORD.match(code, place)
        if match is None:
            place += 1
            continue
        if match["text"] and begin != place:  # X"40", N'...'
            place = match.end()
            continue
        if begin < place:
            yield Word(code[begin:place], line)
        if match["text"]:
            yield Word(match["text"], line)
        elif match["end"]:
            yield None
        begin = place = match.end()
    if begin < len(code):
        yield Word(code[begin:], line)
