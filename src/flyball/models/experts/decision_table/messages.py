"""Fill facts into a message: names in braces and nothing else, so that a message is never a program."""

import re
from collections.abc import Mapping

from flyball.models.experts.decision_table.records import UNSURE, FactValue

__all__ = ["fill", "names_in", "shown"]

LONGEST_VALUE = 120

_NAME = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}")


def names_in(template: str) -> tuple[str, ...]:
    """Return the facts that a message refers to.

    Raises
    ------
    ValueError
        A brace that is not around the name of a fact.
    """
    rest = _NAME.sub("", template)
    if "{" in rest or "}" in rest:
        raise ValueError("a brace does not stand around the name of a fact")
    return tuple(_NAME.findall(template))


def fill(template: str, facts: Mapping[str, FactValue]) -> str:
    """Return the message with the values of facts in place of their names.

    A value is data: braces in it are not filled again, line breaks and control characters become
    spaces, and it is cut after 120 characters.
    """
    return _NAME.sub(lambda match: shown(facts.get(match.group(1))), template)


def shown(value: FactValue) -> str:
    """Return a value as people read it: `90`, `1,000,000`, `2.5`, `Delaware`, `yes`, `(not read)`."""
    if value is UNSURE:
        return "(to be checked)"
    if value is None:
        return "(not read)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE].rstrip() + " ..."
