"""The meter: sees every request begin and end, and takes nothing from it but door, status and time."""

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from flyball.gateway.metrics.figures import Figures

__all__ = ["Meter"]


class Meter:
    """Wraps the doors.

    Parameters
    ----------
    app : ASGIApp
    figures : Figures
    """

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on and count it, however it ends."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), "none"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self._figures.under_way += 1
        try:
            await self._app(scope, receive, noted)
        finally:
            self._figures.under_way -= 1
            # The path as the route writes it: what a caller writes would make a series of its own.
            door = str(scope.get("path_template") or "none")
            self._figures.requests.add(door, str(scope.get("method")), status)
            self._figures.seconds.observe(time.perf_counter() - begun, door)
