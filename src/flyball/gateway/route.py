"""The contract of a route: a tuple of handlers in a file of its own name, found on its shelf."""

from litestar.types import ASGIApp

from flyball.core.shelves import Shelf

__all__ = ["ROUTES", "Reply"]

ROUTES = Shelf(kind="route", package="flyball.gateway.routes")

Reply = ASGIApp
"""What a handler returns: what `json_reply` or `Events` made. It is sent as it is."""
