"""Reviews as programs see them: the list, one case, and the figures, as JSON objects."""

from collections.abc import Mapping

from flyball.core.estimates import as_plain
from flyball.evaluation.review.priority import Part
from flyball.loop.decided import Known
from flyball.loop.review_choosing import RoundView
from flyball.loop.review_queue import QueueItem, QueuePage, Urgency
from flyball.loop.review_views import AgreementView, FieldToAnswer, GivenView, ItemView, ReaderView, TimeView
from flyball.loop.shown import decision_as_json

__all__ = ["agreement_as_json", "item_as_json", "page_as_json", "round_as_json", "state_as_json"]


def page_as_json(page: QueuePage) -> dict[str, object]:
    """Return a page of the list."""
    return {
        "ok": True,
        "items": [_listed(item) for item in page.items],
        "next": page.next,
        "waiting": page.waiting,
        "overdue": page.overdue,
        "states": page.states,
    }


def item_as_json(view: ItemView, known: Known) -> dict[str, object]:
    """Return one case with its decision, what is to be answered, and what may be seen of others."""
    return {
        **state_as_json(view),
        "to_answer": [_asked(field) for field in view.to_answer],
        "seen": view.seen,
        "decision": decision_as_json(known.issued, view.document),
    }


def state_as_json(view: ItemView) -> dict[str, object]:
    """Return how the review of a case stands."""
    return {
        "ok": True,
        **_listed(view.item),
        "until": view.item.review.until,
        "declined": list(view.declined),
        "settled_as": view.settled_as,
        "answers": [_given(one) for one in view.given],
        "may": [
            act
            for act, may in (
                ("claim", view.may_claim),
                ("answer", view.may_answer),
                ("decline", view.may_answer),
                ("escalate", view.may_hand_up),
                ("settle", view.may_settle),
            )
            if may
        ],
    }


def agreement_as_json(view: AgreementView) -> dict[str, object]:
    """Return how readers agree, and how long cases take."""
    return {
        "ok": True,
        "fields": [
            {
                "field": one.field,
                "scale": one.scale,
                "readers": one.readers,
                "alpha": as_plain(one.alpha),
                "percent": as_plain(one.percent),
                "machine_alpha": as_plain(one.machine_alpha),
                "machine_percent": as_plain(one.machine_percent),
                "pairs": [
                    {
                        "readers": [pair.first, pair.second],
                        "alpha": as_plain(pair.alpha),
                        "percent": as_plain(pair.percent),
                    }
                    for pair in one.pairs
                ],
            }
            for one in view.fields
        ],
        "minutes": _minutes(view.minutes),
        "readers": view.readers,
        "people": [_reader(one) for one in view.people],
        "rounds": [round_as_json(one) for one in view.rounds],
    }


def round_as_json(one: RoundView) -> dict[str, object]:
    """Return one round of choosing."""
    return {
        "round": one.round,
        "ledger_entry": one.entry,
        "at": one.at,
        "by": one.by,
        "population": one.population,
        "chosen": one.chosen,
        "drawn": one.drawn,
        "answered": one.answered,
        "quality": {field: as_plain(measured) for field, measured in one.quality.items()},
    }


def _listed(item: QueueItem) -> dict[str, object]:
    return {
        "id": item.id,
        "case_id": item.case_id,
        "case": item.case_name,
        "decided_at": item.decided_at,
        "fields": list(item.fields),
        "state": item.state,
        "holder": item.holder,
        "role": item.review.role,
        "people": item.people,
        "answered": item.answered,
        **_urgency(item.urgency),
    }


def _urgency(urgency: Urgency) -> dict[str, object]:
    return {
        "due_at": urgency.due_at,
        "overdue": urgency.overdue,
        "points": round(urgency.points.total, 1),
        "why": [_part(part) for part in urgency.points.parts],
    }


def _part(part: Part) -> dict[str, object]:
    return {"part": part.name, "points": round(part.points, 1), "why": part.why}


def _asked(field: FieldToAnswer) -> dict[str, object]:
    return {
        "field": field.key,
        "title": field.title,
        "question": field.question,
        "kind": field.kind,
        "choices": list(field.choices),
        "evidence_needed": field.evidence_needed,
    }


def _given(one: GivenView) -> dict[str, object]:
    return {
        "by": one.by,
        "comment": one.comment,
        "answers": [
            {
                "field": field,
                "answer": answer,
                "evidence": [{"start": span.start, "end": span.end} for span in one.evidence[field]],
            }
            for field, answer in one.answers.items()
        ],
    }


def _minutes(times: TimeView) -> Mapping[str, object]:
    return {
        "held": as_plain(times.held),
        "median_held": times.median_held,
        "left": times.left,
        "stated": as_plain(times.stated),
    }


def _reader(one: ReaderView) -> dict[str, object]:
    return {
        "by": one.by,
        "answered": one.answered,
        "declined": one.declined,
        "minutes": _minutes(one.minutes),
    }
