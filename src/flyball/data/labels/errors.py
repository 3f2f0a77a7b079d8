"""What can go wrong with labels."""

from flyball.core.errors import FlyballError

__all__ = ["UnknownLabel"]


class UnknownLabel(FlyballError):
    """A word that nobody could keep to, because nobody knows it."""

    code = "labels.unknown"
