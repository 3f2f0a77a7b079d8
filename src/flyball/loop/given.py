"""Given: answers and passages as people give them, checked against the field and the document."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.records import Field, Span
from flyball.data.documents.records import Document

__all__ = ["BadAnswer", "GivenAnswer", "Passage", "check_answer", "check_passages"]


class BadAnswer(BadInput):
    """An answer that the field cannot have, or that shows nothing of the document."""

    code = "review.bad_answer"
    status: ClassVar[int] = 400


class Passage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passage of the document, as offsets in characters."""

    start: int
    end: int


class GivenAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody says about one field."""

    field: Annotated[str, msgspec.Meta(max_length=200)]
    answer: bool | int | float | Annotated[str, msgspec.Meta(max_length=10_000)]
    evidence: Annotated[tuple[Passage, ...], msgspec.Meta(max_length=1000)] = ()


def check_answer(field: Field, answer: object) -> str:
    """Return an answer as JSON, if the field can have it; 5.0 is written 5.

    Raises
    ------
    BadAnswer
    """
    kinds: Mapping[str, tuple[tuple[type, ...], str]] = {
        "flag": ((bool,), "true or false"),
        "spans": ((bool,), "true or false"),
        "number": ((int, float), "a number"),
        "label": ((str,), "a text"),
        "text": ((str,), "a text"),
        "ranking": ((str,), "a text"),
    }
    wanted, said = kinds[field.kind]
    if not isinstance(answer, wanted) or (isinstance(answer, bool) and bool not in wanted):
        raise BadAnswer(
            f"The field {field.key} is answered by {said}, got {str(answer)[:80]!r}.",
            fix=f"{field.title}: {field.question}",
            field=field.key,
        )
    if field.choices and answer not in field.choices:
        raise BadAnswer(
            f"The field {field.key} has no choice {str(answer)[:80]!r}.",
            fix=f"Choices: {', '.join(field.choices)}.",
            field=field.key,
        )
    if isinstance(answer, float) and answer.is_integer() and abs(answer) < 2**53:
        answer = int(answer)
    return canonical_json(answer).decode()


def check_passages(passages: Sequence[Passage], document: Document | None) -> tuple[Span, ...]:
    """Return passages as spans, if they lie in the document.

    Parameters
    ----------
    passages : sequence of Passage
    document : Document or None
        None where its text was erased: then nobody can say what lies in it.

    Raises
    ------
    BadAnswer
    """
    end = 2**53 if document is None else len(document.text)
    for one in passages:
        if not 0 <= one.start < one.end <= end:
            raise BadAnswer(
                f"The passage {one.start} to {one.end} does not lie in the document.",
                fix="Count characters of its text from 0; the end is the first one that is left out."
                if document is None
                else f"Its text has {end:,} characters, counted from 0.",
            )
    return tuple(Span(one.start, one.end) for one in passages)
