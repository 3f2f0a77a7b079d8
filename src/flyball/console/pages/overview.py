"""One deployment at a glance: what it promises, what it does, what needs attention."""

from flyball.console.page import Asked, Page, Shown

__all__ = ["overview"]


def _show(asked: Asked) -> Shown:
    about = asked.desk.served.workshop.deployment.settings.deployment
    return {"title": about.name, "about": about}


overview = Page("Overview", "/d/{deployment}", _show, place=10, live=True)
