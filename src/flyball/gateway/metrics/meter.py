"""The meter: sees every request begin and end, and takes from it door, status, time and whose it is."""

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from flyball.gateway.metrics.figures import Figures
from flyball.gateway.whose import WHOSE

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
        whose: set[str] = set()
        token, broke = WHOSE.set(whose), False

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self._figures.under_way += 1
        try:
            await self._app(scope, receive, noted)
        except Exception:
            broke = True
            raise
        finally:
            WHOSE.reset(token)
            self._figures.under_way -= 1
            # The path as the route writes it: what a caller writes would make a series of its own.
            door = str(scope.get("path_template") or "none")
            method, seconds = str(scope.get("method")), time.perf_counter() - begun
            self._figures.requests.add(door, method, status)
            self._figures.seconds.observe(seconds, door)
            sent = 500 if broke else 0 if status == "none" else int(status)
            handler = scope.get("route_handler")
            # Who looks at pages, or asks how objectives stand, is no caller of the deployment.
            if handler is None or not (handler.opt.get("own_access") or handler.opt.get("uncounted")):
                self._figures.counting.add(whose, f"{method} {door}", sent, seconds)
