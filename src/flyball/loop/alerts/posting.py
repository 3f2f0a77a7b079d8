"""Post a small JSON body: to one host, without redirects, proxies or cookies, in little time."""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from flyball.core.errors import BadInput
from flyball.loop.alerts.channel import NotDelivered

__all__ = ["checked_url", "post"]

_SECONDS = 10.0
_HERE = ("localhost", "127.0.0.1", "::1")
_LARGEST_REPLY = 4_096


def checked_url(url: str, setting: str) -> SplitResult:
    """Return an address that may be posted to: https, or http on this machine; no password in it.

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
    sound = parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)
    if (
        not sound
        or not host
        or "@" in parts.netloc
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise BadInput(
            f"{setting} must be an https address without a password in it; it is not repeated here.",
            fix="Write https://host/path; http is for this machine only.",
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
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=_SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=_SECONDS)
    )
    try:
        connection.request(
            "POST", target, body, {"Content-Type": "application/json", "User-Agent": "flyball", **headers}
        )
        reply = connection.getresponse()
        status = reply.status
        reply.read(_LARGEST_REPLY)
    except (OSError, http.client.HTTPException) as err:
        raise NotDelivered(
            f"The channel {name} cannot reach {parts.hostname}: {type(err).__name__}.",
            fix="Check the network and the address in flyball.toml; it is tried again.",
            channel=name,
        ) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        again = status in (408, 425, 429) or status >= 500
        raise NotDelivered(
            f"{parts.hostname} answered {status} to the channel {name}.",
            fix="It is tried again."
            if again
            else "Check its address and its secret; a redirect is not followed.",
            again=again,
            channel=name,
            status=status,
        )
