"""The very words that are right."""

from collections.abc import Sequence

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import Points, text_metric


@text_metric(
    version=1,
    title="Word for word right",
    unit="share of answers, 0 to 1",
    source="Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1, without its normalisation",
    needs="right",
)
def exact_match(cases: Sequence[TextCase]) -> Sequence[Points]:
    """Share of answers that are the very text that is right, spaces at both ends aside."""
    return [(float(one.answer.strip() == (one.right or "").strip()), 1.0) for one in cases]
