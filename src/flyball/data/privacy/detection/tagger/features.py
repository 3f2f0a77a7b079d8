"""Features of the tokens that may be part of a name, as places in one table of weights."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.data.privacy.detection.tagger.tokens import Hashes, Places, Tokens, hash_word

__all__ = [
    "NEIGHBOURS",
    "N_FEATURES",
    "OWN_WORD",
    "TABLE_BITS",
    "Lexicon",
    "Runs",
    "features_of",
    "find_runs",
    "make_lexicon",
]

TABLE_BITS = 18
LONGEST_RUN = 48  # tokens decided together; a longer run is cut
_WIDEST_GAP = 3  # tokens such as "of", "de la", ", " that may stand between two capitals of one name
_MARGIN = 3  # tokens looked at on either side
_LEXICON_BITS = 21


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Lists that a word may stand on, as flags per place of a hash table.

    Parameters
    ----------
    flags : uint16 of shape (2**21,)
        Two words in one place share their flags: about one word in sixteen of those on no list has some.
    """

    flags: npt.NDArray[np.uint16]

    def look_up(self, words: Hashes) -> npt.NDArray[np.uint16]:
        """Return the flags of words by their hashes; 0 where a word is on no list."""
        bits = self.flags.size.bit_length() - 1
        return np.asarray(self.flags[_mixed(words) >> np.uint64(64 - bits)])


def make_lexicon(lists: list[list[str]]) -> Lexicon:
    """Return the lexicon of at most sixteen lists of single words."""
    flags = np.zeros(1 << _LEXICON_BITS, np.uint16)
    for bit, words in enumerate(lists):
        hashes = np.array([hash_word(word) for word in words], np.uint64)
        np.bitwise_or.at(flags, _mixed(hashes) >> np.uint64(64 - _LEXICON_BITS), np.uint16(1 << bit))
    return Lexicon(flags)


@dataclass(frozen=True, slots=True)
class Runs:
    """Stretches of tokens that are decided together.

    Parameters
    ----------
    tokens : int64 of shape (n,)
        Numbers of the tokens, ascending.
    start, length : int64 of shape (n_runs,)
        Where each run begins in `tokens`.
    """

    tokens: Places
    start: Places
    length: Places


def find_runs(tokens: Tokens) -> Runs:
    """Return the runs: capitals and numbers, and the short words and signs between them.

    In a line without any capital every token is taken, so that text typed in lower case is read too.
    """
    n = tokens.start.size
    strong = tokens.first >= 3
    line = np.cumsum(tokens.lines > 0)
    capitals = np.zeros(int(line[-1]) + 1 if n else 1, bool)
    capitals[line[tokens.first == 3]] = True
    strong |= ~capitals[line] if n else strong
    at = np.flatnonzero(strong)
    if not at.size:
        return Runs(at, at, at)
    gap = np.diff(at) - 1
    weak_before = np.concatenate(([0], np.cumsum((tokens.end - tokens.start > 3) | (tokens.lines == 3))))
    bridged = (gap <= _WIDEST_GAP) & (weak_before[at[1:]] == weak_before[at[:-1] + 1])
    bridged &= tokens.lines[at[1:]] < 3
    taken = strong.copy()
    for step in range(1, _WIDEST_GAP + 1):
        here = at[:-1][bridged & (gap >= step)] + step
        taken[here] = True
    chosen = np.flatnonzero(taken)
    begins = np.empty(chosen.size, bool)
    begins[0] = True
    begins[1:] = (np.diff(chosen) > 1) | (tokens.lines[chosen[1:]] == 3)
    start = np.flatnonzero(begins)
    place = np.arange(chosen.size) - np.repeat(start, np.diff(np.append(start, chosen.size)))
    begins |= place % LONGEST_RUN == 0
    start = np.flatnonzero(begins)
    return Runs(chosen, start, np.diff(np.append(start, chosen.size)))


def _mixed(values: Hashes) -> Hashes:
    """Spread hashes over all bits: the finalizer of MurmurHash3, halved."""
    mixed = values ^ (values >> np.uint64(33))
    mixed = mixed * np.uint64(0xFF51AFD7ED558CCD)
    return np.asarray(mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xC4CEB9FE1A85EC53)


def _joined(*parts: Hashes) -> Hashes:
    total = parts[0]
    for number, part in enumerate(parts[1:], 1):
        total = (total ^ (total >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15) + part * np.uint64(
            0xBF58476D1CE4E5B9 + 2 * number
        )
    return total


_SEEN = 2 * _MARGIN + 1
_WORD, _SHAPE, _LISTED, _LONG, _SHORT = range(_MARGIN, 5 * _SEEN, _SEEN)
"""Rows of what is known of tokens: of each kind so many before the token, the token itself, and those behind.
`_LONG` and `_SHORT` are the last three and two letters."""
_PREFIXES = 5 * _SEEN
_SUFFIXES = _PREFIXES + 3

_FEATURES: tuple[tuple[int, ...], ...] = (
    (_WORD,),
    (_WORD, _SHAPE),
    (_WORD - 1,),
    (_WORD + 1,),
    (_WORD - 2,),
    (_WORD + 2,),
    (_WORD - 3,),
    (_WORD + 3,),
    (_WORD - 1, _WORD),
    (_WORD, _WORD + 1),
    (_WORD - 2, _WORD - 1),
    (_WORD + 1, _WORD + 2),
    (_WORD - 1, _WORD + 1),
    (_WORD - 1, _SHAPE, _LISTED),
    (_WORD + 1, _SHAPE, _LISTED),
    (_WORD - 2, _WORD - 1, _SHAPE),
    (_SHAPE,),
    (_SHAPE - 1, _SHAPE),
    (_SHAPE, _SHAPE + 1),
    (_SHAPE - 1, _SHAPE, _SHAPE + 1),
    (_SHAPE - 2, _SHAPE - 1, _SHAPE),
    (_SHAPE, _SHAPE + 1, _SHAPE + 2),
    (_PREFIXES,),
    (_PREFIXES + 1,),
    (_PREFIXES + 2,),
    (_SUFFIXES,),
    (_SUFFIXES + 1,),
    (_SUFFIXES + 2,),
    (_SUFFIXES + 1, _SHAPE),
    (_LISTED, _SHAPE),
    (_LISTED - 1, _LISTED),
    (_LISTED, _LISTED + 1),
    (_LISTED - 1, _LISTED, _LISTED + 1, _SHAPE),
    (_LISTED - 2, _LISTED - 1, _LISTED),
    (_LISTED, _LISTED + 1, _LISTED + 2),
    (_LONG + 1,),
    (_LONG - 1,),
    (_SHORT - 1, _SHORT, _SHAPE),
)
"""Which rows each feature is made of."""
N_FEATURES = len(_FEATURES)
_OF_SIZE = tuple(
    (np.array(numbers), np.array([_FEATURES[one] for one in numbers]).T)
    for size in range(1, 5)
    if (numbers := [number for number, rows in enumerate(_FEATURES) if len(rows) == size])
)
"""Features of as many rows are worked out together: their numbers, and their rows one after another."""
_SALTS = np.array([(number + 1) * 0xD6E8FEB86659FD93 % (1 << 64) for number in range(N_FEATURES)], np.uint64)
_TOGETHER = 2_048
"""Tokens whose features are worked out at once: as many as stay in the cache."""


def features_of(tokens: Tokens, at: Places, lexicon: Lexicon) -> npt.NDArray[np.uint32]:
    """Return the places of the features of some tokens in the table of weights.

    Parameters
    ----------
    tokens : Tokens
    at : int64 of shape (n,)
        The tokens that are asked for; the words around them are looked at too.
    lexicon : Lexicon

    Returns
    -------
    uint32 of shape (N_FEATURES, n)
    """
    # Nothing stands beside a text: between two of them, and at both ends, there is room for the margin.
    texts = np.cumsum(tokens.lines == 3)
    inner = np.arange(tokens.start.size) + _MARGIN * texts
    padded = np.zeros((5, int(inner[-1]) + 1 + _MARGIN if inner.size else _MARGIN), np.uint64)
    padded[0, inner] = tokens.word
    # The line ends before a token are part of how it looks: a name on a line of its own is a name.
    padded[1, inner] = tokens.shape.astype(np.uint64) + np.uint64(256) * tokens.lines
    padded[2, inner] = lexicon.look_up(tokens.word)
    padded[3, inner] = tokens.suffixes[1]
    padded[4, inner] = tokens.suffixes[0]
    around = inner[at] + np.arange(-_MARGIN, _MARGIN + 1)[:, None]
    places = np.empty((N_FEATURES, at.size), np.uint32)
    for first in range(0, at.size, _TOGETHER):
        here = slice(first, first + _TOGETHER)
        rows = np.concatenate(
            (
                np.take(padded, around[:, here], axis=1).reshape(5 * _SEEN, -1),
                np.take(tokens.prefixes, at[here], axis=1),
                np.take(tokens.suffixes, at[here], axis=1),
            )
        )
        values = np.empty((N_FEATURES, rows.shape[1]), np.uint64)
        for numbers, parts in _OF_SIZE:
            values[numbers] = _joined(*(rows[part] for part in parts))
        places[:, here] = _mixed(values + _SALTS[:, None]) >> np.uint64(64 - TABLE_BITS)
    return places


OWN_WORD = (0, 1, 8, 9, 22, 23, 24, 25, 26, 27, 28)
"""Features that tell which word it is."""

NEIGHBOURS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
"""Features that tell which words stand around it."""
