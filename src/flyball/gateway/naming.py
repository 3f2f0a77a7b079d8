"""Which deployment a request means."""

from flyball.gateway.errors import BadRequest, UnknownModel
from flyball.gateway.house import House, Served
from flyball.gateway.principal import Principal
from flyball.loop.decided import UnknownDecision

__all__ = ["served_for", "served_of_decision"]


def served_for(house: House, principal: Principal, named: str) -> Served:
    """Return the deployment that is named; without a name the only one that the caller may use.

    Raises
    ------
    UnknownModel
        None is called so, or the caller may not use it.
    BadRequest
        None is named, and there are several.
    """
    if named:
        return house.of(named, principal)
    known = house.names(principal)
    if len(known) != 1:
        raise BadRequest(
            f"The request names no deployment, and there are {len(known)}.",
            fix=f"Known: {', '.join(known) or 'none that you may use'}.",
            param="deployment",
        )
    return house.of(known[0], principal)


def served_of_decision(house: House, principal: Principal, name: str, id: str) -> Served:
    """Return the deployment of a decision.

    Raises
    ------
    UnknownDecision
        The caller may not use it, so there is no such decision for them.
    """
    try:
        return house.of(name, principal)
    except UnknownModel:
        raise UnknownDecision(
            f"No decision has the id {id[:100]!r}.",
            fix='Give the "id" that came with the decision, such as contract-review:128.',
            id=id[:100],
        ) from None
