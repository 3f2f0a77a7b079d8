"""How alike an answer and what is right are, by pieces of words: no model, so no meaning either."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import Points, text_metric
from flyball.evaluation.texts.words import normalised

_LENGTHS = (3, 4)


@text_metric(
    version=1,
    title="Alike by pieces of words",
    unit="mean cosine of character n-grams, 0 to 1",
    source="n-grams of characters: Damashek 1995, Science 267, 843-848; weights: Salton and Buckley 1988, "
    "Information Processing and Management 24, 513-523",
    needs="right",
)
def ngram_similarity(cases: Sequence[TextCase]) -> Sequence[Points]:
    """Mean cosine of the tf-idf vectors of pieces of three and four characters.

    It sees other endings, other orders and small slips as alike. It does not see meaning: "must" and
    "must not" are nearly the same to it. A judge that people agree with, or a person, sees that.
    """
    pairs = [(_pieces(one.answer), _pieces(one.right or "")) for one in cases]
    seen = Counter(piece for _, right in pairs for piece in right)
    n = len(pairs)

    def weight(piece: str) -> float:
        return math.log((1 + n) / (1 + seen[piece])) + 1.0

    return [(_cosine(given, right, weight), 1.0) for given, right in pairs]


def _pieces(text: str) -> Counter[str]:
    padded = f" {normalised(text)} "
    return Counter(
        padded[at : at + length] for length in _LENGTHS for at in range(max(0, len(padded) - length + 1))
    )


def _cosine(one: Counter[str], other: Counter[str], weigh: Callable[[str], float]) -> float:
    if not one or not other:
        return float(one == other)
    left = {piece: n * weigh(piece) for piece, n in one.items()}
    right = {piece: n * weigh(piece) for piece, n in other.items()}
    above = sum(value * right.get(piece, 0.0) for piece, value in left.items())
    below = math.sqrt(sum(v * v for v in left.values()) * sum(v * v for v in right.values()))
    return min(1.0, above / below) if below else 0.0
