"""Who calls: the one record that every door knows about its caller."""

from dataclasses import dataclass

__all__ = ["Principal"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller.

    Parameters
    ----------
    id : str
        For the ledger: "key:3f9a", "person:jane", "local:".
    tenant : str
        Whose cases these are.
    scopes : frozenset of str
        What the caller may do: "chat", "decisions", "outcomes", "review", "metrics"; "*" is everything.
    deployments : frozenset of str
        Names that the caller may use; "*" is every one.
    roles : frozenset of str
        Of a person.
    """

    id: str
    tenant: str = "default"
    scopes: frozenset[str] = frozenset()
    deployments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Return whether the caller may do this."""
        return scope in self.scopes or "*" in self.scopes

    def may_use(self, deployment: str) -> bool:
        """Return whether the caller may use this deployment."""
        return deployment in self.deployments or "*" in self.deployments
