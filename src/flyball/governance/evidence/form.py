"""The contract of a form: how a pack is written down for one kind of reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flyball.core.shelves import Shelf
from flyball.governance.evidence.pack import Pack

__all__ = ["FORMS", "Files", "Form", "form", "forms_for"]

FORMS = Shelf(kind="form of evidence", package="flyball.governance.evidence.forms")
"""A form is one file, named after itself."""

Files = Mapping[str, bytes]
"""Content by path inside the pack, with slashes."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a pack is written down.

    Parameters
    ----------
    title : str
        What it is, for people.
    frameworks : tuple of str
        Of which packs it is part, by how their names begin; () for all.
    source : str
        The standard or law that asks for this form.
    write : callable (Pack) -> Files
        Pure: the same pack gives the same bytes. () where the pack has nothing for it.
    """

    title: str
    frameworks: tuple[str, ...]
    source: str
    write: Callable[[Pack], Files]


def form(
    *, title: str, source: str, frameworks: tuple[str, ...] = ()
) -> Callable[[Callable[[Pack], Files]], Form]:
    """Describe a form; nothing is registered."""
    return lambda write: Form(title, frameworks, source, write)


def forms_for(framework: str, more: tuple[str, ...] = ()) -> dict[str, Form]:
    """Return the forms of a pack: those of every pack, those of its framework, and others by name."""
    found: dict[str, Form] = {}
    for name in FORMS.names():
        one: Form = FORMS.load(name)
        if not one.frameworks or name in more or framework.startswith(one.frameworks):
            found[name] = one
    for name in more:
        FORMS.load(name)  # refuses an unknown one with the list of known ones
    return found
