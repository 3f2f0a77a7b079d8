"""How deep the brackets of a JSON text nest, found without building anything."""

import numpy as np

from flyball.gateway.limits.errors import TooDeep

__all__ = ["check_depth"]

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
    if b"\\" in body:  # pairs first: what is left before a quotation mark makes it part of the text
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs = np.frombuffer(body, np.uint8)
    steps = _STEPS[signs]
    brackets = np.flatnonzero(steps)
    in_text = np.bitwise_xor.accumulate((signs == ord('"')).view(np.uint8))
    outside = brackets[in_text[brackets] == 0]
    depth = int(np.cumsum(steps[outside], dtype=np.int64).max(initial=0))
    if depth > deepest:
        raise TooDeep(
            f"The brackets of the request nest {depth} deep; {deepest} is the most.",
            fix="Send a flatter request.",
            depth=depth,
        )
