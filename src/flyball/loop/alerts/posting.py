"""Ask one host over HTTP: without redirects, proxies or cookies, in little time."""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from flyball.core.errors import BadInput
from flyball.core.hosts import THIS_MACHINE
from flyball.core.retry_after import seconds_to_wait
from flyball.loop.alerts.channel import NotDelivered

__all__ = ["ask", "checked_url", "post"]

_SECONDS = 10.0
_ALL_SECONDS = 20.0
"""Of everything together: a receiver that answers a byte at a time holds nobody up for longer."""
_LONGEST_REST = 600.0
"""Seconds: a receiver that wants to be left alone for longer is tried again all the same."""


def checked_url(url: str, setting: str) -> SplitResult:
    """Return an address that may be asked: https, or http on this machine; no password in it.

    Link-local addresses are none: what tells a machine of a cloud who it is answers there.

    Raises
    ------
    BadInput
        The address is not repeated: what stands in its path may be a secret.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    sound = parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)
    if (
        not sound
        or not host
        or _is_link_local(host)
        or "@" in parts.netloc
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise BadInput(
            f"{setting} must be an https address without a password in it; it is not repeated here.",
            fix="Write https://host/path; http is for this machine only, link-local addresses for nobody.",
            setting=setting,
        )
    return parts


def post(parts: SplitResult, body: bytes, headers: Mapping[str, str], *, name: str) -> None:
    """Post, and take any 2xx for delivered.

    Raises
    ------
    NotDelivered
        Anything else; `again` says whether it may help to try again: 408, 429, 5xx and a network that
        fails, but not a refusal. Neither address nor body is repeated.
    """
    ask(parts, "POST", body, {"Content-Type": "application/json", **headers}, name=f"the channel {name}")


def ask(
    parts: SplitResult, method: str, body: bytes | None, headers: Mapping[str, str], *, name: str
) -> None:
    """Send one request, and take any 2xx for delivered; see `post`."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=_SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=_SECONDS)
    )
    late = threading.Event()
    overdue = threading.Timer(_ALL_SECONDS, _hang_up, [connection, late])
    overdue.daemon = True
    overdue.start()
    try:
        connection.request(method, target, body, {"User-Agent": "flyball", **headers})
        with connection.getresponse() as reply:
            status, after = reply.status, reply.getheader("Retry-After") or ""
        if late.is_set():  # the end of what was heard looks like the end of what was said
            raise TimeoutError
    except (OSError, ValueError, AttributeError, http.client.HTTPException) as err:  # as hanging up shows
        raise NotDelivered(
            f"{name[0].upper()}{name[1:]} cannot reach {parts.hostname}: {type(err).__name__}.",
            fix="Check the network and the address in flyball.toml; it is tried again.",
            channel=name,
        ) from None
    finally:
        overdue.cancel()
        connection.close()
    if not 200 <= status < 300:
        again = status in (408, 425, 429) or status >= 500
        raise NotDelivered(
            f"{parts.hostname} answered {status} to {name}.",
            fix="It is tried again."
            if again
            else "Check its address and its secret; a redirect is not followed.",
            again=again,
            after_seconds=min(seconds_to_wait(after, datetime.now(UTC)), _LONGEST_REST),
            channel=name,
            status=status,
        )


def _is_link_local(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_link_local


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a conversation that lasts too long: what reads from it comes to its end."""
    late.set()
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
