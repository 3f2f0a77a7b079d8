"""The contract of a carrier: a document that holds words where they stand openly, or where few would look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flyball.core.shelves import Shelf

__all__ = ["CARRIERS", "Carrier", "paragraphs"]

CARRIERS = Shelf(kind="carrier", package="flyball.governance.redteam.carriers")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A hiding place; the object that a module of the shelf offers under its own name.

    Parameters
    ----------
    summary : str
        Where the words stand, in one sentence for people.
    version : int
        Raised when the same words come out otherwise.
    carry : callable (text, words) -> mapping
        A case of the door for decisions, `{"text": ...}` or `{"base64": ...}`, that holds both.
    """

    summary: str
    version: int
    carry: Callable[[str, str], Mapping[str, str]]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text that are not empty."""
    return [one for one in text.split("\n\n") if one.strip()]
