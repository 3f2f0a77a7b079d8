"""How many words an answer shares with what is right."""

from collections import Counter
from collections.abc import Sequence

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import Points, text_metric
from flyball.evaluation.texts.words import words


@text_metric(
    version=1,
    title="Words shared with what is right",
    unit="mean F1 of words, 0 to 1",
    source="F1 of Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1",
    needs="right",
)
def token_f1(cases: Sequence[TextCase]) -> Sequence[Points]:
    """Mean over answers of the harmonic mean of precision and recall of words; 1 where both say nothing."""
    return [(_f1(words(one.answer), words(one.right or "")), 1.0) for one in cases]


def _f1(given: list[str], right: list[str]) -> float:
    if not given or not right:
        return float(given == right)
    shared = sum((Counter(given) & Counter(right)).values())
    return 2.0 * shared / (len(given) + len(right))
