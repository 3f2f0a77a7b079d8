"""Whether a JSON value keeps a JSON schema.

The keywords of JSON Schema 2020-12 (sections 10 and 11 of Core, 6 of Validation) that models are asked to
keep; `$ref` only within the schema, so that nothing is ever fetched. A keyword that is not known is an error
and not passed over: what cannot be checked was not checked. Patterns run in linear time (RE2).
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import re2

from flyball.governance.guardrails.errors import BadGuardrail

__all__ = ["NotJson", "problem_of", "read_json"]

_DEEPEST = 64
_MOST_CHECKS = 500_000
_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default"}
    | {"examples", "deprecated", "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType"}
)


class NotJson(ValueError):
    """A text is not one JSON value, or says one thing twice."""


def read_json(text: str) -> object:
    """Read one JSON value, strictly: no NaN, and no object that names a member twice.

    Raises
    ------
    NotJson
        The message repeats nothing of the text.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise NotJson("an object names a member twice")
        return found

    def never(constant: str) -> object:
        raise NotJson(f"{constant} is no JSON")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=never)
    except json.JSONDecodeError as err:
        raise NotJson(f"{err.msg.lower()} at line {err.lineno}, column {err.colno}") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError as err:
        raise err if isinstance(err, NotJson) else NotJson("a number has too many digits") from None


def problem_of(value: object, schema: Mapping[str, Any] | bool) -> str:
    """Say how a value breaks a schema, and where; "" where it keeps it.

    Parameters
    ----------
    value : object
        As `read_json` returns it.
    schema : mapping or bool

    Returns
    -------
    str
        The first problem, with names that the schema gives and no words of the value.

    Raises
    ------
    BadGuardrail
        The schema cannot be checked: a keyword that is not known, a reference that leads nowhere, or no end.
    """
    return _Check(schema).problem(value, schema, "the answer", 0)


class _Check:
    def __init__(self, root: object) -> None:
        self._root = root
        self._left = _MOST_CHECKS

    def problem(self, value: object, schema: object, place: str, depth: int) -> str:
        self._left -= 1
        if self._left < 0:
            raise _bad(f"it takes more than {_MOST_CHECKS:,} checks, as alternatives within alternatives do")
        if isinstance(schema, bool):
            return "" if schema else f"{place} may not be there"
        if not isinstance(schema, Mapping):
            raise _bad(f"a {type(schema).__name__} stands where a schema is expected")
        if depth > _DEEPEST:
            raise _bad(f"it is nested more than {_DEEPEST} deep, or refers to itself without end")
        for keyword, wanted in schema.items():
            if keyword in _ANNOTATIONS:
                continue
            if (check := _KEYWORDS.get(keyword)) is None:
                raise _bad(f"the keyword {keyword!r} is not known")
            if problem := check(self, value, wanted, schema, place, depth + 1):
                return problem
        return ""

    def resolved(self, reference: object) -> object:
        if reference == "#":
            return self._root
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise _bad(f"the reference {reference!r} leads outside")
        at = self._root
        for part in reference[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(at, Mapping) or name not in at:
                raise _bad(f"the reference {reference!r} leads nowhere")
            at = at[name]
        return at


def _bad(why: str) -> BadGuardrail:
    return BadGuardrail(f"The wanted JSON schema cannot be checked: {why}.", fix="Correct the schema.")


_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def _type(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if unknown := [name for name in names if name not in _TYPES]:
        raise _bad(f"the type {unknown[0]!r} is not known")
    return (
        "" if any(_TYPES[name](value) for name in names) else f"{place} is not of type {' or '.join(names)}"
    )


def _same(left: object, right: object) -> bool:
    """Compare as JSON does: 1 is 1.0, and never true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return left == right


def _enum(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    return "" if any(_same(value, one) for one in wanted) else f"{place} is none of the values allowed"


def _const(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    return "" if _same(value, wanted) else f"{place} is not the value demanded"


def _properties(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if isinstance(value, dict):
        for name, below in wanted.items():
            if name in value and (problem := self.problem(value[name], below, f"{place}.{name}", depth)):
                return problem
    return ""


def _pattern_properties(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if isinstance(value, dict):
        for pattern, below in wanted.items():
            for name, item in value.items():
                if _pattern(pattern).search(name) and (
                    problem := self.problem(item, below, f"a member of {place}", depth)
                ):
                    return problem
    return ""


def _additional(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if not isinstance(value, dict):
        return ""
    named = schema.get("properties", {})
    patterns = [_pattern(one) for one in schema.get("patternProperties", {})]
    for name, item in value.items():
        if name in named or any(one.search(name) for one in patterns):
            continue
        if wanted is False:
            return f"{place} has a member that the schema does not name"
        if problem := self.problem(item, wanted, f"a member of {place}", depth):
            return problem
    return ""


def _required(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    missing = [name for name in wanted if name not in value] if isinstance(value, dict) else []
    return f"{place} lacks {missing[0]!r}" if missing else ""


def _items(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if isinstance(value, list):
        first = len(schema.get("prefixItems", ()))
        for number, item in enumerate(value[first:], first + 1):
            if problem := self.problem(item, wanted, f"item {number} of {place}", depth):
                return problem
    return ""


def _prefix_items(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if isinstance(value, list):
        for number, (item, below) in enumerate(zip(value, wanted, strict=False), 1):
            if problem := self.problem(item, below, f"item {number} of {place}", depth):
                return problem
    return ""


def _unique(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    if not wanted or not isinstance(value, list):
        return ""
    seen = {json.dumps(_normal(item), sort_keys=True) for item in value}
    return "" if len(seen) == len(value) else f"{place} says one thing twice"


def _normal(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return {key: _normal(item) for key, item in value.items()} if isinstance(value, dict) else value


def _all_of(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    return next((p for below in wanted if (p := self.problem(value, below, place, depth))), "")


def _any_of(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    kept = any(not self.problem(value, below, place, depth) for below in wanted)
    return "" if kept else f"{place} keeps none of the forms allowed"


def _one_of(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    kept = sum(not self.problem(value, below, place, depth) for below in wanted)
    return "" if kept == 1 else f"{place} keeps {kept} of the forms of which it must keep one"


def _not(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    return "" if self.problem(value, wanted, place, depth) else f"{place} has a form that is not allowed"


def _ref(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    return self.problem(value, self.resolved(wanted), place, depth)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        raise _bad(f"the pattern {pattern!r} cannot be run in linear time, or is none") from None


def _matches(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
    matched = not isinstance(value, str) or _pattern(wanted).search(value)
    return "" if matched else f"{place} does not match the pattern"


def _sized(kind: type, holds: Callable[[int, float], bool], what: str) -> Callable[..., str]:
    def check(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
        if not isinstance(value, kind) or holds(len(value), wanted):  # type: ignore[arg-type]
            return ""
        return f"{place} has {what} {wanted} {'characters' if kind is str else 'members'}"

    return check


def _bounded(holds: Callable[[float, float], bool], what: str) -> Callable[..., str]:
    def check(self: _Check, value: object, wanted: Any, schema: Any, place: str, depth: int) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if not number or holds(value, wanted) else f"{place} is {what} {wanted}"  # type: ignore[arg-type]

    return check


def _is_multiple(value: float, of: float) -> bool:
    quotient = value / of
    return math.isclose(quotient, round(quotient), rel_tol=1e-12, abs_tol=1e-12)


_KEYWORDS: dict[str, Callable[..., str]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "prefixItems": _prefix_items,
    "uniqueItems": _unique,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "$ref": _ref,
    "pattern": _matches,
    "minLength": _sized(str, lambda n, wanted: n >= wanted, "fewer than"),
    "maxLength": _sized(str, lambda n, wanted: n <= wanted, "more than"),
    "minItems": _sized(list, lambda n, wanted: n >= wanted, "fewer than"),
    "maxItems": _sized(list, lambda n, wanted: n <= wanted, "more than"),
    "minProperties": _sized(dict, lambda n, wanted: n >= wanted, "fewer than"),
    "maxProperties": _sized(dict, lambda n, wanted: n <= wanted, "more than"),
    "minimum": _bounded(lambda value, wanted: value >= wanted, "below"),
    "maximum": _bounded(lambda value, wanted: value <= wanted, "above"),
    "exclusiveMinimum": _bounded(lambda value, wanted: value > wanted, "not above"),
    "exclusiveMaximum": _bounded(lambda value, wanted: value < wanted, "not below"),
    "multipleOf": _bounded(_is_multiple, "no multiple of"),
}
