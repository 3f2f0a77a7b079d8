"""Who looks at the console: signed in at the provider, with a key of one's own, or at this machine.

A session is a sealed cookie; nothing about it is kept here, so that it works in every process of a house.
Each request looks anew whether the key behind it still opens. See docs/decisions/0022-console.md.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flyball.core.errors import Refused
from flyball.gateway.access.authenticate import SESSION_COOKIE, Gatekeeper
from flyball.gateway.access.loopback import LOCAL, Access, Connection, check_user, is_here
from flyball.gateway.errors import NotLetIn
from flyball.gateway.principal import Principal

__all__ = ["NotFromHere", "Sessions", "Visit"]

_COOKIE = "__Host-flyball-console"
_SECONDS = 8 * 3600
"""A working day: then one signs in again."""
_WHAT = b"console session"


class NotFromHere(Refused):
    """A form was sent that this console did not make for this session."""

    code = "console.not_from_here"
    status: ClassVar[int] = 403


class _Session(msgspec.Struct, frozen=True):
    """What a cookie holds."""

    kind: Literal["key", "here"]
    id: str
    until: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is let in.

    Parameters
    ----------
    principal : Principal
    token : str
        Stands in every form of this session and in no other.
    cookie : str
        To be set with the reply; "" for none.
    """

    principal: Principal
    token: str
    cookie: str = ""


class Sessions:
    """Lets people in and out.

    Parameters
    ----------
    access : Access
    key : bytes
        32 secret bytes of this house.
    clock : callable
        Seconds since 1970.
    """

    def __init__(self, access: Access, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._access = access
        self._key = key
        self._seal = AESGCM(key)
        self._clock = clock

    @property
    def needs_sign_in(self) -> bool:
        """Whether people prove who they are; without that, the console is for this machine alone."""
        return self._access.has_keys

    @property
    def at_provider(self) -> bool:
        """Whether one can sign in at an identity provider."""
        return isinstance(self._access, Gatekeeper) and self._access.login is not None

    async def visit(self, connection: Connection) -> Visit:
        """Return who asks.

        Raises
        ------
        NotLetIn
            Nobody is signed in, or the key behind the session opens no longer.
        TooManyRequests, LedgerUnavailable
        """
        if not self.needs_sign_in:
            return self._here(connection)
        if "authorization" in connection.headers:  # a program that reads a page says who it is each time
            return Visit(await self._access(connection), "")
        access = self._access
        if isinstance(access, Gatekeeper):
            kept = connection.cookies.get(self._name(connection), "")
            session = self._opened(kept)
            if (
                session is not None
                and session.kind == "key"
                and not (access.ended and access.ended.has(kept))
            ):
                return Visit(access.person_of(session.id), self._token(kept))
            signed_in = connection.cookies.get(SESSION_COOKIE, "")
            if signed_in and access.login is not None:
                return Visit(await access(connection), self._token(signed_in))
        raise NotLetIn("Nobody is signed in.", fix="Sign in.")

    async def sign_in(self, presented: str, connection: Connection) -> str:
        """Return the cookie of somebody who typed in their key.

        Raises
        ------
        NotLetIn, TooManyRequests
        """
        if not isinstance(self._access, Gatekeeper):
            raise NotLetIn("There are no keys here.", fix="Make one: flyball key create NAME --person")
        if connection.headers.get("origin", "").startswith("http://") and not is_here(connection):
            raise NotFromHere(
                "This page came over http, where others read along, so the browser would keep no session.",
                fix="Open the console over https: put a proxy with a certificate before the gateway. Replace "
                "the key: it went over the network unprotected.",
            )
        id, _ = await self._access.person_with(presented.strip(), connection)
        return self._cookie(connection, self._sealed(_Session("key", id, self._clock() + _SECONDS)), _SECONDS)

    def sign_out(self, connection: Connection) -> list[str]:
        """End a session, so that no copy of its cookie opens anything; return the cookies that forget it.

        Raises
        ------
        LedgerUnavailable
            That it ended cannot be written down, so it has not.
        """
        access, kept = self._access, connection.cookies.get(self._name(connection), "")
        if isinstance(access, Gatekeeper):
            access.leave(connection.cookies.get(SESSION_COOKIE, ""))
            session = self._opened(kept)
            ours = session is not None and session.kind == "key"
            if access.ended is not None and session is not None and ours and not access.ended.has(kept):
                with suppress(NotLetIn):  # whose key opens no longer has no session to end
                    until = datetime.fromtimestamp(session.until, UTC)
                    access.ended.end(kept, until, actor=access.person_of(session.id).id)
        return [
            self._cookie(connection, "", 0),
            f"{SESSION_COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax",
        ]

    def check_form(self, connection: Connection, visit: Visit | None, token: str) -> None:
        """Refuse a form that another page sent, or that was made for another session.

        Parameters
        ----------
        connection : Connection
        visit : Visit or None
            None for a form of somebody who is not signed in yet.
        token : str
            As it came with the form.

        Raises
        ------
        NotFromHere
        """
        site = connection.headers.get("sec-fetch-site")
        origin, host = connection.headers.get("origin"), connection.headers.get("host", "")
        ours = site == "same-origin" if site is not None else origin is not None
        if origin is not None and urlsplit(origin).netloc != host:
            ours = False
        if visit is not None and not (visit.token and hmac.compare_digest(visit.token, _ascii(token))):
            ours = False
        if not ours:
            raise NotFromHere(
                "This form was not made by this console for this session, so nothing was done.",
                fix="Go back, load the page again and send the form once more.",
            )

    def _here(self, connection: Connection) -> Visit:
        if not is_here(connection):
            raise NotLetIn(
                "Without keys, the console is only for people at this machine.",
                fix="Open http://127.0.0.1 at this machine, or make a key: flyball key create NAME --person.",
            )
        check_user(connection)
        kept = connection.cookies.get(self._name(connection), "")
        session = self._opened(kept)
        if session is not None and session.kind == "here":
            return Visit(LOCAL, self._token("here"))  # one for all tabs, however many were opened at once
        fresh = self._sealed(_Session("here", "", self._clock() + _SECONDS))
        return Visit(LOCAL, self._token("here"), self._cookie(connection, fresh, _SECONDS))

    def _name(self, connection: Connection) -> str:
        """Return the name of the cookie; one of its own for each port, for cookies know no ports."""
        if not is_here(connection):
            return _COOKIE
        return f"flyball-console-{connection.headers.get('host', '').rpartition(':')[2]}"

    def _cookie(self, connection: Connection, value: str, seconds: int) -> str:
        secure = "" if is_here(connection) else "; Secure"
        return (
            f"{self._name(connection)}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}"
        )

    def _token(self, cookie: str) -> str:
        return hmac.new(self._key, b"form " + cookie.encode("utf-8", "replace"), sha256).hexdigest()

    def _sealed(self, session: _Session) -> str:
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._seal.encrypt(nonce, msgspec.json.encode(session), _WHAT)
        return base64.urlsafe_b64encode(sealed).decode()

    def _opened(self, cookie: str) -> _Session | None:
        try:
            sealed = base64.urlsafe_b64decode(cookie.encode("ascii"))
            opened = self._seal.decrypt(sealed[:12], sealed[12:], _WHAT)
            session = msgspec.json.decode(opened, type=_Session)
        except (ValueError, InvalidTag, msgspec.DecodeError):
            return None
        return session if self._clock() < session.until else None


def _ascii(text: str) -> str:
    return text if text.isascii() else ""
