"""Access: how a client signs in. Secrets are fetched when a connection opens and shown nowhere."""

import base64
import time
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import msgspec

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadCredentials, CannotConnect

__all__ = ["ApiKey", "Basic", "Bearer", "ClientCredentials", "SignIn"]

_EARLY_SECONDS = 30  # a token is renewed before it ends
_TOKEN_BYTES = 100_000


class SignIn(Protocol):
    """A way to sign in."""

    @property
    def user(self) -> str:
        """Who signs in, for people; never the secret."""
        ...

    def headers(self, client: Any, httpx: ModuleType, *, renew: bool = False) -> dict[str, str]:
        """Return the headers of a request; with `renew`, after the last ones were refused."""
        ...


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password."""

    user: str
    password: Secret

    def headers(self, client: Any, httpx: ModuleType, *, renew: bool = False) -> dict[str, str]:
        """Return the headers of a request."""
        pair = f"{self.user}:{self.password.reveal()}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that someone else renews."""

    token: Secret
    user: str = "the owner of the token"

    def headers(self, client: Any, httpx: ModuleType, *, renew: bool = False) -> dict[str, str]:
        """Return the headers of a request."""
        return {"Authorization": f"Bearer {self.token.reveal()}"}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header of its own, as SAP's API hub wants it."""

    header: str
    key: Secret
    user: str = "the owner of the key"

    def headers(self, client: Any, httpx: ModuleType, *, renew: bool = False) -> dict[str, str]:
        """Return the headers of a request."""
        return {self.header: self.key.reveal()}


@dataclass(slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials: a token for an id and a secret, renewed when it ends.

    Source: RFC 6749, sections 2.3.1 and 4.4.
    """

    token_url: str
    user: str
    secret: Secret
    scope: str = ""
    _token: str = field(default="", repr=False)
    _ends: float = 0.0

    def headers(self, client: Any, httpx: ModuleType, *, renew: bool = False) -> dict[str, str]:
        """Return the headers of a request, with a token that is fetched when there is no fresh one."""
        if renew or not self._token or time.monotonic() >= self._ends:
            self._fetch(client, httpx)
        return {"Authorization": f"Bearer {self._token}"}

    def _fetch(self, client: Any, httpx: ModuleType) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        try:
            reply = client.post(
                self.token_url,
                data=form,
                auth=httpx.BasicAuth(self.user, self.secret.reveal()),
                headers={"Accept": "application/json"},
            )
        except httpx.HTTPError as err:
            raise CannotConnect(
                f"{self.token_url} gives no token ({type(err).__name__}).",
                fix="Check token_url, the network, and whether the server is up.",
                url=self.token_url,
            ) from err
        if reply.status_code >= 500:
            raise CannotConnect(
                f"{self.token_url} gives no token: it answers {reply.status_code}.",
                fix="Try again later.",
                url=self.token_url,
            )
        token, seconds = _token_of(reply.content[:_TOKEN_BYTES]) if reply.status_code == 200 else ("", 0.0)
        if not token:
            raise BadCredentials(
                f"{self.token_url} gives client {self.user} no token: it answers {reply.status_code}.",
                fix="Check client_id, client_secret, scope and token_url.",
                url=self.token_url,
            )
        self._token, self._ends = token, time.monotonic() + max(0.0, seconds - _EARLY_SECONDS)


def _token_of(body: bytes) -> tuple[str, float]:
    try:
        reply = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "", 0.0
    token = reply.get("access_token") if isinstance(reply, dict) else None
    seconds = reply.get("expires_in", 300) if isinstance(reply, dict) else 0
    if not isinstance(token, str) or not token.isprintable() or not isinstance(seconds, int | float | str):
        return "", 0.0
    try:
        return token, float(seconds)
    except ValueError:
        return token, 300.0
