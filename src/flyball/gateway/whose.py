"""Whose request it is: noted where its deployment is found, read where it is counted."""

from contextvars import ContextVar

__all__ = ["WHOSE", "note_whose"]

WHOSE: ContextVar[set[str] | None] = ContextVar("WHOSE", default=None)
"""Names of the deployments that answer for the request under way; None outside of one."""


def note_whose(name: str) -> None:
    """Note that a deployment answers for the request under way."""
    found = WHOSE.get()
    if found is not None:
        found.add(name)
