"""What a model may answer: one JSON schema per field and kind, and the check of what came back against it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flyball.core.records import Field, Span
from flyball.models.experts.language_model.quotes import Quotable

__all__ = ["ASKABLE", "Checked", "Problem", "Said", "check", "schema_of"]

ASKABLE = ("flag", "label", "number", "text", "spans")
"""Kinds of fields that a model can be asked for; a ranking is over more than one case."""

_LONGEST_TEXT = 2_000
_MOST_QUOTES = 5
_SHOWN = 60
_LARGEST_NUMBER = 1e15
_QUOTED = frozenset({"label", "number", "text"})
"""Kinds whose answer is a value: what the text says is quoted, what it does not say is null."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that has the right form, and whose quotes stand in the text.

    Parameters
    ----------
    answer : str
        JSON; "null" where the text does not say.
    spans : tuple of Span
        Where the quotes stand in the part that was asked about, in the order of the model.
    """

    answer: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer is not taken: its form, or a quote that does not stand in the text.

    Parameters
    ----------
    kind : {"form", "quote"}
    why : str
        In our own words.
    got : str
        What the model wrote there. The model is told of it, and nobody else: it may be from the document.
    """

    kind: Literal["form", "quote"]
    why: str
    got: str = ""

    @property
    def told(self) -> str:
        """What the model is told."""
        return f"{self.why}, got {self.got}" if self.got else self.why


@dataclass(frozen=True, slots=True)
class Checked:
    """A reply, field by field."""

    said: dict[str, Said] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)


def schema_of(fields: Sequence[Field]) -> dict[str, Any]:
    """Return the JSON schema of a reply: an object with one member for each field.

    Only what every vendor's structured output takes is used: types, enumerations, required members.
    """
    return _object({"answers": _object({one.key: _field(one) for one in fields})})


def check(written: str, fields: Sequence[Field], text: str) -> Checked:
    """Hold a reply against the schema, and its quotes against the text.

    Parameters
    ----------
    written : str
        What the model wrote; words around the JSON object are passed over.
    fields : sequence of Field
        What was asked.
    text : str
        What was asked about.

    Returns
    -------
    Checked
        Every field stands in one of its two parts.
    """
    try:
        answers = _answers(written)
    except _Wrong as err:
        return Checked(problems={one.key: Problem("form", str(err)) for one in fields})
    found = Checked()
    quotable = Quotable.of(text)
    for one in fields:
        try:
            found.said[one.key] = _said(one, answers.get(one.key), quotable)
        except _Wrong as err:
            found.problems[one.key] = Problem(err.kind, str(err), err.got)
    return found


class _Wrong(Exception):
    def __init__(self, why: str, kind: Literal["form", "quote"] = "form", got: str = "") -> None:
        super().__init__(why)
        self.kind: Literal["form", "quote"] = kind
        self.got = got


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _field(one: Field) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {
        "flag": {"type": "boolean"},
        "spans": {"type": "boolean"},
        "number": {"type": ["number", "null"]},
        "text": {"type": ["string", "null"]},
        "label": {"type": ["string", "null"]},
    }
    answer = answers[one.kind]
    if one.kind == "label" and one.choices:
        answer = {"type": ["string", "null"], "enum": [*one.choices, None]}
    return _object({"answer": answer, "quotes": {"type": "array", "items": {"type": "string"}}})


def _answers(written: str) -> Mapping[str, Any]:
    start, end = written.find("{"), written.rfind("}")
    if start < 0 or end < start:
        raise _Wrong("there is no JSON object in your answer")
    try:
        reply = json.loads(written[start : end + 1], object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as err:
        where = f" at character {err.pos}" if isinstance(err, json.JSONDecodeError) else ""
        raise _Wrong(f"your answer is not JSON{where}") from None
    answers = reply.get("answers") if isinstance(reply, dict) else None
    if not isinstance(answers, dict):
        raise _Wrong('your answer is not an object of the form {"answers": {...}}')
    return answers


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Wrong("a member of your answer stands there twice")
    return found


def _no_constant(word: str) -> float:
    raise _Wrong(f"{word} is no JSON number")


def _said(one: Field, given: object, quotable: Quotable) -> Said:
    if not isinstance(given, dict) or "answer" not in given:
        raise _Wrong("there is no answer for it")
    answer = _ANSWERS[one.kind](given["answer"], one)
    quotes = given.get("quotes", [])
    if not isinstance(quotes, list) or not all(isinstance(quote, str) for quote in quotes):
        raise _Wrong("quotes is not a list of texts")
    if answer in ("false", "null"):
        return Said(answer, ())
    spans = [span for quote in quotes[:_MOST_QUOTES] if (span := quotable.find(quote)) is not None]
    must = one.kind == "spans" or one.kind in _QUOTED or bool(quotes)
    if must and not spans:
        what = "none of its quotes stands in the document word for word" if quotes else "it has no quote"
        raise _Wrong(what, "quote")
    return Said(answer, tuple(dict.fromkeys(spans)))


def _flag(value: object, one: Field) -> str:
    del one
    if not isinstance(value, bool):
        raise _Wrong("its answer must be true or false", got=_shown(value))
    return "true" if value else "false"


def _label(value: object, one: Field) -> str:
    if one.choices and value is not None and value not in one.choices:
        raise _Wrong(f"its answer must be one of {', '.join(one.choices)} or null", got=_shown(value))
    return _text(value, one)


def _number(value: object, one: Field) -> str:
    del one
    if value is None:
        return "null"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong("its answer must be a number or null", got=_shown(value))
    if abs(value) > _LARGEST_NUMBER or not math.isfinite(value):
        raise _Wrong("its answer is too large a number")
    return json.dumps(int(value) if value == int(value) else value)


def _text(value: object, one: Field) -> str:
    del one
    if value is None:
        return "null"
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("its answer must be a text or null", got=_shown(value))
    if len(value) > _LONGEST_TEXT:
        raise _Wrong(f"its answer is longer than {_LONGEST_TEXT} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _Wrong("its answer holds half of a character")
    return json.dumps(value.strip(), ensure_ascii=False)


_ANSWERS = {"flag": _flag, "spans": _flag, "label": _label, "number": _number, "text": _text}


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " ..."
