"""The records that every room hands on: fields, contexts, spans."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = ["Context", "Field", "FieldKind", "Outcome", "Span"]

FieldKind = Literal["flag", "label", "number", "text", "spans", "ranking"]
Outcome = Literal["automated", "referred", "refused"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to decide about a case.

    Parameters
    ----------
    key : str
        Name that stays: lower case, digits, underscores.
    title : str
        Name for people.
    question : str
        What a reviewer is asked, in one plain sentence.
    kind : FieldKind
        "spans" means a flag with the passages that prove it.
    group : str
        Heading under which people find it.
    minutes : float
        Minutes that a person needs to answer it without help; an assumption of the deployment.
    reads : str
        Name of a value reader (shelf `models.experts.readers`) for the quoted passage; "" for none.
    choices : tuple of str
        What a label may be; () for any text.
    """

    key: str
    title: str
    question: str
    kind: FieldKind = "spans"
    group: str = "other"
    minutes: float = 0.0
    reads: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Under which circumstances a case is decided.

    Parameters
    ----------
    jurisdictions : tuple of str
        ISO 3166 codes, with a subdivision where it matters: "EU", "US", "US-DE", "GB".
    as_of : date
        The day whose law and rules apply.
    purpose : str
        Why the data is processed.
    data_labels : tuple of str
        For instance "personal-data", "residency:EU".
    tenant : str
        Whose case it is.
    """

    jurisdictions: tuple[str, ...]
    as_of: date
    purpose: str = ""
    data_labels: tuple[str, ...] = ()
    tenant: str = "default"


@dataclass(frozen=True, slots=True)
class Span:
    """A passage of a text.

    Parameters
    ----------
    start, end : int
        Offsets in Unicode code points of the extracted text, `0 <= start < end`.
    score : float
        How well it proves the answer, in [0, 1]; higher is better. 0 means "not scored".
    """

    start: int
    end: int
    score: float = 0.0
