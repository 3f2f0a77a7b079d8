"""One case for one reader: the text with its passages, the questions, and what can be done with it."""

from flyball.console.page import Act, Asked, Go, Page, Shown
from flyball.console.pages.decision import known_decision
from flyball.console.passages import passage_of, ticked
from flyball.core.errors import BadInput
from flyball.gateway.reviewing import reviewer_of
from flyball.loop.decided import document_of
from flyball.loop.decision_view import decision_view
from flyball.loop.given import GivenAnswer
from flyball.loop.review_views import FieldToAnswer, ItemView, item_view

__all__ = ["review_item"]

_MOST_RADIOS = 9


def _show(asked: Asked) -> Shown:
    desk, known = asked.desk, known_decision(asked)
    workshop, reviewer = desk.served.workshop, reviewer_of(asked.principal)
    item = item_view(workshop, desk.reviews, desk.queue, reviewer, known)
    view = decision_view(workshop, known)
    return {
        "title": known.issued.decision.case_name or known.issued.decision.case_id,
        "item": item,
        "answered_before": int(item.settled_as.rpartition(":")[2]) if item.settled_as else None,
        "view": view,
        "machine": {one.field: one for one in view.answers},
        "most_radios": _MOST_RADIOS,
        "roles": [one for one in desk.reviews.settings.escalate_to if one != item.item.review.role],
        "settles": reviewer.settles,
        "now": workshop.clock(),
    }


def _item(asked: Asked) -> ItemView:
    desk = asked.desk
    return item_view(
        desk.served.workshop, desk.reviews, desk.queue, reviewer_of(asked.principal), known_decision(asked)
    )


def _claim(asked: Asked) -> Go:
    known = known_decision(asked)
    asked.desk.reviews.claim(known, reviewer_of(asked.principal))
    return Go(asked.link("review", known.issued.entry), "The case is in your hands.")


def _decline(asked: Asked) -> Go:
    asked.desk.reviews.decline(
        known_decision(asked), reviewer_of(asked.principal), comment=asked.sent("reason")
    )
    return Go(asked.link("review"), "The case was given back.")


def _escalate(asked: Asked) -> Go:
    asked.desk.reviews.escalate(
        known_decision(asked),
        reviewer_of(asked.principal),
        comment=asked.sent("reason"),
        role=asked.sent("role"),
    )
    return Go(asked.link("review"), "The case was handed up.")


def _close(asked: Asked) -> Go:
    asked.desk.reviews.close(
        known_decision(asked), reviewer_of(asked.principal), comment=asked.sent("reason")
    )
    return Go(asked.link("review"), "The case was taken off the list.")


def _answer(asked: Asked) -> Go:
    known, item = known_decision(asked), _item(asked)
    review = asked.desk.reviews.answer(
        known,
        reviewer_of(asked.principal),
        _given(asked, item),
        comment=asked.sent("comment"),
        minutes=_minutes(asked.sent("minutes")),
        seen=asked.sent("seen"),
    )
    said = "Your answer stands in the ledger."
    if review.state == "settled":
        said += " The case is settled."
    return Go(asked.link("review"), said)


def _settle(asked: Asked) -> Go:
    known, item = known_decision(asked), _item(asked)
    asked.desk.reviews.settle(
        known,
        reviewer_of(asked.principal),
        _given(asked, item),
        comment=asked.sent("comment"),
        seen=asked.sent("seen"),
    )
    return Go(asked.link("review"), "The case is settled.")


def _given(asked: Asked, item: ItemView) -> list[GivenAnswer]:
    document = document_of(asked.desk.served.workshop, known_decision(asked))
    found = []
    for field in item.to_answer:
        passages = [ticked(one) for one in asked.form.get(f"passage.{field.key}", ())]
        words = asked.sent(f"words.{field.key}")
        if words.strip():
            passages.append(passage_of(words, document, field.title))
        found.append(GivenAnswer(field=field.key, answer=_value(field, asked), evidence=tuple(passages)))
    return found


def _value(field: FieldToAnswer, asked: Asked) -> bool | int | float | str:
    text = asked.sent(f"answer.{field.key}")
    if not text.strip():
        raise BadInput(f"{field.title} is not answered.", fix="Answer every question, or hand the case up.")
    if field.kind in ("flag", "spans"):
        if text not in ("true", "false"):
            raise BadInput(f"{field.title} is answered by yes or no.", fix="Choose one of both.")
        return text == "true"
    if field.kind == "number":
        return _number(field, text)
    return text


def _number(field: FieldToAnswer, text: str) -> int | float:
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        raise BadInput(
            f"{field.title} is answered by a number, got {text[:40]!r}.",
            fix="Write digits, and a point before decimals: 1250.5.",
        ) from None


def _minutes(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= 100_000:
        raise BadInput(
            f"Minutes cannot be {text[:40]!r}.", fix="Write a number from 0 on, or leave it empty."
        )
    return minutes


review_item = Page(
    "Review of a case",
    "/d/{deployment}/review/{entry}",
    _show,
    scope="review.read",
    acts={
        "claim": Act("review", _claim),
        "answer": Act("review", _answer),
        "decline": Act("review", _decline),
        "escalate": Act("review.read", _escalate),
        "settle": Act("review.settle", _settle),
        "close": Act("review.settle", _close),
    },
)
