"""Letters about decisions: which template is taken, what fills it, and the entry that says so.

Templates come from the deployment's folder of letters, then from those shipped. A letter is a draft until a
person has signed it; the ledger keeps which was drafted about which decision, by digests, and no word of it.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput, UnknownName
from flyball.core.estimates import as_plain
from flyball.governance.explanation.facts import KNOWN, facts_of
from flyball.governance.explanation.letter import (
    DUTY,
    BadLetter,
    Letter,
    NoRecord,
    read_template,
    write_letter,
)
from flyball.governance.explanation.records import Answer, Explanation
from flyball.governance.explanation.words import SHIPPED, NoWords, load_words
from flyball.loop.outcomes import told_about
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.workshop import Workshop

__all__ = [
    "NothingAgainst",
    "TemplatePlace",
    "copy_templates",
    "draft_letter",
    "keep_draft",
    "letter_kind",
    "templates_of",
]

_ADVERSE = "adverse_action"
_ARTICLE_86 = "article_86"
_REG_B = "us.reg-b.1002.9"
_NAME = re.compile(r"([a-z][a-z0-9_]{0,60})\.([a-z]{2})\.txt")


class NothingAgainst(BadInput):
    """Nothing in the decision goes against anybody, or nothing is decided yet, so there is no such notice."""

    code = "explanation.nothing_against"


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """A template of a letter: its kind and language, and whether it is the deployment's own."""

    kind: str
    language: str
    path: Path
    own: bool


def templates_of(workshop: Workshop) -> tuple[TemplatePlace, ...]:
    """Return the templates that count: the deployment's own before the shipped ones."""
    found: dict[tuple[str, str], TemplatePlace] = {}
    for folder, own in ((SHIPPED, False), (_folder(workshop), True)):
        for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            form = _NAME.fullmatch(path.name)
            if form is not None and path.is_file():
                kind, language = form.groups()
                found[kind, language] = TemplatePlace(kind, language, path, own)
    return tuple(found[key] for key in sorted(found))


def copy_templates(workshop: Workshop) -> tuple[Path, ...]:
    """Put shipped templates and words into the deployment's folder where they are missing; return which."""
    folder = _folder(workshop)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for path in sorted((*SHIPPED.glob("*.txt"), *SHIPPED.glob("*.csv"))):
        target = folder / path.name
        if not target.exists():
            shutil.copyfile(path, target)
            made.append(target)
    return tuple(made)


def letter_kind(explanation: Explanation, answer: Answer) -> str:
    """Return the letter that the decision calls for where none is asked for."""
    duties = {duty.id for duty in explanation.duties}
    if answer.against and answer.outcome == "automated" and _REG_B in duties:
        return _ADVERSE
    european = any(duty.startswith("eu.") for duty in duties)
    return _ARTICLE_86 if answer.against and european else "model_note"


def draft_letter(
    workshop: Workshop, explanation: Explanation, *, kind: str = "", language: str = "", field: str = ""
) -> Letter:
    """Write a letter about one answer of a decision.

    Parameters
    ----------
    workshop : Workshop
    explanation : Explanation
    kind, language : str
        "": what the decision calls for; the language of the settings.
    field : str
        "": the first answer against somebody, else the first.

    Raises
    ------
    UnknownName
        There is no such letter in this language.
    NothingAgainst
        A notice of adverse action about an answer that is none, or that was corrected since.
    BadLetter
        The template cannot be used, or leads out of the folder of letters.
    NoRecord
        A sentence has no record behind it, or an explanation under Article 86 no main element.
    NoWords
        A sentence has no words in this language, or a reason of a notice none but the name of its column.
    """
    settings = workshop.deployment.settings.explanation
    answer = _answer(explanation, field)
    kind, language = kind or letter_kind(explanation, answer), language or settings.language
    if kind == _ADVERSE:
        _refuse_no_action(answer, settings.against)
        _refuse_corrected(workshop, explanation.entry, answer)
        _refuse_bare_names(answer)
    if kind == _ARTICLE_86:
        _refuse_no_elements(answer)
    words = load_words(language, _folder(workshop))
    there = {(one.kind, one.language): one for one in templates_of(workshop)}
    place = there.get((kind, language))
    if place is None:
        known = ", ".join(f"{name} ({of})" for name, of in there)
        own = f"{kind}.{language}.txt"
        write = f" Write your own as {settings.letters}/{own}." if _NAME.fullmatch(own) else ""
        raise UnknownName(
            f"There is no letter {kind!r} in the language {language!r}.",
            fix=f"Known: {known}.{write}",
            kind=kind,
            language=language,
        )
    if place.own and not place.path.resolve().is_relative_to(_folder(workshop).resolve()):
        raise BadLetter(
            f"{place.path.name} leads out of the folder {settings.letters}: {place.path.resolve()}.",
            fix="Put the file itself there.",
            letter=place.path.name,
        )
    facts = facts_of(explanation, answer, settings, workshop.clock().date())
    return write_letter(
        read_template(place.path), facts, words, kind=kind, known=_known(workshop, explanation)
    )


def keep_draft(workshop: Workshop, explanation: Explanation, letter: Letter, *, actor: str = "") -> int:
    """Write down that a letter was drafted, by default by who opened the workshop; return the entry.

    The same letter for the same person is written once.
    """
    actor = actor or workshop.actor
    body = {
        "decision": explanation.entry,
        "letter": letter.kind,
        "language": letter.language,
        "template": letter.template,
        "digest": letter.digest,
        "sentences": sum(bool(line.records) for line in letter.lines),
        "records": sorted(letter.records),
        "checks": [
            {"field": answer.field, "name": one.name, "passed": one.passed, **as_plain(one.measured)}
            for answer in explanation.answers
            for one in answer.checks
        ],
    }
    key = f"explanation.drafted:{digest_of([actor, body])}"
    return workshop.ledger.append(kind="explanation.drafted", body=body, actor=actor, key=key).index


def _known(workshop: Workshop, explanation: Explanation) -> tuple[str, ...]:
    """Return every name that a template may use: each duty of the catalogue, and those of then, by id."""
    duties = {one.id for one in catalogue_of(workshop.deployment).obligations}
    duties |= {one.id for one in explanation.duties}
    return (*(name for name in KNOWN if name != DUTY.strip()), *(DUTY + one for one in sorted(duties)))


def _folder(workshop: Workshop) -> Path:
    return workshop.deployment.root / workshop.deployment.settings.explanation.letters


def _answer(explanation: Explanation, field: str) -> Answer:
    if not explanation.answers:
        raise NothingAgainst("The decision has no answers, so there is nothing to write.", fix="Look at it.")
    wanted = [one for one in explanation.answers if not field or one.field == field]
    if not wanted:
        known = ", ".join(one.field for one in explanation.answers)
        raise UnknownName(f"The explanation has no field {field!r}.", fix=f"Known: {known}.", field=field)
    return next((one for one in wanted if one.against), wanted[0])


def _refuse_no_action(answer: Answer, against: object) -> None:
    if not answer.against:
        told = against if against else "nothing yet"
        raise NothingAgainst(
            f"The answer to {answer.field} is {answer.answer}, which goes against nobody.",
            fix=f"A notice is given about an answer that does; see `against` of [explanation]: {told}.",
            field=answer.field,
        )
    if answer.outcome != "automated":
        raise NothingAgainst(
            f"The answer to {answer.field} is {answer.outcome}: nothing is refused yet, a person decides.",
            fix="The reasons of a notice are those of whoever decides. What the model thought stands in "
            "flyball explain without --letter.",
            field=answer.field,
        )


def _refuse_corrected(workshop: Workshop, entry: int, answer: Answer) -> None:
    """Refuse a notice of an answer of which somebody has said since that it was wrong, and what is right."""
    said = [
        one
        for one in told_about(workshop, workshop.history, entry)
        if one.kind == "correction" and one.name == answer.field
    ]
    if said and said[-1].answer != answer.answer:
        raise NothingAgainst(
            f"The answer to {answer.field} was {answer.answer}; {said[-1].by} has corrected it to "
            f"{said[-1].answer}.",
            fix="Tell nobody the first answer. Decide the case anew, or answer it as a person.",
            field=answer.field,
            decision=entry,
        )


def _refuse_bare_names(answer: Answer) -> None:
    """Refuse a notice whose reason is the name of a column: it says where to look, and not what is wrong."""
    shares = answer.attribution.shares if answer.attribution is not None else ()
    columns = {share.column.replace("_", " "): share.column for share in shares}
    for reason in answer.reasons:
        if reason.words in columns:
            column = columns[reason.words]
            raise NoWords(
                f"The column {column} counted against somebody, and there are no words for that reason.",
                fix=f"Say in flyball.toml what may be told: [explanation.column.{column}] with reason = "
                '"...". A notice of adverse action gives specific reasons: 12 CFR 1002.9(b)(2).',
                column=column,
            )


def _refuse_no_elements(answer: Answer) -> None:
    """Refuse an explanation of an answer that stands, where nothing is known of how it came about."""
    if answer.outcome == "automated" and not (answer.reasons or answer.rules or answer.passages):
        raise NoRecord(
            f"Nothing is known of why {answer.field} was answered so: no reason, no rule and no passage.",
            fix="Article 86 asks for the main elements of the decision. Look at what is not explained, and "
            "why: flyball explain without --letter.",
            field=answer.field,
        )
