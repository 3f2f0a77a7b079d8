"""Red team: how often attacks on the releases worked, and what became of each finding."""

from flyball.console.page import Asked, Page, Shown
from flyball.loop.redteam_view import redteam_view

__all__ = ["redteam"]


def _show(asked: Asked) -> Shown:
    return {"view": redteam_view(asked.desk.served.workshop)}


redteam = Page("Red team", "/d/{deployment}/redteam", _show, scope="governance.read", place=57)
