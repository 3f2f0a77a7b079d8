"""What guardrails look at, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from flyball.data.privacy.detection.records import Found

__all__ = ["NOTHING_KNOWN", "Action", "Around", "GuardResult", "Passage", "Source"]

Source = Literal["user", "document", "system", "model"]
"""Who wrote a text. Only "system" (the deployment's owner) and "user" may ask for anything; what stands in a
document, or comes back from a tool or a model, is data."""

Action = Literal["refuse", "redact", "tell"]
"""What follows from a finding: nothing passes, its words are covered, or it passes and is told."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with where it came from.

    Parameters
    ----------
    id : str
        By which the caller knows it.
    text : str
    source : Source
        A result of a tool counts as "document".
    """

    id: str
    text: str
    source: Source = "user"


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the passages of one request.

    Parameters
    ----------
    schema : mapping or None
        JSON schema that a reply must keep; None where none was asked for.
    data_labels : tuple of str
        Of the request: "personal-data", "residency:EU".
    places : mapping of str to str, or None
        Where the passages will be sent: name of the expert -> jurisdiction, "" where that is not known.
        Empty: they leave no machine. None: nobody said, which counts as unknown.
    on : date or None
        Membership of the EU and the like is looked up for this day; None: today.
    """

    schema: Mapping[str, Any] | None = None
    data_labels: tuple[str, ...] = ()
    places: Mapping[str, str] | None = None
    on: date | None = None


NOTHING_KNOWN = Around()


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What the guardrails say of one passage.

    Parameters
    ----------
    id : str
        Of the passage.
    flagged : bool
        Whether anything was found; a redacted passage is flagged and not refused.
    kinds : tuple of str
        What was found, sorted: "injection", "personal_data.IBAN_CODE". () means nothing.
    score : float
        How sure the surest of them is, in [0, 1]; where nothing is flagged, what came closest.
    refused : bool
        Whether the passage may not go on.
    text : str
        What may go on, with findings covered as "[IBAN_CODE]"; "" where it is refused.
    found : tuple of Found
        Where, in the passage as it came; `kind` is one of `kinds`. Never the words themselves.
    reasons : tuple of str
        For people, one sentence for each guardrail that found something; never words of the passage.
    """

    id: str
    flagged: bool
    kinds: tuple[str, ...]
    score: float
    refused: bool = False
    text: str = ""
    found: tuple[Found, ...] = ()
    reasons: tuple[str, ...] = ()
