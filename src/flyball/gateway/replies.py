"""Replies as bytes: JSON, streams of events, and errors in the one shape that every client can read."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

import msgspec
from litestar import Litestar
from litestar.connection import Request
from litestar.exceptions import HTTPException
from litestar.response.base import Response
from litestar.routes import HTTPRoute
from litestar.types import Receive, Scope, Send

from flyball.core.errors import FlyballError
from flyball.gateway.errors import BadRequest, NoSuchDoor, TooLarge, WrongMethod, status_of

__all__ = ["Events", "Whole", "error_body", "error_of", "error_reply", "json_reply", "on_error", "stopped"]

_LOG = logging.getLogger(__name__)
_ENCODE = msgspec.json.Encoder(decimal_format="string").encode
_JSON = [(b"content-type", b"application/json")]
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}


_OUR_FILES = ("ledger.", "loop.kit_altered", "loop.release_forged")
"""Codes of errors about files of the deployment."""
_TOLD = "The gateway cannot use its own records now, so nothing is answered."


class Whole:
    """A reply that is there already, sent as it is.

    Parameters
    ----------
    body : bytes
    status : int
    headers : list of (bytes, bytes)
    """

    __slots__ = ("_headers", "body", "status")

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.body, self.status = body, status
        self._headers = [*headers, (b"content-length", b"%d" % len(body))]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        body = b"" if scope.get("method") == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Whole:
    """Return a value as JSON."""
    return Whole(_ENCODE(value), status, _JSON + _encoded(headers or {}))


def error_body(err: FlyballError) -> dict[str, object]:
    """Return an error as our own record, and under `error` as clients of OpenAI read it."""
    err = _without_places(err)
    status = status_of(err)
    record = err.as_record()
    param = err.values.get("param")
    record["error"] = {
        "message": f"{err.message} {err.fix}",
        "type": _TYPES.get(status, "server_error"),
        "param": None if param is None else str(param),
        "code": err.code,
        "fix": err.fix,
    }
    return record


def error_reply(err: FlyballError) -> Response[bytes]:
    """Return an error with its status, and when to ask again where that is known."""
    headers = {}
    wait = getattr(err, "retry_after", err.values.get("wait_seconds"))
    if isinstance(wait, int | float):
        headers["retry-after"] = str(max(1, round(wait)))
    elif not err.retry:
        headers["x-should-retry"] = "false"
    if isinstance(err, WrongMethod):
        headers["allow"] = str(err.values["allow"])  # RFC 9110, section 15.5.6
    if status_of(err) == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        _ENCODE(error_body(err)), status_code=status_of(err), media_type="application/json", headers=headers
    )


def on_error(request: Request[Any, Any, Any], err: Exception) -> Response[bytes]:
    """Turn whatever a handler raised into a reply; a fault of ours is logged and not shown."""
    return error_reply(error_of(request, err))


def error_of(request: Request[Any, Any, Any], err: Exception) -> FlyballError:
    """Return whatever a handler raised as an error that may be told; a fault of ours is logged."""
    if isinstance(err, FlyballError):
        return err
    if isinstance(err, HTTPException):
        return _of_http(request, err)
    _LOG.error("A fault of the gateway at %r", request.scope["path"], exc_info=err)
    return _fault()


def stopped(err: Exception) -> FlyballError:
    """Return what is told where a stream breaks off; a fault of ours is logged and not shown."""
    if isinstance(err, FlyballError):
        return _without_places(err)
    _LOG.error("A fault of the gateway in a stream", exc_info=err)
    return _fault()


class Events:
    """A stream of server-sent events. Its source is closed as soon as the caller goes away.

    Parameters
    ----------
    source : async generator of bytes
        Whole events.
    """

    def __init__(self, source: AsyncGenerator[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *_encoded(headers or {}),
        ]
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; stop asking for more where nobody listens any longer."""
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        task, gone = asyncio.current_task(), False

        async def watch() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            if task is not None:
                task.cancel()

        watcher = asyncio.create_task(watch())
        try:
            async with aclosing(self._source) as source:
                async for event in source:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            watcher.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not gone:
                raise
            if task is not None:
                task.uncancel()
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]


def _without_places(err: FlyballError) -> FlyballError:
    """Return what callers are told: what is wrong with our own files names places, and goes to the log."""
    if status_of(err) < 500 or not err.code.startswith(_OUR_FILES) or err.message == _TOLD:
        return err
    _LOG.error("%s", err)
    return type(err)(_TOLD, fix="Ask again in a moment; the operator finds the reason in the log.")


class _Fault(FlyballError):
    """A fault of the gateway itself."""

    code = "gateway.fault"
    retry = True


def _fault() -> FlyballError:
    return _Fault(
        "Something broke inside the gateway; nothing was decided.",
        fix="Ask again; the operator finds the reason in the log.",
    )


def _of_http(request: Request[Any, Any, Any], err: HTTPException) -> FlyballError:
    path, method = str(request.scope["path"])[:200], str(request.scope.get("method", ""))
    if err.status_code == 405:
        return WrongMethod(
            f"{path} is not asked by {method}.",
            fix="GET /openapi.json lists what there is.",
            path=path,
            method=method,
            allow=", ".join(_methods_of(request.app, str(request.scope["path"]))),
        )
    if err.status_code == 404:
        return NoSuchDoor(
            f"There is nothing at {method} {path}.",
            fix="GET /openapi.json lists what there is.",
            path=path,
        )
    if err.status_code == 413:
        return TooLarge(
            "The request is larger than the gateway takes.",
            fix="Send less at once; the owner sets largest_body_mb in gateway.toml.",
        )
    for one in err.extra if isinstance(err.extra, list) else ():
        if isinstance(one, dict) and "key" in one:  # a parameter of the address
            name, why = str(one["key"]), str(one.get("message", err.detail)).rstrip(".")
            value = str(request.query_params.get(name, ""))[:80]
            return BadRequest(
                f"{name} cannot be {value!r}: {why}.",
                fix="GET /openapi.json lists what it may be.",
                name=name,
                value=value,
            )
    return BadRequest(f"The request cannot be used: {err.detail}.", fix="Correct it and send it again.")


def _methods_of(app: Litestar, path: str) -> list[str]:
    """Return the methods by which a path is asked."""
    parts = path.strip("/").split("/")
    found: set[str] = set()
    for route in app.routes:
        there = route.path.strip("/").split("/")
        if isinstance(route, HTTPRoute) and len(there) == len(parts):
            pairs = zip(there, parts, strict=True)
            if all(name == part or name.startswith("{") for name, part in pairs):
                found |= set(route.methods)
    return sorted(found)
