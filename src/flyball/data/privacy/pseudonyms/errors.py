"""What can go wrong with pseudonyms."""

from flyball.core.errors import FlyballError

__all__ = ["NotAPseudonym"]


class NotAPseudonym(FlyballError):
    """It was not made with this key and domain, or was changed since."""

    code = "privacy.not_a_pseudonym"
