"""Listen, serve, and end without losing anything."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from flyball.core.hosts import is_this_machine
from flyball.gateway.access.loopback import Access
from flyball.gateway.app import MakeDoors, build_app
from flyball.gateway.errors import CannotListen
from flyball.gateway.house import House
from flyball.gateway.settings import GatewaySettings

__all__ = ["check_address", "config_of", "serve"]

_LARGEST_HEAD = 256 * 1024
"""Bytes that may come before the headers of a request are complete."""
_SWITCH_SECONDS = 0.0005
"""How long the event loop may keep the interpreter while the ledger's thread waits for it."""


def serve(
    house: House,
    access: Access,
    settings: GatewaySettings,
    *,
    more: MakeDoors | None = None,
    started: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Requests under way are finished first, for `shutdown_seconds` at most; then what waits for the ledger is
    written, the ledger is signed, and everything is closed.

    Parameters
    ----------
    house : House
    access : Access
    settings : GatewaySettings
    more : callable, optional
        Makes further doors; see `build_app`.
    started : callable, optional
        Told the port as soon as it is listened on.

    Raises
    ------
    CannotListen
        The address is not this machine's own and there are no keys, or it is taken.
    """
    check_address(settings, access)
    sys.setswitchinterval(_SWITCH_SECONDS)
    server = _Server(config_of(build_app(house, access, settings, more=more), settings), started)
    try:
        server.run()
    except SystemExit as err:
        raise CannotListen(
            f"Nothing can listen on {settings.host}:{settings.port}.",
            fix="Choose another port: flyball serve --port 8081.",
            host=settings.host,
            port=settings.port,
        ) from err


class _Server(uvicorn.Server):
    """A server that says when it listens, and for which a signal is the usual way to end, no failure."""

    def __init__(self, config: uvicorn.Config, started: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        listening = [one for server in getattr(self, "servers", ()) for one in server.sockets]
        if self._tell is not None and listening:
            self._tell(int(listening[0].getsockname()[1]))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Begin to end at the first signal, and end at once at the second."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def config_of(app: Litestar, settings: GatewaySettings) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=_patient(settings.header_seconds),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        limit_concurrency=settings.connections,
        timeout_keep_alive=round(settings.idle_seconds),
        timeout_graceful_shutdown=round(settings.shutdown_seconds),
    )


def check_address(settings: GatewaySettings, access: Access) -> None:
    """Refuse to listen where strangers are, as long as nobody has to show who they are.

    Raises
    ------
    CannotListen
    """
    if not access.has_keys and not is_this_machine(settings.host):
        raise CannotListen(
            f"{settings.host} can be reached from other machines, and there are no keys.",
            fix="Make one with `flyball key create NAME`, or listen on 127.0.0.1.",
            host=settings.host,
        )


def _patient(seconds: float) -> type[asyncio.Protocol]:
    """Return a protocol that closes connections whose headers come too slowly, or never end."""

    class Patient(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._head = 0
            self._late: asyncio.TimerHandle | None = self.loop.call_later(seconds, self._too_late)

        def connection_lost(self, exc: Exception | None) -> None:
            self._in_time()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._late is not None:
                self._head += len(data)
                if self._head > _LARGEST_HEAD:
                    self._too_late()
                    return
            super().data_received(data)

        def on_message_begin(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(seconds, self._too_late)
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_time()
            super().on_headers_complete()

        def _in_time(self) -> None:
            self._head = 0
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _too_late(self) -> None:
            self._late = None
            if not self.transport.is_closing():
                self.transport.close()

    return Patient
