"""Sign in through a browser: authorization code with PKCE, state and nonce; then a sealed cookie.

The cookie holds who signed in, sealed with a key of this house, so that it works in every process and
after a restart, and nothing about it is kept here.

Source: RFC 9700 (OAuth security best practice), section 2.1; RFC 7636 (PKCE).
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flyball.core.secrets import secret
from flyball.gateway.access.errors import BadLogin
from flyball.gateway.access.fetch import ask
from flyball.gateway.access.oidc import OidcVerifier
from flyball.gateway.principal import Principal

__all__ = ["Login", "Started"]

T = TypeVar("T")

_BEGIN_SECONDS = 600


class Started(msgspec.Struct, frozen=True):
    """A sign-in that has begun: where the browser goes, and the cookie that brings it back.

    Parameters
    ----------
    url : str
    cookie : str
        Sealed; ten minutes long.
    """

    url: str
    cookie: str


class _Begun(msgspec.Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    until: float


class _Session(msgspec.Struct, frozen=True):
    claims: dict[str, Any]
    until: float


class Login:
    """Begins and ends sign-ins.

    Parameters
    ----------
    verifier : OidcVerifier
    key : bytes
        32 secret bytes of this house.
    clock : callable
        Seconds since 1970.
    """

    def __init__(self, verifier: OidcVerifier, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._verifier = verifier
        self._seal = AESGCM(key)
        self._clock = clock

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back to; it must be registered there."""
        return f"{self._verifier.settings.public_url.rstrip('/')}/login/callback"

    def begin(self) -> Started:
        """Return where to send a browser that wants to sign in.

        Raises
        ------
        BadLogin
            The settings name no `public_url`.
        IdentityUnavailable
        """
        settings = self._verifier.settings
        if not settings.public_url:
            raise BadLogin(
                "Nobody signs in through a browser here: oidc.public_url is not set.",
                fix="Write the address of this gateway, as a browser sees it, into gateway.toml.",
            )
        begun = _Begun(
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(48),
            self._clock() + _BEGIN_SECONDS,
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        url = f"{self._verifier.provider().authorization_endpoint}?{urlencode(asked)}"
        return Started(url, self._sealed(begun, b"login"))

    def end(self, cookie: str, *, state: str, code: str) -> tuple[str, int]:
        """Change the code for who signed in.

        Parameters
        ----------
        cookie : str
            Of `begin`, as the same browser sent it back.
        state, code : str
            As the provider sent them.

        Returns
        -------
        tuple of str and int
            The sealed session, and for how many seconds it is good.

        Raises
        ------
        BadLogin
            It was begun by somebody else, or too long ago.
        NotLetIn, IdentityUnavailable
        """
        begun = self._opened(cookie, b"login", _Begun)
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            raise BadLogin("This sign-in was not begun in this browser.", fix="Begin again at /login.")
        if self._clock() >= begun.until:
            raise BadLogin("This sign-in was begun more than ten minutes ago.", fix="Begin again at /login.")
        settings = self._verifier.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": settings.client_id,
            "code_verifier": begun.verifier,
        }
        if settings.client_secret:
            form["client_secret"] = secret(settings.client_secret).reveal()
        told = ask(self._verifier.provider().token_endpoint, form=form)
        claims = self._verifier.id_token(str(told.get("id_token", "")), nonce=begun.nonce)
        self._verifier.principal(claims)  # somebody without a tenant or a role gets no session
        wanted = {settings.name_claim, settings.tenant_claim, settings.roles_claim.partition(".")[0]}
        wanted |= {settings.roles_claim}
        kept = {name: value for name, value in claims.items() if name in wanted}
        seconds = settings.session_minutes * 60
        return self._sealed(_Session(kept, self._clock() + seconds), b"session"), seconds

    def principal(self, cookie: str) -> Principal | None:
        """Return who signed in, None where the cookie is not ours or its time is over.

        Roles are looked up anew: a group that lost its role in gateway.toml has lost it here.
        """
        session = self._opened(cookie, b"session", _Session)
        if session is None or self._clock() >= session.until:
            return None
        return self._verifier.principal(session.claims)

    def until(self, cookie: str) -> datetime | None:
        """Return when a session ends by itself; None where the cookie is not ours."""
        session = self._opened(cookie, b"session", _Session)
        return None if session is None else datetime.fromtimestamp(session.until, UTC)

    def _sealed(self, value: msgspec.Struct, what: bytes) -> str:
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._seal.encrypt(nonce, msgspec.json.encode(value), what)
        return base64.urlsafe_b64encode(sealed).decode()

    def _opened(self, cookie: str, what: bytes, kind: type[T]) -> T | None:
        try:
            sealed = base64.urlsafe_b64decode(cookie.encode("ascii"))
            return msgspec.json.decode(self._seal.decrypt(sealed[:12], sealed[12:], what), type=kind)
        except (ValueError, InvalidTag, msgspec.DecodeError):
            return None
