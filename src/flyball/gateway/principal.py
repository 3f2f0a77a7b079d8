"""Who calls: the one record that every door knows about its caller, and the check that makes it."""

from dataclasses import dataclass
from typing import Any, Protocol

from litestar.connection import ASGIConnection

from flyball.gateway.errors import NotLetIn

__all__ = ["Access", "Connection", "LoopbackAccess", "Principal"]

Connection = ASGIConnection[Any, Any, Any, Any]


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


class Access(Protocol):
    """Lets callers in. Asked once for each request to a door that is not open to all."""

    @property
    def has_keys(self) -> bool:
        """Whether callers prove who they are; without that the gateway listens on this machine only."""
        ...

    async def __call__(self, connection: Connection) -> Principal:
        """Return who calls.

        Raises
        ------
        NotLetIn, or another FlyballError
            Nobody that may come in; too many requests.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoopbackAccess:
    """Everyone on this machine, nobody else: what there is before any key was made."""

    @property
    def has_keys(self) -> bool:
        """Nobody proves anything here."""
        return False

    async def __call__(self, connection: Connection) -> Principal:
        """Let in whoever calls from this machine by a name of this machine.

        The `Host` header is looked at, too: a page in a browser that made its own name point here would
        otherwise reach the gateway with the rights of whoever looks at the page.
        """
        caller = connection.client.host if connection.client else ""
        host = connection.headers.get("host", "").rsplit("@", 1)[-1]
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if caller in _HERE and name in _NAMES and "origin" not in connection.headers:
            return Principal("local", scopes=frozenset({"*"}), deployments=frozenset({"*"}))
        raise NotLetIn(
            "Without keys only programs on this machine are let in, and not pages in a browser.",
            fix="Call http://127.0.0.1 from this machine, or make a key: flyball key add.",
        )


_HERE = ("127.0.0.1", "::1", "")
_NAMES = ("127.0.0.1", "localhost", "[::1]")
