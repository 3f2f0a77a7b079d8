"""What can go wrong with labels."""

from flyball.core.errors import FlyballError, Refused

__all__ = ["NotForTraining", "UnknownLabel"]


class UnknownLabel(FlyballError):
    """A word that nobody could keep to, because nobody knows it."""

    code = "labels.unknown"


class NotForTraining(Refused):
    """Rows that nothing may be learned from."""

    code = "labels.not_for_training"
