"""Which texts share the rare words of a query: BM25 over an inverted index of arrays.

Source: Robertson and Zaragoza 2009, The Probabilistic Relevance Framework, section 3; k1 = 1.2, b = 0.75.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Bm25"]

_K1, _B = 1.2, 0.75
_WORD = re.compile(r"\w+")


class Bm25:
    """An index of texts.

    Parameters
    ----------
    texts : sequence of str
        May be empty.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(_words(text)) for text in texts]
        self._terms = {term: n for n, term in enumerate(sorted({one for words in counted for one in words}))}
        postings = sorted(
            (self._terms[term], n, tf) for n, one in enumerate(counted) for term, tf in one.items()
        )
        table = np.array(postings, dtype=np.int64).reshape(-1, 3)
        terms, self._places, frequency = table[:, 0], table[:, 1], table[:, 2].astype(np.float64)
        self._starts = np.searchsorted(terms, np.arange(len(self._terms) + 1))
        length = np.array([sum(one.values()) for one in counted], dtype=np.float64)
        usual = max(float(length.mean()), 1.0) if len(length) else 1.0
        holding = np.diff(self._starts).astype(np.float64)
        rarity = np.log1p((len(texts) - holding + 0.5) / (holding + 0.5))
        worn = frequency + _K1 * (1.0 - _B + _B * length[self._places] / usual)
        self._weights = rarity[terms] * frequency * (_K1 + 1.0) / worn
        self._n = len(texts)

    def scores(self, query: str) -> npt.NDArray[np.float64]:
        """Return how well each text fits, at least 0, in their order; each word of the query counts once."""
        known = sorted({self._terms[word] for word in _words(query) if word in self._terms})
        if not known:
            return np.zeros(self._n)
        spots = np.concatenate([np.arange(self._starts[one], self._starts[one + 1]) for one in known])
        found = np.bincount(self._places[spots], weights=self._weights[spots], minlength=self._n)
        return found.astype(np.float64)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
