"""The words of labels, and the strictest of several sets of them."""

import re
from collections.abc import Iterable

from flyball.data.labels.errors import UnknownLabel

__all__ = [
    "NOTHING",
    "NO_TRAINING",
    "PERSONAL",
    "STRICTEST",
    "checked",
    "purposes",
    "residencies",
    "strictest",
]

PERSONAL = "personal-data"
NO_TRAINING = "no-training"
"""May be looked at and decided on, and never be learned from."""

PURPOSE, RESIDENCY = "purpose:", "residency:"
NOTHING = "purpose:none"
"""No purpose is left: what two sources allow has nothing in common."""

LOCAL = "residency:local"
STRICTEST = (NO_TRAINING, PERSONAL, NOTHING, LOCAL)
"""What is assumed where labels cannot be read."""

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")


def checked(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels sorted, each once.

    Raises
    ------
    UnknownLabel
        A word that is none of the vocabulary.
    """
    found = sorted(set(labels))
    for label in found:
        head, colon, value = label.partition(":")
        known = label in (PERSONAL, NO_TRAINING) or (
            f"{head}{colon}" in (PURPOSE, RESIDENCY) and _VALUE.fullmatch(value)
        )
        if not known:
            raise UnknownLabel(
                f"Nobody knows the data label {label!r}.",
                fix="Known: personal-data, no-training, residency:PLACE, purpose:NAME.",
                label=label,
            )
    return tuple(found)


def strictest(*sets: Iterable[str]) -> tuple[str, ...]:
    """Return the labels of what is made from data with these labels.

    - personal-data and no-training: as soon as one of them has it
    - residency: all of them, for the data must stay where each allows it; with "local" among them, local
    - purpose: those that every one allows. A set without a purpose allows all; where nothing is left,
      nothing is allowed ("purpose:none")

    Parameters
    ----------
    *sets : iterables of str
        None at all means that it was made from nothing that has labels.

    Returns
    -------
    tuple of str
        Sorted. The order of the sets does not matter.

    Raises
    ------
    UnknownLabel
        As in `checked`.
    """
    read = [checked(labels) for labels in sets]
    together = {label for labels in read for label in labels}
    found = together & {PERSONAL, NO_TRAINING}
    places = {label for label in together if label.startswith(RESIDENCY)}
    found |= {LOCAL} if LOCAL in places else places
    limited = [allowed for labels in read if (allowed := {one for one in labels if one.startswith(PURPOSE)})]
    if limited:
        common = set.intersection(*limited)
        found |= common or {NOTHING}
    return tuple(sorted(found))


def purposes(labels: Iterable[str]) -> frozenset[str] | None:
    """Return the purposes that labels allow; None for all, an empty set for none."""
    allowed = {label.removeprefix(PURPOSE) for label in labels if label.startswith(PURPOSE)}
    return frozenset(allowed - {"none"}) if allowed else None


def residencies(labels: Iterable[str]) -> frozenset[str]:
    """Return the places where data must stay; empty where no place is named."""
    return frozenset(label.removeprefix(RESIDENCY) for label in labels if label.startswith(RESIDENCY))
