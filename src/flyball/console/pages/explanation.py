"""Why one decision came out as it did: reasons, shares, rule, changes, checks; and letters about it."""

from flyball.console.page import Asked, File, Page, Shown
from flyball.console.pages.decision import known_decision
from flyball.core.errors import FlyballError
from flyball.governance.explanation.records import Explanation
from flyball.governance.explanation.words import Phrase, Words
from flyball.loop.letters import draft_letter, keep_draft, letter_kind, templates_of

__all__ = ["explanation"]

_ENGLISH = Words("en")


def _told(asked: Asked) -> Explanation:
    served, known = asked.desk.served, known_decision(asked)
    entry = served.workshop.ledger.entry(known.issued.entry)
    return served.explainer.explain(entry, field=asked.query.get("field", ""))


def _show(asked: Asked) -> Shown:
    known = known_decision(asked)
    told, problem = None, None
    try:
        told = _told(asked)
    except FlyballError as err:
        problem = err
    workshop = asked.desk.served.workshop
    calls_for = letter_kind(told, told.answers[0]) if told is not None and told.answers else ""
    changes = {
        one.field: [_ENGLISH.of(Phrase(move.template, {"value": move.value})) for move in one.changed.moves]
        for one in (told.answers if told is not None else ())
        if one.changed is not None
    }
    return {
        "title": f"Why: {known.issued.decision.case_name or known.issued.decision.case_id}",
        "entry": known.issued.entry,
        "told": told,
        "trouble": problem,
        "changes": changes,
        "letters": sorted(templates_of(workshop), key=lambda one: one.kind != calls_for),
        "field": asked.query.get("field", ""),
    }


def _letter(asked: Asked) -> File:
    kind, language = asked.query.get("letter", ""), asked.query.get("language", "")
    told, workshop = _told(asked), asked.desk.served.workshop
    letter = draft_letter(workshop, told, kind=kind, language=language, field=asked.query.get("field", ""))
    keep_draft(workshop, told, letter, actor=asked.principal.id)
    name = f"{letter.kind.replace('_', '-')}-{told.entry}-{letter.language}.txt"
    return File(letter.text.encode(), name, "text/plain; charset=utf-8")


explanation = Page(
    "Explanation",
    "/d/{deployment}/decisions/{entry}/why",
    _show,
    scope="decisions.read",
    files={"letter.txt": _letter},
)
