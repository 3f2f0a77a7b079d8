"""Which role may do what. A role that is not in this table may do nothing."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flyball.gateway.access.records import Role, Scope

__all__ = ["SCOPES_OF_ROLE", "scopes_of"]

SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        # Builds and tries the deployment.
        "engineer": frozenset(
            {"chat", "decisions", "outcomes", "review.read", "releases", "alerts", "metrics"}
        ),
        # Answers what a machine may not; makes none of the decisions that they review.
        "reviewer": frozenset({"decisions.read", "outcomes", "review"}),
        # Risk and compliance: settles what reviewers disagree about.
        "officer": frozenset(
            {"decisions.read", "outcomes.read", "review.settle", "releases", "alerts", "metrics"}
        ),
        # Sees, changes nothing.
        "auditor": frozenset(
            {"decisions.read", "outcomes.read", "review.read", "governance.read", "metrics"}
        ),
        # Keeps it running; sees no case.
        "operator": frozenset({"releases", "alerts", "metrics"}),
    }
)
_HOLDS: Mapping[Scope, frozenset[Scope]] = MappingProxyType(
    {
        "decisions": frozenset({"decisions.read"}),
        "outcomes": frozenset({"outcomes.read"}),
        "review": frozenset({"review.read"}),
        "review.settle": frozenset({"review.read"}),
        "releases": frozenset({"governance.read"}),
        "alerts": frozenset({"governance.read"}),
    }
)
"""What a scope brings with it: who may make a decision may see it."""


def scopes_of(roles: Iterable[Role], scopes: Iterable[Scope] = ()) -> frozenset[Scope]:
    """Return all that roles and single scopes allow together."""
    given = frozenset(scopes).union(*(SCOPES_OF_ROLE[role] for role in roles))
    return given.union(*(_HOLDS.get(scope, frozenset()) for scope in given))
