"""A little grammar for many texts out of few lines: `{a|b|}` is one of several, `<name>` one of a list."""

import random
import re

__all__ = ["spin"]

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([a-z_]+)>")


def spin(draw: random.Random, line: str, lists: dict[str, list[str]]) -> str:
    """Return one text of a line."""
    for _ in range(40):
        chosen = _CHOICE.sub(lambda match: draw.choice(match.group(1).split("|")), line)
        chosen = _SLOT.sub(
            lambda match: draw.choice(lists[match.group(1)]) if match.group(1) in lists else match.group(),
            chosen,
        )
        if chosen == line:
            return re.sub(r" {2,}", " ", line).replace(" ,", ",").replace(" .", ".").strip()
        line = chosen
    return line
