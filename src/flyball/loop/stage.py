"""A stage of the turn: what it needs, what goes in, what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.loop.workshop import Workshop

__all__ = ["Stage"]

Outputs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the loop.

    Parameters
    ----------
    name : str
        "documents", "expert:clause_detector".
    title : str
        What it does, for people, in a few words.
    needs : tuple of str
        Stages whose outputs go in.
    inputs : callable (workshop) -> mapping of str to str
        Own inputs: each name with its digest (or a short text). Cheap: it runs for every plan.
    run : callable (workshop, outputs) -> mapping
        Does the work and returns plain data; `outputs` holds what the needed stages returned. The
        same inputs must give the same output: no times, no random names in it.
    version : int
        Raised when the code of the stage changes what it returns.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    inputs: Callable[[Workshop], Mapping[str, str]]
    run: Callable[[Workshop, Outputs], Mapping[str, Any]]
    version: int = 1
