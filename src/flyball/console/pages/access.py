"""Access: emergencies, how the list of people changed, what waits for a review, holds, least times."""

from flyball.console.page import Asked, Page, Shown
from flyball.core.errors import FlyballError
from flyball.loop.access_view import access_view
from flyball.loop.text_retention import kept_at_least

__all__ = ["access"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    now = workshop.clock()
    view = access_view(workshop)
    try:
        kept, problem = list(kept_at_least(workshop).values()), ""
    except FlyballError as err:
        kept, problem = [], f"{err.message} {err.fix}"
    return {
        "view": view,
        "emergencies": [(one, one.state(now)) for one in view.emergencies],
        "kept": kept,
        "problem": problem,
    }


access = Page("Access", "/d/{deployment}/access", _show, scope="governance.read", place=85)
