"""Answer the fields of cases: predictions in, one `FieldDecision` per case and field out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import pyarrow as pa

from flyball.core.records import Field, Span
from flyball.models.decisions.records import FieldDecision, Scalar
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.route import Prediction, Routed, by_case, order_of, route_field
from flyball.models.router.thresholds import Thresholds

__all__ = ["Reader", "answer_fields"]


class ReadValueLike(Protocol):
    """What a value reader returns."""

    @property
    def value(self) -> Scalar:
        """The value read."""
        ...

    @property
    def unit(self) -> str:
        """Its unit."""
        ...


class Reader(Protocol):
    """Reads a value out of a quoted passage; None where it reads nothing."""

    def __call__(self, text: str, /) -> ReadValueLike | None:
        """Read one passage."""
        ...


def answer_fields(
    texts: Mapping[str, str],
    fields: Sequence[Field],
    predictions: Mapping[str, pa.RecordBatch],
    cards: Sequence[ExpertCard],
    thresholds: Thresholds,
    readers: Mapping[str, Reader],
    failed: Mapping[str, Mapping[str, str]] | None = None,
    unread: Mapping[str, str] | None = None,
    passed_over: Mapping[str, str] | None = None,
    not_paid: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, tuple[FieldDecision, ...]]:
    """Route every field of every case and read the values out of what was quoted.

    Parameters
    ----------
    texts : mapping of case_id to text
        The cases; every one gets a decision for every field, predicted or not.
    fields : sequence of Field
    predictions : mapping of expert name to RecordBatch of schema PREDICTIONS
    cards : sequence of ExpertCard
    thresholds : Thresholds
    readers : mapping of reader name to Reader
        For the fields whose `reads` names one.
    failed : mapping of case_id to mapping of expert name to str, optional
        Experts that broke on a case, with the reason.
    unread : mapping of case_id to str, optional
        What of a case could not be read: "page 3: scanned". Nothing is said to be absent then: an
        answer without a passage goes to a person.
    passed_over : mapping of expert name to str, optional
        Experts that might not be asked, with the constraint that spoke against them.
    not_paid : mapping of case_id to mapping of expert name to str, optional
        The same for single cases: no budget could pay for the asking.

    Returns
    -------
    dict of case_id to tuple of FieldDecision
        In the order of `fields`.
    """
    ordered = order_of(cards)
    answers = {
        name: by_case(batch, thresholds.recalibrations.get(name)) for name, batch in predictions.items()
    }
    nothing: dict[str, Prediction] = {}
    decided = {}
    for case_id, text in texts.items():
        per_expert = {name: cases.get(case_id, nothing) for name, cases in answers.items()}
        broke = (failed or {}).get(case_id)
        closed = {**(passed_over or {}), **(not_paid or {}).get(case_id, {})}
        route = partial(route_field, cards=ordered, thresholds=thresholds, failed=broke, passed_over=closed)
        found = (_decide(field, text, per_expert, route, readers) for field in fields)
        gap = (unread or {}).get(case_id, "")
        decided[case_id] = tuple(_referred_absence(one, gap) if gap else one for one in found)
    return decided


def _referred_absence(decision: FieldDecision, gap: str) -> FieldDecision:
    """Refer what is said to be absent from a document that was not read whole."""
    if decision.outcome != "automated" or decision.evidence:
        return decision
    return replace(decision, outcome="referred", reason=f"not all of it was read ({gap}), so it may be there")


def _decide(
    field: Field,
    text: str,
    per_expert: Mapping[str, Mapping[str, Prediction]],
    route: Callable[[str, Mapping[str, Prediction]], Routed],
    readers: Mapping[str, Reader],
) -> FieldDecision:
    given = {name: answers[field.key] for name, answers in per_expert.items() if field.key in answers}
    routed = route(field.key, given)
    prediction = routed.prediction or Prediction("null", 0.0, (), routed.reason)
    value, unit = _read(field, prediction, text, readers)
    return FieldDecision(
        field=field.key,
        answer=prediction.answer,
        outcome="automated" if routed.automated else "referred",
        confidence=prediction.confidence,
        evidence=prediction.evidence,
        route=routed.route,
        reason=routed.reason,
        value=value,
        unit=unit,
    )


def _read(
    field: Field, prediction: Prediction, text: str, readers: Mapping[str, Reader]
) -> tuple[Scalar, str]:
    """Read the value out of the best passages, in order; nothing is read out of an absence."""
    if not field.reads or prediction.answer == "false":
        return None, ""
    reader = readers[field.reads]
    for span in prediction.evidence:
        found = reader(text[span.start : span.end])
        if found is not None:
            return found.value, found.unit
    return None, ""


def quote(text: str, span: Span, longest: int = 400) -> str:
    """Return the passage in one line, cut in the middle of nothing: at a word, with an ellipsis."""
    words = " ".join(text[span.start : span.end].split())
    if len(words) <= longest:
        return words
    return words[:longest].rsplit(" ", 1)[0] + " ..."
