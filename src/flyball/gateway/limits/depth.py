"""How deep the brackets of a JSON text nest, found without building anything."""

import re

import numpy as np

from flyball.gateway.limits.errors import TooDeep

__all__ = ["check_depth"]

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A text, also one that does not end: so every byte is looked at once, whatever was sent."""
_STEPS = np.zeros(256, np.int8)
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1


def check_depth(body: bytes, deepest: int) -> None:
    """Refuse a JSON text whose brackets nest deeper than allowed.

    Parameters
    ----------
    body : bytes
        Need not be sound JSON; brackets inside of texts do not count.
    deepest : int

    Raises
    ------
    TooDeep
    """
    if body.count(b"[") + body.count(b"{") <= deepest:  # most requests: nothing more to look at
        return
    brackets = re.sub(rb"[^\[\]{}]++", b"", _TEXT.sub(b"", body))
    depth = int(np.cumsum(_STEPS[np.frombuffer(brackets, np.uint8)], dtype=np.int64).max(initial=0))
    if depth > deepest:
        raise TooDeep(
            f"The brackets of the request nest {depth} deep; {deepest} is the most.",
            fix="Send a flatter request.",
            depth=depth,
        )
