"""Quotes: when a quoted passage is a right one.

The rule: a quote is right when it shares at least half of the characters of the shorter of the two
(the quote, the passage that a person marked) with some passage marked for that field. A sentence
that holds the marked words is right, and so is the better half of a long marked clause.

The rule alone could be bent: whoever quotes the whole document always holds the marked words. So
the strict rule stands beside it in every report: the shared characters are at least half of all
characters that either of the two covers (Jaccard, as in the CUAD paper, arXiv:2103.06268, section 4).

Only the first quote counts, the one that a reader is shown first.
"""

__all__ = ["RIGHT_QUOTE", "RIGHT_QUOTE_STRICT", "Passage", "jaccard", "shared_share"]

Passage = tuple[int, int]
"""Offsets in Unicode code points, start and end, 0 <= start < end."""

RIGHT_QUOTE = 0.5
RIGHT_QUOTE_STRICT = 0.5


def shared_share(quote: Passage, marked: Passage) -> float:
    """Return the shared characters as a share of the shorter passage, in [0, 1]."""
    shorter = min(quote[1] - quote[0], marked[1] - marked[0])
    return _shared(quote, marked) / shorter if shorter > 0 else 0.0


def jaccard(quote: Passage, marked: Passage) -> float:
    """Return the shared characters as a share of all covered characters, in [0, 1]."""
    shared = _shared(quote, marked)
    covered = (quote[1] - quote[0]) + (marked[1] - marked[0]) - shared
    return shared / covered if covered > 0 else 0.0


def _shared(one: Passage, other: Passage) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
