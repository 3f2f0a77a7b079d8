"""What goes to an external model and what comes back, whichever way it is reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from flyball.core.estimates import Failed

__all__ = ["Asker", "BadExternal", "Brought", "Question", "RawAnswer", "Told", "Via"]

from flyball.core.errors import BadInput

Via = Literal["http", "mlflow", "onnx", "python"]


class BadExternal(BadInput):
    """The settings of an external model cannot be used."""

    code = "external.bad_settings"


@dataclass(frozen=True, slots=True)
class Question:
    """One case.

    Parameters
    ----------
    case_id, text : str
    row : mapping or None
        The columns, where the case is a row of a table.
    fields : tuple of str
        What is asked.
    tenant : str
        Whose case it is, and who pays.
    """

    case_id: str
    text: str
    row: Mapping[str, str | int | float | bool | None] | None
    fields: tuple[str, ...]
    tenant: str = "default"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What the model says, not checked yet.

    Parameters
    ----------
    field : str
    answer : object
        A plain value: a bool, a number, a text.
    confidence : object
        How sure the model says it is; None where it does not say.
    evidence : sequence of object
        Places in the text.
    reason : str
    """

    field: str
    answer: object
    confidence: object = None
    evidence: Sequence[object] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of asking about one case."""

    answers: tuple[RawAnswer, ...] = ()
    failed: Failed | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of asking about many.

    Parameters
    ----------
    told : dict of case_id to Told
    costs : dict of case_id to Decimal
        Euros.
    requests : int
        How many left this process; 0 for a model on this machine.
    """

    told: dict[str, Told] = field(default_factory=dict)
    costs: dict[str, Decimal] = field(default_factory=dict)
    requests: int = 0


Asker = Callable[[Sequence[Question]], Brought]
"""Asks about cases; whatever goes wrong out there becomes `Failed`, never an exception."""
