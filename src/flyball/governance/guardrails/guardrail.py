"""The contract of a guardrail: it looks at passages and says what in them may not pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, get_args

import msgspec

from flyball.core.shelves import Shelf
from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.errors import BadGuardrail
from flyball.governance.guardrails.records import Action, Around, Passage

__all__ = ["GUARDRAILS", "Guardrail", "Inspector", "Looked", "read_settings"]

Kind = TypeVar("Kind", bound=msgspec.Struct)

GUARDRAILS = Shelf(kind="guardrail", package="flyball.governance.guardrails.shelf")


@dataclass(frozen=True, slots=True)
class Looked:
    """What one guardrail saw in one passage.

    Parameters
    ----------
    found : tuple of Found
        By start. Kinds are bare words, "IBAN_CODE"; "" where the guardrail knows of one kind only.
        A finding about the passage as a whole reaches from 0 to its end.
    score : float
        In [0, 1]: the surest finding, or what came closest to one.
    reason : str
        Why, for people, without words of the passage; "" where nothing was found.
    """

    found: tuple[Found, ...] = ()
    score: float = 0.0
    reason: str = ""


class Inspector(Protocol):
    """A guardrail with its settings, ready for passages.

    One that also has `quick = True` promises to wait for nothing and to take time in proportion to the text:
    short texts are then looked at without a thread, where nobody could give up on it.
    """

    action: Action
    reach: int
    """Characters behind a place that can still change what is found there; 0: only the whole text says."""

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        """Return what was seen, one for each passage, in their order. Whatever it raises refuses them all."""
        ...


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail; the object that a module of the shelf offers under its own name.

    Parameters
    ----------
    summary : str
        What it looks for, in one sentence for people.
    version : int
        Raised when its behaviour changes.
    open : callable (settings) -> Inspector
        Reads its table of flyball.toml, strictly; see `read_settings`.
    """

    summary: str
    version: int
    open: Callable[[Mapping[str, Any]], Inspector]


def read_settings(name: str, kind: type[Kind], settings: Mapping[str, Any]) -> Kind:
    """Read the settings of a guardrail into its record.

    Raises
    ------
    BadGuardrail
        A name or a value that it does not know.
    """
    try:
        return msgspec.convert(dict(settings), kind)
    except msgspec.ValidationError as err:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        actions = ", ".join(get_args(Action))
        raise BadGuardrail(
            f"The guardrail {name} is set to something that it does not know: {err}.",
            fix=f"Its settings: {known}. Actions: {actions}.",
            guardrail=name,
        ) from err
