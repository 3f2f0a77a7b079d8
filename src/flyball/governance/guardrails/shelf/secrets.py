"""Keys, tokens, passwords and connection strings: covered, or the text is refused."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import re2

from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.guardrail import Guardrail, Inspector, Looked, read_settings
from flyball.governance.guardrails.records import Action, Around, Passage
from flyball.governance.guardrails.secret_patterns import LONGEST, PATTERNS, SecretPattern
from flyball.governance.guardrails.views import found_through

__all__ = ["secrets"]


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: Action = "redact"


class _Secrets:
    reach = 192  # a longer one is seen before it ends, and then held back until it does
    quick = True

    def __init__(self, action: Action) -> None:
        self.action = action

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        found = found_through([passage.text for passage in passages], _found_in, lambda words: True)
        return [_told(one) for one in found]


def _open(settings: Mapping[str, Any]) -> Inspector:
    return _Secrets(read_settings("secrets", _Settings, settings).action)


@cache
def _compiled() -> tuple[tuple[SecretPattern, Any, Any], ...]:
    options = re2.Options()
    options.log_errors = False
    return tuple(
        (one, re2.compile(one.pattern, options), re2.compile(one.until, options) if one.until else None)
        for one in PATTERNS
    )


def _found_in(texts: Sequence[str]) -> list[list[Found]]:
    return [_look(text) for text in texts]


def _look(text: str) -> list[Found]:
    low = text.lower()
    found: list[Found] = []
    for known, pattern, until in _compiled():
        if not any(hint in low for hint in known.hints):
            continue
        for match in pattern.finditer(text):
            start, end = match.span(1 if pattern.groups else 0)
            if score := known.score(text[start:end]):
                if until is not None:
                    ends = until.search(text, end, end + LONGEST)
                    end = ends.end() if ends else min(len(text), end + LONGEST)
                found.append(Found(start, end, known.kind, score, "pattern"))
    return _surest(found)


def _told(found: list[Found]) -> Looked:
    if not found:
        return Looked()
    what = ", ".join(sorted({one.kind.replace("_", " ") for one in found}))
    return Looked(tuple(found), max(one.score for one in found), f"it holds what looks like: {what}.")


def _surest(found: list[Found]) -> list[Found]:
    """Return findings of which none lies within another that is as sure."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.score, -one.end)):
        if not any(one.start >= other.start and one.end <= other.end for other in kept):
            kept.append(one)
    return kept


secrets = Guardrail(
    summary="Finds API keys, tokens, private keys, passwords and connection strings with their password.",
    version=1,
    open=_open,
)
