"""What can go wrong when personal data is treated. Each of them refuses the whole batch."""

from flyball.core.errors import FlyballError

__all__ = ["BadTreatment", "Untreatable", "Untreated"]


class BadTreatment(FlyballError):
    """The treatment of a column cannot be used: unknown settings, a type it does not treat, a missing key."""

    code = "privacy.bad_treatment"


class Untreatable(FlyballError):
    """A value could not be treated, so none of the batch is kept."""

    code = "privacy.untreatable"
    exit_code = 1


class Untreated(FlyballError):
    """Personal data was found in a column that has no treatment."""

    code = "privacy.untreated"
    exit_code = 1
