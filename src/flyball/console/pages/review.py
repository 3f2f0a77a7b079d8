"""The review queue: what waits for people, the most urgent first, with the reason for its place."""

from typing import get_args

from flyball.console.page import Asked, Page, Shown
from flyball.core.errors import BadInput
from flyball.gateway.reviewing import reviewer_of
from flyball.loop.review_queue import Only

__all__ = ["review"]

_ONLY: tuple[Only, ...] = get_args(Only)
_WORDS = {
    "open": "open",
    "mine": "in my hands",
    "claimed": "in somebody's hands",
    "disputed": "disputed",
    "escalated": "handed up",
    "all": "all",
}
_ON_PAGE = 50


def _show(asked: Asked) -> Shown:
    desk, reviewer = asked.desk, reviewer_of(asked.principal)
    given = asked.query.get("only", "open")
    only = next((one for one in _ONLY if one == given), None)
    if only is None:
        raise BadInput(f"There is no list {given[:40]!r}.", fix=f"Known: {', '.join(_ONLY)}.")
    after = asked.query.get("after", "")
    if after and not (after.isascii() and after.isdigit() and len(after) <= 15):
        raise BadInput(f"after must be the number of an entry, got {after[:40]!r}.", fix="Begin again.")
    page = desk.queue.page(reviewer, only=only, after=int(after or -1), limit=_ON_PAGE)
    titles = {field.key: field.title for field in desk.served.workshop.deployment.fields}
    known: dict[str, str] = {one: _WORDS[one] for one in _ONLY if one != "disputed" or reviewer.settles}
    return {
        "page": page,
        "only": only,
        "lists": known,
        "titles": titles,
        "next": asked.link("review", only=only, after=page.next) if page.next is not None else "",
        "reviews": reviewer.reviews,
        "now": desk.served.workshop.clock(),
    }


review = Page("Review", "/d/{deployment}/review", _show, scope="review.read", place=30, live=True)
