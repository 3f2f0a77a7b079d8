"""What can be wrong with the catalogue of duties."""

from flyball.core.errors import BadInput, FlyballError

__all__ = ["BadCatalogue", "ContradictingDuties"]


class BadCatalogue(BadInput):
    """An entry of the catalogue cannot be believed."""

    code = "obligations.bad_catalogue"


class ContradictingDuties(FlyballError):
    """Two duties that apply at once cannot both be kept, and nobody has said which goes before."""

    code = "obligations.contradiction"
    exit_code = 1
    status = 409
