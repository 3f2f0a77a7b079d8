"""Tracing requests: a caller's trace goes on here, and ends with the deployment that answers.

Of a request stand in it the method, the door as the route writes it, the status and the times: nothing that a
caller writes, and not who they are.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from flyball.core.tracing import Caller, Trace, caller_of, now_tracing
from flyball.evaluation.traces.traces import Traces

__all__ = ["Tracing", "note_traces"]

_READING = ("GET", "HEAD")


class Tracing:
    """Wraps the doors.

    Parameters
    ----------
    app : ASGIApp
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on inside a trace; whose it is, is said by whoever finds the deployment."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method = str(scope.get("method"))
        trace = Trace(method, "server", _caller(scope))
        trace.minor = method in _READING
        root, status = trace.root, 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with root:
                await self._app(scope, receive, noted)
        finally:
            trace.close()
            if trace.keeper is not None:
                door = str(scope.get("path_template") or "")
                root.name = f"{method} {door}".rstrip()
                root.set("http.request.method", method)
                root.set("http.route", door)
                root.set("url.scheme", str(scope.get("scheme")))
                if status:
                    root.set("http.response.status_code", status)
                if status >= 500 and not root.error:
                    root.fail(str(status))
                trace.keeper.take(trace)


def note_traces(traces: Traces, deployment: str, tenant: str) -> None:
    """Say whose the request under way is: its trace is then kept with that deployment."""
    around = now_tracing()
    if around.recording and traces.on:
        around.trace.keeper, around.trace.tenant = traces, tenant
        around.trace.root.set("flyball.deployment", deployment)


_OURS = frozenset({b"traceparent", b"tracestate", b"baggage"})


def _caller(scope: Scope) -> Caller | None:
    """Return whose trace goes on; a `traceparent` that stands twice names none."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        if name in _OURS:
            found.setdefault(name, []).append(value)
    parents = found.get(b"traceparent", ())
    if len(parents) != 1:
        return None
    state, baggage = (
        b",".join(found.get(name, ())).decode("latin-1") for name in (b"tracestate", b"baggage")
    )
    return caller_of(parents[0].decode("latin-1"), state, baggage)
