"""The contract of a route: a tuple of handlers in a file of its own name, found on its shelf."""

from litestar.di import NamedDependency
from litestar.types import ASGIApp

from flyball.core.shelves import Shelf
from flyball.gateway.house import House
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings

__all__ = ["ROUTES", "Caller", "Reply", "TheHouse", "TheSettings"]

ROUTES = Shelf(kind="route", package="flyball.gateway.routes")

TheHouse = NamedDependency[House]
"""What a handler that asks for `house` gets."""
Caller = NamedDependency[Principal]
"""What a handler that asks for `principal` gets."""
TheSettings = NamedDependency[GatewaySettings]
"""What a handler that asks for `settings` gets."""

Reply = ASGIApp
"""What a handler returns: what `json_reply` or `Events` made. It is sent as it is."""
