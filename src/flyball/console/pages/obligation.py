"""One duty in all its versions: what it asks, where it is written, what shows that it is met."""

from flyball.console.page import Asked, NoSuchPage, Page, Shown
from flyball.governance.obligations.errors import BadCatalogue
from flyball.loop.law_view import check_words, law_view
from flyball.loop.stages.obligations import catalogue_of

__all__ = ["obligation"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    id = asked.path["duty"]
    try:
        versions = catalogue_of(workshop.deployment).versions(id)
    except BadCatalogue as err:
        raise NoSuchPage(err.message, fix="See the list of duties.") from err
    view = law_view(workshop)
    return {
        "title": id,
        "versions": versions[::-1],
        "applies": {duty.key for duty in view.duties},
        "ever": {duty.key for duty in view.ever},
        "standing": view.standing,
        "evidence_entry": view.evidence_entry,
        "words": check_words(workshop),
    }


obligation = Page("Duty", "/d/{deployment}/obligations/{duty}", _show, scope="governance.read")
