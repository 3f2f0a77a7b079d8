"""One answer in words, with what it is held against."""

from dataclasses import dataclass

__all__ = ["TextCase"]


@dataclass(frozen=True, slots=True)
class TextCase:
    """A text answer.

    Parameters
    ----------
    case_id : str
        Answers to one case share its fate: whole cases are drawn for intervals.
    answer : str
    question : str
    right : str or None
        What people say is right; None where nobody said, or they disagree.
    passages : tuple of str
        What the answer cites, word for word.
    entry : int
        Of the decision in the ledger; -1 where there is none.
    """

    case_id: str
    answer: str
    question: str = ""
    right: str | None = None
    passages: tuple[str, ...] = ()
    entry: int = -1
