"""Search all recognisers at once: only where there may be something, and each only where its shape is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import re2

from flyball.data.privacy.detection.errors import DetectionFailed
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["Matcher", "Raw", "compile_matcher"]

_BEFORE, _AFTER = 100, 60  # bytes in which words of context are looked for
_RAISE, _RAISED = 0.35, 0.6
_LONGEST_WINDOW = 4096  # bytes; a longer stretch is searched in parts that overlap
_OVERLAP = 512
_NEXT_WORD = re.compile(rb"[ ,;]")
_MEMORY = 64 << 20  # bytes of automaton per index; a full one is emptied and built again
# What `_stands_alone` asks of either side, as far as an expression can say it: never stricter.
_BEFORE_IT, _BEHIND_IT = rb"(?:^|\W|\b)(?:", rb"(?:\b|\W|$)"


class Raw(NamedTuple):
    """One match in bytes.

    Parameters
    ----------
    start, end : int
    recogniser : Recogniser
    score : float
    """

    start: int
    end: int
    recogniser: Recogniser
    score: float


@dataclass(frozen=True, slots=True)
class _Shape:
    """One expression of a recogniser.

    Parameters
    ----------
    recogniser : Recogniser
    expression : re2._Regexp
    group : int
        1 where a group is the finding, else 0.
    score : float
        Of a match that has nothing but its shape.
    most : float
        The highest score without a word of context.
    words : tuple of bytes
        The words of context.
    """

    recogniser: Recogniser
    expression: re2._Regexp
    group: int
    score: float
    most: float
    words: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Index:
    """Says for a stretch of text which shapes may occur in it, in one pass.

    Parameters
    ----------
    numbers : sequence of int
        Which of the matcher's shapes are in it.
    patterns : re2.Set
        Theirs, and behind them one that occurs in every text: a set whose automaton fails finds nothing
        without a word, and is told by missing that one.
    """

    numbers: Sequence[int]
    patterns: re2.Set

    def occurring(self, part: bytes) -> list[int]:
        """Return the numbers of the shapes that occur."""
        found = self.patterns.Match(part)
        last = len(self.numbers)
        if not found or last not in found:
            raise DetectionFailed(
                f"The automaton of {last} patterns ran out of its {_MEMORY} bytes.",
                fix="Keep the batch back; ask for fewer kinds at once.",
            )
        if len(found) == 1:
            return []
        return [self.numbers[place] for place in found if place != last]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Compiled recognisers.

    Parameters
    ----------
    shapes : sequence of _Shape
    indexes : sequence of _Index
    everywhere : sequence of _Shape
        Those that are searched in all the text.
    """

    shapes: Sequence[_Shape]
    indexes: Sequence[_Index]
    everywhere: Sequence[_Shape]

    def matches(self, data: bytes, array: npt.NDArray[np.uint8], minimum: float = 0.0) -> Iterator[Raw]:
        """Yield the matches in UTF-8 text.

        Parameters
        ----------
        data : bytes
            A zero byte parts two texts.
        array : uint8 of shape (n_bytes,)
            The same bytes.
        minimum : float
            Matches that score less may be left out.
        """
        for shape in self.everywhere:
            yield from _found(shape, data, 0, len(data))
        if not self.indexes:
            return
        for start, end in _windows(array):
            for left in range(start, end, _LONGEST_WINDOW - _OVERLAP):
                right = min(left + _LONGEST_WINDOW, end)
                part = data[left:right]
                numbers: list[int] = []
                for index in self.indexes:
                    numbers += index.occurring(part)
                numbers.sort()  # of equal findings the first is told: always the same one
                near: bytes | None = None
                for number in numbers:
                    shape = self.shapes[number]
                    if shape.most < minimum:  # it needs a word of its context: most have none anywhere near
                        if near is None:
                            near = data[max(0, left - _BEFORE) : right + _AFTER].lower()
                        if not any(word in near for word in shape.words):
                            continue
                    yield from _found(shape, data, left, right)
                if right == end:
                    break


def compile_matcher(recognisers: Sequence[Recogniser]) -> Matcher:
    """Compile recognisers.

    Raises
    ------
    re2.error
        A pattern is none of RE2.
    DetectionFailed
        The automaton does not fit into its memory.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.max_mem = _MEMORY
    options.log_errors = False
    shapes: list[_Shape] = []
    everywhere: list[_Shape] = []
    for recogniser in recognisers:
        for pattern, score in recogniser.patterns:
            expression = re2.compile(pattern.encode(), options)
            most = max(score, recogniser.checked) if recogniser.check else score
            words = tuple(_ascii_lower(word) for word in recogniser.context)
            one = _Shape(recogniser, expression, min(expression.groups, 1), score, most, words)
            (everywhere if recogniser.everywhere else shapes).append(one)
    # Two automata have far fewer states than one of all; they are built as text is seen, which costs time.
    parts: dict[bool, list[int]] = {}
    for number, shape in enumerate(shapes):
        parts.setdefault(b"a-z" in shape.expression.pattern, []).append(number)
    return Matcher(shapes, [_indexed(shapes, part, options) for part in parts.values()], everywhere)


def _ascii_lower(word: str) -> bytes:
    """Return the longest part of a word that lower case in bytes cannot miss: its letters of ASCII."""
    parts: list[bytes] = re.findall(rb"[\x00-\x7f]*", word.encode())
    return max(parts, key=len)


def _indexed(shapes: Sequence[_Shape], numbers: Sequence[int], options: re2.Options) -> _Index:
    patterns = re2.Set.SearchSet(options)
    for shape in (shapes[number] for number in numbers):
        pattern = shape.expression.pattern
        if not shape.group:  # with a group, its edges are those of the group
            pattern = _BEFORE_IT + pattern + b")" + (b"" if shape.recogniser.cut else _BEHIND_IT)
        patterns.Add(pattern)
    patterns.Add(b"^")
    patterns.Compile()
    index = _Index(numbers, patterns)
    index.occurring(b"")
    return index


def _windows(array: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the stretches with a digit, "@", or a stop or colon within a word; two words on either side."""
    if not array.size:
        return []
    table = np.zeros(256, np.uint8)
    table[[9, 10, 11, 12, 13, 32]] = 1
    table[0] = 2
    classes = table[array]
    space = classes > 0
    hot = (array >= 48) & (array <= 57)
    hot |= array == 64
    inner = np.flatnonzero((array == 46) | (array == 58))
    inner = inner[(inner > 0) & (inner + 1 < array.size)]
    letters = ~space[inner - 1] & ~space[inner + 1] & (array[inner + 1] != 46) & (array[inner - 1] != 46)
    hot[inner[letters]] = True
    edges = np.flatnonzero(np.diff(space.astype(np.int8), prepend=1, append=1))
    starts, ends = edges[::2], edges[1::2]  # of the words
    counts = np.concatenate(([0], np.cumsum(hot, dtype=np.int32)))
    at = np.flatnonzero(counts[ends] > counts[starts])
    if not at.size:
        return []
    first = np.maximum(at - 2, 0)  # two words on either side: "GB29 NWBK", "AB 12"
    last = np.minimum(at + 2, starts.size - 1)
    begins = np.concatenate(([True], first[1:] > last[:-1] + 1))
    left = starts[first[begins]]
    right = ends[last[np.append(np.flatnonzero(begins)[1:] - 1, at.size - 1)]]
    breaks = np.flatnonzero(array == 0)
    if not breaks.size:
        return list(zip(left.tolist(), right.tolist(), strict=True))
    # A window never lies across two texts: cut it at every zero byte.
    parted: list[tuple[int, int]] = []
    low, high = np.searchsorted(breaks, left), np.searchsorted(breaks, right)
    for a, b, i, j in zip(left.tolist(), right.tolist(), low.tolist(), high.tolist(), strict=True):
        for stop in breaks[i:j].tolist():
            if stop > a:
                parted.append((a, stop))
            a = stop + 1
        if b > a:
            parted.append((a, b))
    return parted


def _found(shape: _Shape, data: bytes, left: int, right: int) -> Iterator[Raw]:
    at = left
    while at < right:
        match = shape.expression.search(data, at, right)
        if match is None:
            return
        first, last = match.span()
        start, end = match.span(1) if shape.group else (first, last)
        at = max(last, first + 1)
        if start == end:
            continue
        found = _judged(shape, data, start, end)
        if found is not None:
            yield found
        elif end - start > 1:
            # What was taken may begin with something else: go on behind its first word.
            rest = _NEXT_WORD.search(data[first:last])
            if rest:
                at = first + rest.end()


def _judged(shape: _Shape, data: bytes, start: int, end: int) -> Raw | None:
    recogniser = shape.recogniser
    score = shape.score
    if recogniser.cut is not None:
        kept = recogniser.cut(data[start:end].decode("latin-1"))
        if not kept:
            return None
        end = start + kept
    if not _stands_alone(data, start, end):
        return None
    if recogniser.check is not None:
        holds = recogniser.check(data[start:end].decode("utf-8", "replace"))
        if holds is False:
            return None
        if holds:
            score = recogniser.checked
    if recogniser.context and score < 0.95 and _has_context(recogniser.context, data, start, end):
        score = min(1.0, max(score + _RAISE, _RAISED))
    return Raw(start, end, recogniser, score)


def _is_word(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95


def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Refuse a part of a word, or of a longer number joined by a sign."""
    first, last = data[start], data[end - 1]
    if start:
        before = data[start - 1]
        if _is_word(before) and (_is_word(first) or first in b":"):
            return False
        if before in b"-./,:@" and start > 1 and _is_digit(data[start - 2]) and _is_digit(first):
            return False
    if end < len(data):
        after = data[end]
        if _is_word(after) and _is_word(last):
            return False
        if after in b"-./,:@" and end + 1 < len(data) and _is_digit(data[end + 1]) and _is_digit(last):
            return False
    return True


def _has_context(words: tuple[str, ...], data: bytes, start: int, end: int) -> bool:
    before = data[max(0, start - _BEFORE) : start].rpartition(b"\0")[2]
    after = data[end : end + _AFTER].partition(b"\0")[0]
    near = (before + b" \x1f " + after).decode("utf-8", "ignore").lower()
    for word in words:
        at = near.find(word)
        while at >= 0:
            behind = near[at + len(word) : at + len(word) + 1]
            if (at == 0 or not near[at - 1].isalnum()) and (len(word) > 3 or not behind.isalnum()):
                return True
            at = near.find(word, at + 1)
    return False
