"""The contract of a treatment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from flyball.core.shelves import Shelf
from flyball.data.privacy.pseudonyms.keys import KeyRing
from flyball.data.privacy.treatment.errors import BadTreatment

__all__ = ["TREATMENTS", "Scan", "Span", "Tools", "Treatment", "TreatmentMaker", "take_settings"]

TREATMENTS = Shelf(kind="treatment", package="flyball.data.privacy.treatment.treatments")


class Span(Protocol):
    """A finding of the detector; offsets in characters."""

    @property
    def start(self) -> int:
        """First character."""
        ...

    @property
    def end(self) -> int:
        """One behind the last character."""
        ...

    @property
    def kind(self) -> str:
        """What it is: "PERSON"."""
        ...


Scan = Callable[[Sequence[str]], Sequence[Sequence[Span]]]
"""Texts -> for each its findings, in order and without overlap; `Detector.scan` is one."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What treatments work with.

    Parameters
    ----------
    scan : callable, optional
        Finds personal data in free text.
    keys : KeyRing, optional
        Keys of pseudonyms.
    """

    scan: Scan | None = None
    keys: KeyRing | None = None


class Treatment(Protocol):
    """What happens to the values of one column."""

    def field(self, field: pa.Field) -> pa.Field | None:
        """Return the column as it will be; None where it goes.

        Raises
        ------
        BadTreatment
            Values of this type cannot be treated so.
        """
        ...

    def treat(self, values: pa.Array) -> pa.Array:
        """Return the values of one batch, treated; null stays null.

        Parameters
        ----------
        values : Array of shape (n,)

        Returns
        -------
        Array of shape (n,)
            Of the type that `field` says.
        """
        ...


TreatmentMaker = Callable[[str, Mapping[str, object], Tools], Treatment]
"""(column, settings, tools) -> Treatment; the object that a file of the shelf offers under its own name."""


def take_settings(
    name: str, column: str, settings: Mapping[str, object], defaults: Mapping[str, object]
) -> dict[str, object]:
    """Return the settings of a treatment over its defaults.

    Parameters
    ----------
    name, column : str
        For the message.
    settings : mapping
        As written.
    defaults : mapping
        Every known setting; a written value must be of the type of its default.

    Raises
    ------
    BadTreatment
        An unknown setting, or a value of another type.
    """
    for key, value in settings.items():
        if key not in defaults or type(value) is not type(defaults[key]):
            known = ", ".join(f"{one} ({type(default).__name__})" for one, default in defaults.items())
            raise BadTreatment(
                f"The treatment {name} of the column {column} does not take {key} = {value!r}.",
                fix=f"It takes: {known or 'no settings'}.",
                column=column,
                setting=key,
            )
    return {**defaults, **settings}
