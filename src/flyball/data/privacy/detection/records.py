"""Findings: where personal data stands in a text, and what it is."""

import msgspec

__all__ = ["Found"]


class Found(msgspec.Struct, frozen=True, gc=False):
    """One finding.

    Parameters
    ----------
    start, end : int
        Offsets in Unicode code points; `end` is one behind the last.
    kind : str
        Presidio's name of the entity: "PERSON", "IBAN_CODE".
    score : float
        In (0, 1]: 1 where the number carries a check that holds, lower where only the shape speaks for it.
    recogniser : str
        What found it: "pattern" or "tagger".
    """

    start: int
    end: int
    kind: str
    score: float = 1.0
    recogniser: str = ""
