"""How readers agree with each other and with the machine, how long cases take, what samples say."""

from flyball.console.page import Asked, Page, Shown
from flyball.loop.review_views import agreement_view

__all__ = ["agreement"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    titles = {field.key: field.title for field in workshop.deployment.fields}
    return {"view": agreement_view(workshop, tenant=asked.principal.tenant), "titles": titles}


agreement = Page("How readers agree", "/d/{deployment}/agreement", _show, scope="review.read", under="review")
