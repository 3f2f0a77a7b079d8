"""Who lets callers in; and what there is before any key was made: this machine alone."""

from dataclasses import dataclass
from typing import Any, Protocol

from litestar.connection import ASGIConnection

from flyball.gateway.access.peers import is_mine
from flyball.gateway.errors import NotLetIn
from flyball.gateway.principal import Principal

__all__ = ["LOCAL", "Access", "Connection", "LoopbackAccess", "check_user", "is_here"]

Connection = ASGIConnection[Any, Any, Any, Any]


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
    """Whoever serves, at this machine, and nobody else: what there is before any key was made."""

    @property
    def has_keys(self) -> bool:
        """Nobody proves anything here."""
        return False

    async def __call__(self, connection: Connection) -> Principal:
        """Let in whoever calls from this machine by a name of this machine.

        The `Host` header is looked at, too: a page in a browser that made its own name point here would
        otherwise reach the gateway with the rights of whoever looks at the page. What a proxy hands on may
        come from anywhere.
        """
        if is_here(connection) and "origin" not in connection.headers:
            check_user(connection)
            return LOCAL
        raise NotLetIn(
            "Without keys only programs on this machine are let in, no pages in a browser and no proxy.",
            fix="Call http://127.0.0.1 from this machine, or make a key: flyball key create NAME.",
        )


def is_here(connection: Connection) -> bool:
    """Return whether this machine asks, by a name of this machine, and nobody handed it on."""
    caller = connection.client.host if connection.client else ""
    host = connection.headers.get("host", "").rsplit("@", 1)[-1]
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    strange = any(header in connection.headers for header in _FROM_ELSEWHERE)
    return caller in _HERE and name in _NAMES and not strange


def check_user(connection: Connection) -> None:
    """Refuse another user of this machine; where the system does not tell whose a connection is, nobody.

    Raises
    ------
    NotLetIn
    """
    peer, local = connection.scope.get("client"), connection.scope.get("server")
    ends = [None if one is None or one[1] is None else (one[0], one[1]) for one in (peer, local)]
    if not is_mine(*ends):
        raise NotLetIn(
            "Without keys only the user who serves is let in, and this connection is of another user.",
            fix="Call as the user who runs flyball serve, or make a key: flyball key create NAME.",
        )


LOCAL = Principal("local", scopes=frozenset({"*"}), deployments=frozenset({"*"}))
"""Whoever sits at this machine, before any key was made."""

_HERE = ("127.0.0.1", "::1", "")
_FROM_ELSEWHERE = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_NAMES = ("127.0.0.1", "localhost", "[::1]")
