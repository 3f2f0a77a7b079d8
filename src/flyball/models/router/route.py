"""Route each field of each case: rules first, then the cheapest expert that is sure enough, then a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from flyball.core.records import Span
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.recalibration import Recalibration
from flyball.models.router.thresholds import Thresholds

__all__ = [
    "REFER",
    "Considered",
    "Prediction",
    "Route",
    "Routed",
    "by_case",
    "order_of",
    "route_field",
    "unsettled",
]

REFER = '"refer"'
"""The answer by which a rule sends a field to a person, whatever any expert says."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One expert that could have answered, and why it did or did not.

    Parameters
    ----------
    expert : str
    confidence : float or None
        Its calibrated confidence; None where it gave no answer.
    price_eur : str
        Decimal as text, per case; "0" for an expert that was passed over.
    why : str
        Why it was taken or passed over.
    """

    expert: str
    confidence: float | None
    price_eur: str
    why: str


@dataclass(frozen=True, slots=True)
class Route:
    """Which expert answered, and why not the others.

    Parameters
    ----------
    expert : str
        "" where no expert was sure enough and the field goes to a person.
    reason : str
    considered : tuple of Considered
        In the order in which they were asked.
    """

    expert: str
    reason: str
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row of an expert's answer, as plain values."""

    answer: str
    confidence: float
    evidence: tuple[Span, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Routed:
    """The outcome of routing one field: the answer that counts, and whether a machine may give it.

    Parameters
    ----------
    prediction : Prediction or None
        The answer taken; for a referral the best guess; None where nobody answered.
    automated : bool
    route : Route
    reason : str
        For people.
    by_rule : bool
        A rule decided, called for a person, or broke; no model needs to be asked.
    """

    prediction: Prediction | None
    automated: bool
    route: Route
    reason: str
    by_rule: bool = False


def order_of(cards: Sequence[ExpertCard]) -> list[ExpertCard]:
    """Return the cards in the order of asking: rules, then by price, then as declared."""
    return sorted(cards, key=lambda card: (card.kind != "rules", Decimal(card.price_eur_per_case)))


def unsettled(
    case_ids: Sequence[str],
    fields: Sequence[str],
    predictions: Mapping[str, pa.RecordBatch],
    cards: Sequence[ExpertCard],
    thresholds: Thresholds,
) -> dict[str, tuple[str, ...]]:
    """Return the fields of each case that somebody else has to be asked about.

    Settled is what a machine decides already, and what a rule sends to a person.

    Parameters
    ----------
    case_ids : sequence of str
    fields : sequence of str
        What the one who would be asked can answer.
    predictions : mapping of expert name to RecordBatch of schema PREDICTIONS
        Of those who were asked before.
    cards : sequence of ExpertCard
        Of the same.
    thresholds : Thresholds

    Returns
    -------
    dict of case_id to tuple of str
        Cases of which everything is settled are left out.
    """
    ordered = order_of(cards)
    given = {name: by_case(batch, thresholds.recalibrations.get(name)) for name, batch in predictions.items()}
    nothing: dict[str, Prediction] = {}
    found = {}
    for case in case_ids:
        rows = {name: answers.get(case, nothing) for name, answers in given.items()}
        open_fields = []
        for key in fields:
            answers = {name: row[key] for name, row in rows.items() if key in row}
            routed = route_field(key, answers, ordered, thresholds)
            if not routed.automated and not routed.by_rule:
                open_fields.append(key)
        if open_fields:
            found[case] = tuple(open_fields)
    return found


def by_case(
    predictions: pa.RecordBatch, recalibration: Recalibration | None = None
) -> dict[str, dict[str, Prediction]]:
    """Return `{case_id: {field: Prediction}}` from a batch of schema PREDICTIONS.

    Parameters
    ----------
    predictions : RecordBatch
    recalibration : Recalibration, optional
        Corrects answers and confidences by what own labelled cases taught.
    """
    found: dict[str, dict[str, Prediction]] = {}
    columns = [predictions.column(name).to_pylist() for name in predictions.schema.names]
    for case_id, key, answer, confidence, evidence, reason in zip(*columns, strict=True):
        spans = tuple(Span(span["start"], span["end"], span["score"]) for span in evidence)
        given = Prediction(answer, confidence, spans, reason)
        found.setdefault(case_id, {})[key] = _corrected(given, recalibration) if recalibration else given
    return found


def _corrected(given: Prediction, recalibration: Recalibration) -> Prediction:
    answer, confidence = recalibration.answer(given.answer, given.confidence)
    if answer == given.answer:
        return Prediction(answer, confidence, given.evidence, given.reason)
    word = "more" if answer == "true" else "less"
    reason = (
        f"{given.reason} But your own labelled cases hold such things {word} often than the expert expects."
    )
    return Prediction(answer, confidence, given.evidence, reason)


def route_field(
    key: str,
    answers: Mapping[str, Prediction],
    cards: Sequence[ExpertCard],
    thresholds: Thresholds,
    failed: Mapping[str, str] | None = None,
    passed_over: Mapping[str, str] | None = None,
) -> Routed:
    """Decide who answers one field of one case.

    Parameters
    ----------
    key : str
        The field.
    answers : mapping of expert name to Prediction
        Those who answered; an expert that is missing here gave no answer.
    cards : sequence of ExpertCard
        All experts, in the order of `order_of`.
    thresholds : Thresholds
    failed : mapping of expert name to str, optional
        Experts that were asked about this case and broke, with the reason.
    passed_over : mapping of expert name to str, optional
        Experts that might not be asked, with the constraint that spoke against them.

    Returns
    -------
    Routed
        Automated only by a rule, or by an expert whose confidence reaches its threshold.
    """
    considered: list[Considered] = []
    best: tuple[float, str, Prediction] | None = None
    for card in cards:
        if passed_over and card.name in passed_over:
            if key in card.fields:
                considered.append(Considered(card.name, None, "0", f"passed over, {passed_over[card.name]}"))
            continue
        given = answers.get(card.name)
        if given is None:
            if card.kind == "rules" and key in card.fields and card.name in (failed or {}):
                return _without_rules(card, (failed or {})[card.name], considered)
            if key in card.fields and card.kind != "rules":
                why = (failed or {}).get(card.name)
                why = "gave no answer" if why is None else f"failed: {why}"
                considered.append(Considered(card.name, None, card.price_eur_per_case, why))
            continue
        if card.kind == "rules":
            return _by_rule(card, given, considered)
        least = thresholds.least(card.name, key, given.answer)
        if given.confidence >= least:
            why = f"sure enough: {given.confidence:.3f} reaches {least:.3f}"
            considered.append(Considered(card.name, given.confidence, card.price_eur_per_case, why))
            return Routed(given, True, Route(card.name, why, tuple(considered)), given.reason)
        why = (
            "may not answer alone: no threshold keeps the promise for it"
            if least > 1.0
            else f"not sure enough: {given.confidence:.3f} is below {least:.3f}"
        )
        considered.append(Considered(card.name, given.confidence, card.price_eur_per_case, why))
        if best is None or given.confidence > best[0]:
            best = (given.confidence, card.name, given)
    if best is None:
        closed = [one for one in considered if one.expert in (passed_over or {})]
        reason = (
            f"No expert may answer this field, so a person must: {closed[-1].expert} was {closed[-1].why}."
            if closed
            else "No expert answers this field, so a person must."
        )
        return Routed(None, False, Route("", reason, tuple(considered)), reason)
    route = Route("", "no expert was sure enough", tuple(considered))
    asked = [one.why for one in considered if one.expert not in (passed_over or {})]
    said = f" {best[1]} says of its best guess: {best[2].reason}" if best[2].reason else ""
    return Routed(best[2], False, route, f"Not sure enough to decide alone: {asked[-1]}.{said}")


def _without_rules(card: ExpertCard, why: str, considered: list[Considered]) -> Routed:
    """Send to a person what rules that broke might have decided, or taken from the models."""
    considered.append(Considered(card.name, None, card.price_eur_per_case, f"failed: {why}"))
    reason = f"Rules come before models, and {card.name} failed, so a person must answer: {why}"
    return Routed(None, False, Route("", reason, tuple(considered)), reason, by_rule=True)


def _by_rule(card: ExpertCard, given: Prediction, considered: list[Considered]) -> Routed:
    """A rule decides, or sends to a person; either way no model is asked."""
    why = f"a rule decides, outside the model perimeter: {given.reason}"
    considered.append(Considered(card.name, given.confidence, card.price_eur_per_case, why))
    route = Route(card.name, why, tuple(considered))
    if given.answer == REFER:
        shown = Prediction("null", 0.0, given.evidence, given.reason) if given.evidence else None
        return Routed(shown, False, Route("", why, tuple(considered)), given.reason, by_rule=True)
    return Routed(given, True, route, given.reason, by_rule=True)
