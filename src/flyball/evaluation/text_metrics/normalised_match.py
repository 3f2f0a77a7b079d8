"""The words that are right, however they are written."""

from collections.abc import Sequence

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import Points, text_metric
from flyball.evaluation.texts.words import normalised


@text_metric(
    version=1,
    title="Right but for capitals, punctuation and articles",
    unit="share of answers, 0 to 1",
    source="exact match of Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1",
    needs="right",
)
def normalised_match(cases: Sequence[TextCase]) -> Sequence[Points]:
    """Share of answers that are right once capitals, punctuation and articles are taken away."""
    return [(float(normalised(one.answer) == normalised(one.right or "")), 1.0) for one in cases]
