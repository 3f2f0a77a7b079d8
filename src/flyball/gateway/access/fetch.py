"""Ask the identity provider, and nobody else: one origin, no redirects, small answers, little time."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from flyball.core.hosts import THIS_MACHINE
from flyball.gateway.access.errors import BadLogin, BadOidcSettings, IdentityUnavailable

__all__ = ["ask", "check_address", "same_origin"]

_SECONDS = 5.0
_LARGEST_BYTES = 1_000_000


def check_address(url: str, setting: str) -> str:
    """Return an address that may be asked: https, or http on this machine; no password, no fragment.

    Raises
    ------
    BadOidcSettings
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    sound = parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)
    if not (sound and host) or "@" in parts.netloc or parts.fragment or parts.query or not url.isprintable():
        raise BadOidcSettings(
            f"{setting} must be an https address without a password, query or fragment, got {url!r}.",
            fix="Write https://host/path; http is for a provider on this machine only.",
            setting=setting,
        )
    return url


def same_origin(first: str, second: str) -> bool:
    """Return whether two addresses have scheme, host and port in common."""
    one, two = urlsplit(first), urlsplit(second)
    try:
        return (one.scheme, one.hostname, _port(one.port, one.scheme)) == (
            two.scheme,
            two.hostname,
            _port(two.port, two.scheme),
        )
    except ValueError:
        return False


def ask(url: str, *, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Fetch a JSON object, by GET or by sending a form.

    Parameters
    ----------
    url : str
        Checked by `check_address`.
    form : mapping, optional
        Sent by POST.

    Raises
    ------
    BadLogin
        What the form asks for was refused (400): a code that is wrong, used or too old.
    IdentityUnavailable
        No answer in five seconds, another status than 200, a redirect, more than 1 MB, or no JSON
        object. What was sent is not repeated.
    """
    method = "GET" if form is None else "POST"
    try:
        with (
            httpx2.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, data=form, headers={"accept": "application/json"}) as reply,
        ):
            if reply.status_code == 400 and form is not None:  # RFC 6749, section 5.2
                raise BadLogin(
                    "The provider does not accept this sign-in any more.", fix="Begin again at /login."
                )
            if reply.status_code != 200:
                raise _unavailable(url, f"it answered {reply.status_code}")
            body = bytearray()
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > _LARGEST_BYTES:
                    raise _unavailable(url, f"its answer is larger than {_LARGEST_BYTES:,} bytes")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as err:
        raise _unavailable(url, type(err).__name__) from None
    try:
        return msgspec.json.decode(bytes(body), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unavailable(url, "its answer is no JSON object") from None


def _port(port: int | None, scheme: str) -> int:
    return port or (443 if scheme == "https" else 80)


def _unavailable(url: str, why: str) -> IdentityUnavailable:
    host = urlsplit(url).netloc
    return IdentityUnavailable(
        f"The identity provider {host} cannot be asked: {why}.",
        fix="Try again in a moment; if it stays so, check the address in gateway.toml and the network.",
        host=host,
    )
