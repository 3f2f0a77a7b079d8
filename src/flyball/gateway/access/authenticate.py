"""Let a caller in: by key, by token, or by the cookie of a sign-in."""

import asyncio
import hashlib
from collections.abc import Sequence

from flyball.gateway.access.ended import EndedSessions
from flyball.gateway.access.keys import KeyBook, is_api_key, unknown_key
from flyball.gateway.access.login import Login
from flyball.gateway.access.loopback import Connection, LoopbackAccess
from flyball.gateway.access.oidc import OidcVerifier
from flyball.gateway.errors import NotLetIn
from flyball.gateway.limits.failures import FailedSignIns, source_of
from flyball.gateway.limits.rate import RateLimits
from flyball.gateway.principal import Principal

__all__ = ["SESSION_COOKIE", "Gatekeeper"]

SESSION_COOKIE = "__Host-flyball"
"""A browser sends a cookie of this prefix over https only, and only to the host that set it."""
_PROOFS = ("authorization", "x-api-key", "api-key")
_SAFE = ("GET", "HEAD", "OPTIONS")


class Gatekeeper:
    """Says who calls, and counts how often, and how often in vain.

    Where no key was ever made and no provider is named, programs on this machine are let in, and nobody else.

    Parameters
    ----------
    books : sequence of KeyBook
        One for each deployment.
    verifier : OidcVerifier, optional
    login : Login, optional
    ended : EndedSessions, optional
        Sessions that were signed out of; None where nobody signs in.
    limits : RateLimits
    failures : FailedSignIns
        What holds is let in all the same, so that nobody is locked out by others behind the same address.
    """

    def __init__(
        self,
        books: Sequence[KeyBook],
        *,
        verifier: OidcVerifier | None = None,
        login: Login | None = None,
        ended: EndedSessions | None = None,
        limits: RateLimits,
        failures: FailedSignIns,
    ) -> None:
        self._books = tuple(books)
        self._verifier = verifier
        self.login = login
        self.ended = ended
        self._limits = limits
        self.failures = failures
        self._loopback = LoopbackAccess()

    @property
    def has_keys(self) -> bool:
        """Whether callers prove who they are. Keys that have ended count: they open no door to all."""
        return self._verifier is not None or any(book.any() for book in self._books)

    async def __call__(self, connection: Connection) -> Principal:
        """Return who calls.

        Raises
        ------
        NotLetIn
            Nobody is named, or what names them does not hold.
        TooManyRequests
        IdentityUnavailable, LedgerUnavailable
            Nobody can be told apart now, so nobody is let in.
        """
        principal = await self._who(connection)
        self._limits.take(principal)
        return principal

    async def person_with(self, presented: str, connection: Connection) -> tuple[str, Principal]:
        """Return the id of a key that somebody typed in, and who they are; a program is nobody here.

        Raises
        ------
        NotLetIn, TooManyRequests
        """
        source = source_of(connection.client.host if connection.client else "")
        self.failures.check(source)
        try:
            if not is_api_key(presented):
                raise unknown_key()
            self._by_key(presented, source)
            id = presented.split("_")[1]
            return id, self.person_of(id)
        except NotLetIn:
            self.failures.count(source)
            raise

    def person_of(self, id: str) -> Principal:
        """Return the person whose key has this id, as long as the key is valid.

        Raises
        ------
        NotLetIn
        """
        for book in self._books:
            found = book.person(id)
            if found is not None:
                self._limits.take(found)
                return found
        raise NotLetIn(
            "This key is a program's, and the console is for people.",
            fix="Make one for yourself: flyball key create NAME --person --role reviewer",
        )

    def leave(self, cookie: str) -> None:
        """End the session of a sign-in at the provider, so that no copy of its cookie opens anything.

        Raises
        ------
        LedgerUnavailable
        """
        if not cookie or self.login is None or self.ended is None or self.ended.has(cookie):
            return
        try:
            principal = self.login.principal(cookie)
        except NotLetIn:  # a session of somebody who may do nothing any more
            return
        until = self.login.until(cookie)
        if principal is not None and until is not None:
            self.ended.end(cookie, until, actor=principal.id)

    async def _who(self, connection: Connection) -> Principal:
        if not self.has_keys:  # clients of OpenAI send a key whether or not one is asked for
            return await self._loopback(connection)
        presented = _bearer(connection)
        if presented is None:
            return self._without_key(connection)
        source = source_of(connection.client.host if connection.client else "")
        try:
            return await self._proven(presented, source)
        except NotLetIn:
            self.failures.count(source)
            raise

    async def _proven(self, presented: str, source: str) -> Principal:
        if is_api_key(presented):
            return self._by_key(presented, source)
        if self._verifier is None:
            raise unknown_key()
        return await asyncio.to_thread(self._verifier.access_token, presented)

    def _by_key(self, presented: str, source: str) -> Principal:
        book = next((book for book in self._books if book.knows(presented)), None)
        if book is None:
            self.failures.check(source)  # the ledger is not read for somebody who only guesses
            book = next((book for book in self._books if book.holds(presented)), None)
        if book is None:
            hashlib.sha256(presented.encode("utf-8", "replace")).digest()  # as long as for a known id
            raise unknown_key()
        return book.principal(presented)

    def _without_key(self, connection: Connection) -> Principal:
        cookie = connection.cookies.get(SESSION_COOKIE) if self.login else None
        if cookie and self.login:
            if not _from_our_pages(connection):
                raise NotLetIn(
                    "A page of somebody else asked for this in your name.",
                    fix="Use the pages of this gateway, or a key.",
                )
            principal = self.login.principal(cookie)
            if principal is not None and not (self.ended is not None and self.ended.has(cookie)):
                return principal
        raise NotLetIn(
            "This request names nobody.",
            fix="Send the header Authorization: Bearer KEY; make one with: flyball key create NAME",
        )


def _bearer(connection: Connection) -> str | None:
    """Return what is presented, also in the header that clients of other vendors send; None without one."""
    if any(len(connection.headers.getall(name, [])) > 1 for name in _PROOFS):
        raise NotLetIn(
            "The request holds one of the headers Authorization, X-Api-Key and Api-Key twice.",
            fix="Send it once: which of two is meant cannot be known.",
        )
    header = connection.headers.get("authorization")
    if header is None:
        return connection.headers.get("x-api-key") or connection.headers.get("api-key")
    scheme, _, presented = header.partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        raise NotLetIn(
            "The header Authorization is not of the form Bearer KEY.",
            fix="Send the header Authorization: Bearer KEY.",
        )
    return presented.strip()


def _from_our_pages(connection: Connection) -> bool:
    """Return whether a browser says that a page of ours asks; reading may come from anywhere."""
    method = str(connection.scope.get("method", "GET"))
    return method in _SAFE or connection.headers.get("sec-fetch-site") == "same-origin"
