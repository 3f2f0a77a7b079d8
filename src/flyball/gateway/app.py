"""The application: every route on the shelf, closed by default, with one shape for errors."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.connection import Request
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.response.base import Response

from flyball.core.errors import FlyballError
from flyball.gateway.access.loopback import Access, Connection
from flyball.gateway.desk import Desks, TheDesks
from flyball.gateway.errors import NotLetIn
from flyball.gateway.house import House
from flyball.gateway.metrics.figures import Figures
from flyball.gateway.metrics.meter import Meter
from flyball.gateway.principal import Principal
from flyball.gateway.replies import on_error
from flyball.gateway.route import ROUTES, TheHouse, TheSettings
from flyball.gateway.settings import GatewaySettings
from flyball.gateway.tracing import Tracing

__all__ = ["MakeDoors", "MoreDoors", "build_app"]


@dataclass(frozen=True, slots=True)
class MoreDoors:
    """Doors that a room above the gateway adds.

    Parameters
    ----------
    handlers : tuple of HTTPRouteHandler
        Those with `opt={"own_access": True}` let callers in by themselves.
    on_error : callable
        Turns what was raised for a request into a reply; None leaves it to the gateway.
    """

    handlers: tuple[HTTPRouteHandler, ...]
    on_error: Callable[[Request[Any, Any, Any], Exception], Response[bytes] | None]


MakeDoors = Callable[[House, Desks, Access, GatewaySettings], MoreDoors]


def build_app(
    house: House, access: Access, settings: GatewaySettings, *, more: MakeDoors | None = None
) -> Litestar:
    """Return the ASGI application.

    Parameters
    ----------
    house : House
        Closed when the application ends.
    access : Access
    settings : GatewaySettings
    more : callable, optional
        Makes further doors of the house, its desks, the access and the settings.

    Returns
    -------
    Litestar
        Its `state` holds `house`, `access` and `settings`; handlers get them by name, and `principal`.
    """

    async def let_in(connection: Connection, handler: BaseRouteHandler) -> None:
        """Let the caller in before anything is read; a handler that names no scope opens to "*" alone."""
        if handler.opt.get("open") or handler.opt.get("own_access"):
            return
        principal = await access(connection)
        scope = handler.opt.get("scope", "*")
        if scope and not principal.may(scope):
            raise NotPermittedHere(
                f"{principal.id} may not do this: it needs the scope {scope!r}.",
                fix="Use a key that has it.",
                scope=scope,
            )
        connection.scope["state"]["principal"] = principal

    @asynccontextmanager
    async def open_until_the_end(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await house.close()
            desks.close()

    desks = Desks(house.everything(), settings)
    figures = Figures(house)
    added = more(house, desks, access, settings) if more is not None else None

    def told(request: Request[Any, Any, Any], err: Exception) -> Response[bytes]:
        page = added.on_error(request, err) if added is not None else None
        return on_error(request, err) if page is None else page

    app = Litestar(
        route_handlers=[
            *(handler for name in ROUTES.names() for handler in ROUTES.load(name)),
            *(added.handlers if added is not None else ()),
        ],
        guards=[let_in],
        middleware=[lambda app: Meter(app, figures), Tracing],
        lifespan=[open_until_the_end],
        dependencies=_one_by_one(house, settings, desks, figures),
        exception_handlers={FlyballError: told, HTTPException: told, Exception: told},
        request_max_body_size=settings.largest_body_mb * 1_000_000,
        openapi_config=None,
        logging_config=None,
    )
    app.state.house, app.state.access, app.state.settings = house, access, settings
    return app


def _one_by_one(
    house: House, settings: GatewaySettings, desks: Desks, figures: Figures
) -> dict[str, Provide]:
    """Return what handlers ask for by name, each made to ask for the one before.

    Where several stand beside each other, Litestar starts a task for each of them in every request, which
    costs more than all the rest of finding a handler: see docs/benchmarks.md.
    """

    def the_settings(house: TheHouse) -> GatewaySettings:
        del house
        return settings

    def the_desks(settings: TheSettings) -> Desks:
        del settings
        return desks

    def the_figures(desks: TheDesks) -> Figures:
        del desks
        return figures

    def the_principal(request: Request[Any, Any, Any], figures: NamedDependency[Figures]) -> Principal:
        del figures
        return _principal(request)

    return {
        "house": Provide(lambda: house, sync_to_thread=False),
        "settings": Provide(the_settings, sync_to_thread=False),
        "desks": Provide(the_desks, sync_to_thread=False),
        "figures": Provide(the_figures, sync_to_thread=False),
        "principal": Provide(the_principal, sync_to_thread=False),
    }


class NotPermittedHere(NotLetIn):
    """The caller is known and may not do this."""

    code = "gateway.not_permitted"
    status = 403


def _principal(request: Request[Any, Any, Any]) -> Principal:
    found = request.scope["state"].get("principal")
    if not isinstance(found, Principal):  # a handler that is open to all has no caller
        raise NotLetIn("Nobody was let in.", fix="Ask for the principal only behind a scope.")
    return found
