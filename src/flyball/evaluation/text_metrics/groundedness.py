"""Whether what an answer claims stands in the passages that it cites."""

from collections.abc import Sequence

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import Points, text_metric
from flyball.evaluation.texts.words import names, normalised, numbers, quoted


@text_metric(
    version=1,
    title="Numbers, names and quotes that stand in what is cited",
    unit="share of checkable claims, 0 to 1",
    source="own: numbers, names and quotations of the answer looked up in its cited passages",
    needs="passages",
)
def groundedness(cases: Sequence[TextCase]) -> Sequence[Points]:
    """Share of numbers, names and quotations in answers that stand in the passages cited with them.

    An answer that claims something and cites nothing has none of them. An answer without a number, a name or
    a quotation has nothing that can be looked up, and is left out. A claim in other words is not seen: that
    the passage says so is for a judge or a person to tell.
    """
    return [_points(one) for one in cases]


def _points(case: TextCase) -> Points:
    cited = " ".join(case.passages)
    cited_numbers = [value for readings in numbers(cited) for value in readings]
    cited_words = f" {normalised(cited)} "
    found = [any(value in cited_numbers for value in readings) for readings in numbers(case.answer)]
    texts = [*quoted(case.answer), *names(case.answer)]
    found += [f" {plain} " in cited_words for one in texts if (plain := normalised(one))]
    return (float(sum(found)), float(len(found))) if found else None
