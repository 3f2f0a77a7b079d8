"""Connection: requests to one service, and to nowhere else."""

import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import msgspec

from flyball.core.errors import FlyballError
from flyball.core.extras import optional_import
from flyball.core.retry_after import seconds_to_wait
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    BadSource,
    CannotConnect,
    SourceGone,
)
from flyball.data.sources.odata.access import ClientCredentials, SignIn

__all__ = ["Connection", "Limits", "Reply"]

LOG = logging.getLogger(__name__)

_PORTS = {"http": 80, "https": 443}
_BUSY = frozenset({429, 502, 503, 504})  # worth another try
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERROR_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much.

    Parameters
    ----------
    timeout_seconds : float
        To connect, and between two pieces of an answer.
    attempts : int
        Of each request, at least 1.
    wait_seconds : float
        Before the second attempt; it doubles from there.
    longest_wait_seconds : float
        A server that asks for more patience (Retry-After) is not waited for.
    response_bytes : int
        Of one answer, unpacked.
    response_seconds : float
        For one whole answer, so that one that trickles ends too.
    """

    timeout_seconds: float = 60.0
    attempts: int = 5
    wait_seconds: float = 0.5
    longest_wait_seconds: float = 120.0
    response_bytes: int = 200_000_000
    response_seconds: float = 1_800.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status (200 to 299, 304, 404 or 410), its headers by lower-case name, its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def content_type(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Connection:
    """A client of one service, to be used in a `with` statement.

    Only addresses below the service are asked: same scheme, host and port, same path. A link that
    leads elsewhere is an error, because credentials would go with it.

    Parameters
    ----------
    name : str
        Of the source, for messages.
    root : str
        Address of the service, ending in "/".
    sign_in : SignIn, optional
    parameters : mapping of str to str
        In every request, such as sap-client.
    limits : Limits
    ca_file : str
        Certificates to trust, a PEM file; "" for those of the operating system.
    sleep : callable
        Called with seconds between two attempts.
    """

    def __init__(
        self,
        name: str,
        root: str,
        sign_in: SignIn | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        ca_file: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.root = root
        self._sign_in = sign_in
        self._parameters = dict(parameters or {})
        self._limits = limits or Limits()
        self._ca_file = ca_file
        self._sleep = sleep
        self._answered = False
        self._csrf = ""
        self._httpx = optional_import("httpx2", extra="sap")
        self._client: Any = None

    def __enter__(self) -> "Connection":
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and costs nothing to make
        if self.root.startswith("https:") or isinstance(self._sign_in, ClientCredentials):
            try:
                trust = ssl.create_default_context(cafile=self._ca_file or None)
            except OSError as err:
                raise BadSource(
                    f"Source {self.name}: the certificates in {self._ca_file} cannot be read.",
                    fix="Give ca_file the path of a PEM file.",
                    source=self.name,
                ) from err
        # No environment: neither its proxies nor its .netrc may see or add credentials unasked.
        self._client = self._httpx.Client(
            timeout=self._limits.timeout_seconds, follow_redirects=False, trust_env=False, verify=trust
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def address(self, link: str) -> str:
        """Return a link as a whole address.

        Raises
        ------
        BadRecord
            It does not lead to a place below the service.
        """
        root = urlsplit(self.root)
        try:
            found = urlsplit(urljoin(self.root, link))
            same = (found.scheme, found.hostname, _port(found)) == (root.scheme, root.hostname, _port(root))
            up = any(unquote(part) in (".", "..") for part in found.path.split("/"))
            bad = up or "\\" in link or not link.isprintable() or "@" in found.netloc
            inside = found.path.startswith(root.path) or found.path == root.path.rstrip("/")
        except ValueError:
            same = bad = inside = False
            found = root
        if bad or not same or not inside:
            where = found.hostname if not same else found.path[:60]
            raise BadRecord(
                f"Source {self.name}: {self.root} refers to {where!r}, which is not part of the service.",
                fix="Credentials are not sent elsewhere. Have the service write links with its own address.",
                source=self.name,
            )
        there = {name for name, _ in parse_qsl(found.query, keep_blank_values=True)}
        more = "&".join(
            f"{name}={quote(value)}" for name, value in self._parameters.items() if name not in there
        )
        query = "&".join(part for part in (found.query, more) if part)
        return f"{root.scheme}://{root.netloc}{found.path}" + (f"?{query}" if query else "")

    def relative(self, link: str) -> str:
        """Return a link of the service in the form that is kept in a state: without scheme and host."""
        found = urlsplit(self.address(link))
        return found.path + (f"?{found.query}" if found.query else "")

    def get(
        self, link: str, *, accept: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Read an address of the service.

        Returns
        -------
        Reply
            Also for 304 (where `headers` ask for it), 404 and 410, which mean something to the caller.

        Raises
        ------
        CannotConnect, SourceGone
            No answer, an answer that breaks off, or a server that is busy for too long.
        BadCredentials
            401, 403, or a redirect, which a sign-in page is behind.
        BadRecord
            The answer is larger than the limit.
        BadSource
            The service does not understand the request.
        """
        return self._ask("GET", link, {"Accept": accept, **(headers or {})}, b"")

    def post(self, link: str, body: bytes, *, accept: str, content_type: str) -> Reply:
        """Send a body that only asks (a batch of reads), with a CSRF token where the service wants one.

        Raises
        ------
        CannotConnect, SourceGone, BadCredentials, BadRecord, BadSource
            As for `get`.
        """
        headers = {"Accept": accept, "Content-Type": content_type}
        try:
            return self._ask("POST", link, headers | self._token(), body)
        except BadCredentials as refused:
            if refused.values.get("status") != 403 or self._csrf:
                raise
            self._csrf = self.get("", headers={"X-CSRF-Token": "Fetch"}).headers.get("x-csrf-token", "")
            if not self._csrf:
                raise
            return self._ask("POST", link, headers | self._token(), body)

    def _token(self) -> dict[str, str]:
        return {"X-CSRF-Token": self._csrf} if self._csrf else {}

    def _ask(self, method: str, link: str, headers: Mapping[str, str], body: bytes) -> Reply:
        url = self.address(link)
        renewed = False
        signed = self._signed()
        for attempt in range(1, self._limits.attempts + 1):
            last = attempt == self._limits.attempts
            try:
                reply = self._once(method, url, {**headers, **signed}, body)
            except self._httpx.HTTPError as err:
                if last or not self._answered:  # a first request that fails is told at once
                    raise self._no_answer(url, type(err).__name__) from err
                self._wait(attempt, None, type(err).__name__)
                continue
            if reply.status == 401 and not renewed and not last and self._sign_in is not None:
                renewed, before = True, signed
                signed = self._signed(renew=True)
                if signed != before:
                    continue
            self._answered = self._answered or reply.status < 400
            if reply.status in _BUSY and not last:
                self._wait(attempt, reply, str(reply.status))
                continue
            return self._judged(reply)
        raise self._no_answer(url, "no attempt is left")

    def _signed(self, *, renew: bool = False) -> dict[str, str]:
        if self._sign_in is None:
            return {}
        return self._sign_in.headers(self._client, self._httpx, renew=renew)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        limit, start = self._limits.response_bytes, time.monotonic()
        with self._client.stream(method, url, headers=dict(headers), content=body or None) as reply:
            pieces, size = [], 0
            for piece in reply.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if reply.status_code >= 400 and size > _ERROR_BYTES:
                    break
                if size > limit or time.monotonic() - start > self._limits.response_seconds:
                    raise BadRecord(
                        f"{_bare(url)} answers with more than {limit} bytes, or for more than "
                        f"{self._limits.response_seconds:g} s ({size} bytes so far).",
                        fix="Set a smaller batch_rows, or a larger response_bytes where memory allows.",
                        url=_bare(url),
                    )
            found = {name.lower(): value for name, value in reply.headers.items()}
            return Reply(reply.status_code, found, b"".join(pieces), url)

    def _wait(self, attempt: int, reply: Reply | None, why: str) -> None:
        asked = reply.headers.get("retry-after", "") if reply is not None else ""
        seconds = seconds_to_wait(asked, datetime.now(UTC)) or min(
            self._limits.wait_seconds * 2 ** (attempt - 1), self._limits.longest_wait_seconds
        )
        if seconds > self._limits.longest_wait_seconds:
            raise SourceGone(
                f"Source {self.name}: the server is busy and asks to come back in {seconds:g} s.",
                fix="Try again then, or set a larger longest_wait_seconds.",
                source=self.name,
            )
        LOG.info("Source %s: %s; attempt %d follows in %g s.", self.name, why, attempt + 1, seconds)
        self._sleep(seconds)

    def _no_answer(self, url: str, why: str) -> FlyballError:
        if self._answered:
            return SourceGone(
                f"Source {self.name}: {_bare(url)} broke off ({why}).",
                fix="Run it again: it goes on behind the last batch.",
                source=self.name,
            )
        return CannotConnect(
            f"Source {self.name}: {_bare(url)} does not answer ({why}).",
            fix="Check url, the network and its certificates (ca_file), and whether the server is up.",
            source=self.name,
        )

    def _judged(self, reply: Reply) -> Reply:
        """Return an answer that the caller can use, or raise what is wrong with it."""
        status, where = reply.status, _bare(reply.url)
        if status < 300 or status in (304, 404, 410):
            return reply
        said = _said(reply.body)
        if status in (401, 403):
            who = self._sign_in.user if self._sign_in is not None else "nobody in particular"
            what = "refuses" if status == 401 else "knows, and does not let in,"
            raise BadCredentials(
                f"Source {self.name}: {where} {what} {who} ({status}).{said}",
                fix="Check the user and the secret; for 403, the user's roles and sap_client.",
                source=self.name,
                status=status,
            )
        if status in _REDIRECTS:
            target = urlsplit(urljoin(reply.url, reply.headers.get("location", ""))).netloc.rpartition("@")[2]
            raise BadCredentials(
                f"Source {self.name}: {where} redirects to {target or 'nowhere'}, perhaps to a sign-in page.",
                fix="Give the final address as url, or sign in in a way that the service takes without it.",
                source=self.name,
                status=status,
            )
        if (status >= 500 and status != 501) or status == 429:
            kind: type[FlyballError] = SourceGone if self._answered or status == 429 else CannotConnect
            raise kind(
                f"Source {self.name}: {where} answers {status}.{said}",
                fix="Try again later; if it stays, ask who runs the service, with this time and address.",
                source=self.name,
                status=status,
            )
        raise BadSource(
            f"Source {self.name}: {where} does not understand the request ({status}).{said}",
            fix="Check select, filter, expand, cursor and paging against what the service offers.",
            source=self.name,
            status=status,
        )


def _port(parts: Any) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _bare(url: str) -> str:
    """Return an address without its query, which may hold values."""
    return url.partition("?")[0]


def _said(body: bytes) -> str:
    """Return what an OData error says, without the values that it quotes."""
    try:
        error = msgspec.json.decode(body)["error"]
        code, text = error.get("code"), error.get("message")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return ""
    if isinstance(text, dict):  # V2: {"lang": ..., "value": ...}
        text = text.get("value")
    masked = re.sub(r"""(["'‘“„»]).*?(["'’”“«])""", r"\1***\2", str(text or ""))
    masked = re.sub(r"[\w.+-]+@[\w.-]+|\d{2,}", "***", masked)[:200]
    kind = code if isinstance(code, str) and re.fullmatch(r"[\w./:-]{1,60}", code) else ""
    return f" It says: {' '.join(part for part in (kind, masked) if part)}".rstrip() if kind or masked else ""
