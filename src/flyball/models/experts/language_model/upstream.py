"""One endpoint of a language model, asked by many at once: pooled, timed, retried, never followed elsewhere.

What a model answers about one case goes through `endpoint.py`; this is the way of the gateway, where
thousands of requests share a few connections (docs/decisions/0013-upstream-client.md).
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp

from flyball.core.errors import FlyballError
from flyball.core.retry_after import seconds_to_wait
from flyball.core.tracing import NO_SPAN, Span
from flyball.models.experts.language_model.attempt import Attempt
from flyball.models.experts.language_model.settings import ModelSettings
from flyball.models.experts.language_model.told import Heard, about_model, begin_told, end_told
from flyball.models.experts.language_model.wire import ChatCall, Chunk, Reply, Tokens
from flyball.models.experts.language_model.wire_forms import DONE, Unusable, form_of
from flyball.models.experts.spending import Purse
from flyball.models.router.breaker import CircuitBreaker, Permit
from flyball.models.router.budget import Reservation, reserve_all

__all__ = ["Upstream", "UpstreamFailed", "asked_to_wait", "may_have_cost"]

_CONNECT_SECONDS = 5.0
_LARGEST_REPLY = 32 * 1024 * 1024
_LARGEST_EVENT = 4 * 1024 * 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 8.0
_PER_MESSAGE, _PER_REQUEST, _PER_TOOLS = 16, 256, 1_024
"""Tokens that an endpoint may add by itself: around each message, and once to a request or to its tools."""
_MOST_BILLED = Decimal(100_000_000)
"""Euros that one request is settled with at most, whatever an endpoint says that it has used."""
_LONGER = 10
"""A stream may take so many times as long as a whole reply, as long as something comes."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_MEANINGS = {
    400: "does not accept the request",
    401: "does not accept the key",
    403: "does not allow this",
    404: "does not know the model or the path",
    413: "finds the request too large",
    422: "does not accept the request",
    429: "has had too many requests",
}


class UpstreamFailed(FlyballError):
    """The endpoint of a language model gave no usable answer.

    Parameters
    ----------
    again : bool
        Whether the same request may succeed there later.
    spent : bool
        Whether it may have cost money all the same: then what was reserved counts as spent.
    wait : float
        Seconds that the endpoint asked for; 0 for none.
    """

    code = "upstream.failed"
    retry = True
    exit_code = 3

    def __init__(
        self, message: str, *, upstream: str, again: bool, spent: bool, wait: float = 0.0, **values: object
    ) -> None:
        super().__init__(
            message, fix="Ask again later; the owner of the deployment sees why in the ledger.",
            upstream=upstream, **values
        )  # fmt: skip
        self.again = again
        self.spent = spent
        self.wait = wait


class Upstream:
    """An endpoint that is ready to be asked, inside one event loop.

    Parameters
    ----------
    settings : ModelSettings
    purse : Purse, optional
        Every request reserves from all of its budgets before it leaves, retries too.
    """

    def __init__(self, settings: ModelSettings, *, purse: Purse | None = None) -> None:
        self.settings = settings
        self.purse = purse or Purse()
        self.breaker = CircuitBreaker(settings.name)
        self._form = form_of(settings)
        self._url = settings.base_url + self._form.path
        self._headers = self._form.headers(settings) | {"Accept-Encoding": "identity"}
        self._about = about_model(settings)
        self._session: aiohttp.ClientSession | None = None
        self._priced = bool(settings.eur_per_million_input_tokens or settings.eur_per_million_output_tokens)

    @property
    def name(self) -> str:
        """Name of the expert."""
        return self.settings.name

    async def close(self) -> None:
        """Close its connections, and give back what is leased from its budgets and not reserved."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await asyncio.to_thread(self.purse.give_back)

    async def complete(self, call: ChatCall, tried: list[Attempt], *, tenant: str = "default") -> Reply:
        """Ask for a whole reply, again where that may help.

        Parameters
        ----------
        call : ChatCall
        tried : list of Attempt
            Every request that was sent is added, failed ones too.
        tenant : str
            Who pays, where tenants have budgets.

        Raises
        ------
        UpstreamFailed
        BudgetSpent, BudgetUnreadable, CircuitOpen
            Nothing more was sent.
        """
        body, most = self._prepared(call)
        for number in range(self.settings.max_retries + 1):
            sent = self._sent(most, tried, tenant)
            sent.told = begin_told(self._about, call, self._most_tokens(call), number)
            try:
                async with (
                    asyncio.timeout(self.settings.timeout_seconds),
                    self._posted(body, sent.told) as response,
                ):
                    reply = self._form.reply(await _read(response))
            except BaseException as err:  # noqa: BLE001 - told or raised again in _failed
                await self._failed(sent, err, number)
                continue
            end_told(sent.told, reply)
            message = reply.choices[0].message
            sent.succeeded(reply.usage, said=bool(message.content or message.tool_calls))
            return reply
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def stream(
        self, call: ChatCall, tried: list[Attempt], *, tenant: str = "default"
    ) -> AsyncGenerator[Chunk]:
        """Ask for a reply in pieces. It is asked again only as long as no piece was handed on.

        Raises the same errors as `complete`; also when the stream ends before it says that it is complete.
        Close it (`aclosing`) when its reader goes away: what was reserved then counts as spent.
        """
        body, most = self._prepared(call)
        for number in range(self.settings.max_retries + 1):
            sent = self._sent(most, tried, tenant)
            sent.told = begin_told(self._about, call, self._most_tokens(call), number)
            begun, said, usage = False, False, None
            heard = Heard(sent.told)
            try:
                async with (
                    asyncio.timeout(self.settings.timeout_seconds * _LONGER),
                    self._posted(body, sent.told) as response,
                    aclosing(self._pieces(response)) as pieces,
                ):
                    async for piece in pieces:
                        usage = piece.usage or usage
                        begun = True
                        heard.take(piece)
                        said = said or any(one.delta.content or one.delta.tool_calls for one in piece.choices)
                        yield piece
            except BaseException as err:  # noqa: BLE001 - told or raised again in _failed
                await self._failed(sent, err, self.settings.max_retries if begun else number)
                continue
            heard.end(usage)
            sent.succeeded(usage, said=said)
            return

    def most_eur(self, call: ChatCall) -> Decimal:
        """Return the most that a request can cost: no token is shorter than a byte of what is sent."""
        return self._prepared(call)[1] if self._priced else Decimal(0)

    def _cost(self, given: int, made: int) -> Decimal:
        settings = self.settings
        return (
            given * settings.eur_per_million_input_tokens + made * settings.eur_per_million_output_tokens
        ) / 1_000_000

    def _prepared(self, call: ChatCall) -> tuple[bytes, Decimal]:
        """Return the body, and the most that it can cost."""
        most_tokens = self._most_tokens(call)
        body = self._form.body(call, self.settings, most_tokens)
        added = _PER_REQUEST + _PER_MESSAGE * len(call.messages) + (_PER_TOOLS if call.tools else 0)
        return body, self._cost(len(body) + added, most_tokens)

    def _most_tokens(self, call: ChatCall) -> int:
        asked = call.max_completion_tokens or call.max_tokens or self.settings.max_output_tokens
        return max(1, min(asked, self.settings.max_output_tokens))

    def _sent(self, most: Decimal, tried: list[Attempt], tenant: str) -> "_Sent":
        permit = self.breaker.ask()
        try:
            reserved = reserve_all(self.purse.of(tenant), most) if self._priced else []
        except BaseException:
            permit.cancelled()
            raise
        return _Sent(self, tried, permit, reserved, most, time.monotonic())

    async def _failed(self, sent: "_Sent", err: BaseException, number: int) -> None:
        """Write a failure down, then wait for the next try or raise."""
        failure = self._told(err)
        sent.failed(failure)
        sent.told.fail(type(err).__name__ if failure is None else _kind_of(err, failure))
        sent.told.end()
        if failure is None:
            raise err
        if not failure.again or number >= self.settings.max_retries:
            raise failure from None
        wait = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311
        if failure.wait > _LONGEST_WAIT:
            raise failure from None
        await asyncio.sleep(max(wait, failure.wait))

    def _told(self, err: BaseException) -> UpstreamFailed | None:
        """Return what went wrong in our own words; None where it is not the endpoint's doing."""
        if isinstance(err, UpstreamFailed):
            return err
        spent = True
        if isinstance(err, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            why, spent = "cannot be reached", False
        elif isinstance(err, TimeoutError):
            why = f"did not answer within {self.settings.timeout_seconds:g} seconds"
        elif isinstance(err, Unusable):
            why = f"answered with something that is not a reply ({err})"
        elif isinstance(err, aiohttp.ClientError | OSError | ValueError):
            why = f"broke off ({type(err).__name__})"
        else:
            return None
        return UpstreamFailed(f"{self.name} {why}.", upstream=self.name, again=True, spent=spent)

    @asynccontextmanager
    async def _posted(self, body: bytes, told: Span) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS, sock_read=self.settings.timeout_seconds
                ),
            )
        more = told.headers(self.settings.host)
        headers = self._headers | more if more else self._headers
        async with self._session.post(
            self._url, data=body, headers=headers, allow_redirects=False
        ) as response:
            told.set("http.response.status_code", response.status)
            if response.status != 200:
                raise self._refused(response)
            yield response

    def _refused(self, response: aiohttp.ClientResponse) -> UpstreamFailed:
        status = response.status
        meaning = _MEANINGS.get(status, "failed" if status >= 500 else "answered with something else")
        return UpstreamFailed(
            f"{self.name} {meaning} (HTTP {status}).",
            upstream=self.name,
            again=status in _AGAIN,
            spent=may_have_cost(status),
            wait=asked_to_wait(response.headers),
            status=status,
        )

    async def _pieces(self, response: aiohttp.ClientResponse) -> AsyncGenerator[Chunk]:
        read, finished = self._form.pieces(), False
        async for data in _events(response):
            piece = read(data)
            if piece is DONE:
                return
            if isinstance(piece, Chunk):
                finished = finished or any(choice.finish_reason for choice in piece.choices)
                yield piece
        if not finished:
            raise Unusable("the stream ended before the reply did")


class _Sent:
    """A request on its way, with the money that was set aside for it."""

    __slots__ = ("_most", "_permit", "_reserved", "_started", "_tried", "_upstream", "told")

    def __init__(
        self,
        upstream: Upstream,
        tried: list[Attempt],
        permit: Permit,
        reserved: list[Reservation],
        most: Decimal,
        started: float,
    ) -> None:
        self._upstream, self._tried, self._permit, self._reserved = upstream, tried, permit, reserved
        self._most, self._started = most, started
        self.told: Span = NO_SPAN

    def succeeded(self, tokens: Tokens | None, *, said: bool) -> None:
        """Settle by what was used, or, where that was not said or cannot be, by what was reserved.

        No request is without a token in, no reply that `said` something without one out.
        """
        self._permit.succeeded()
        cost = self._most
        if tokens is not None and (tokens.prompt_tokens < 1 or tokens.completion_tokens < said):
            tokens = None
        if tokens is not None and self._upstream._priced:
            used = self._upstream._cost(tokens.prompt_tokens, tokens.completion_tokens)
            cost = min(used, _MOST_BILLED)
            for reservation in self._reserved:
                reservation.settle(cost)
        self._note(True, "", tokens, cost)

    def failed(self, failure: UpstreamFailed | None) -> None:
        """Give back what certainly was not spent; anything else stays spent."""
        if failure is None:
            self._permit.cancelled()
        elif failure.again:
            self._permit.failed(rest_seconds=failure.wait)
        else:
            self._permit.succeeded()  # it works; the request is what it does not take
        cost = self._most
        if failure is not None and not failure.spent:
            cost = Decimal(0)
            for reservation in self._reserved:
                reservation.release()
        self._note(False, failure.message if failure else "the caller went away", None, cost)

    def _note(self, ok: bool, why: str, tokens: Tokens | None, cost: Decimal) -> None:
        ms = round((time.monotonic() - self._started) * 1000)
        cost_eur = format(cost, "f")
        self.told.set("flyball.cost_eur", cost_eur)
        self._tried.append(Attempt(self._upstream.name, ok, why, ms, tokens, cost_eur))


def _kind_of(err: BaseException, failure: UpstreamFailed) -> str:
    """Return the class of a failure for the trace: the HTTP status, or what broke."""
    status = failure.values.get("status")
    return str(status) if status else "timeout" if isinstance(err, TimeoutError) else type(err).__name__


def may_have_cost(status: int) -> bool:
    """Return whether a reply that is none may have cost money: what was not turned away at the door may."""
    return status < 300 or status >= 500 or status == 408


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that a reply asks for before the next try; 0 where it does not."""
    return seconds_to_wait(headers.get("Retry-After", ""), datetime.now(UTC))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read a whole reply, as long as it is not too large and not packed."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unusable("packed, though that was not asked for")
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > _LARGEST_REPLY:
            raise Unusable(f"more than {_LARGEST_REPLY} bytes")
        parts.append(part)
    return b"".join(parts)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the data of each event of a stream, as the HTML standard, section 9.2.6, reads them."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unusable("packed, though that was not asked for")
    rest, data = b"", b""
    async for part in response.content.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) + len(data) > _LARGEST_EVENT:
            raise Unusable(f"an event of more than {_LARGEST_EVENT} bytes")
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                value = line[5:].removeprefix(b" ")
                data = data + b"\n" + value if data else value
            elif not line and data:
                yield data
                data = b""
    if data:
        yield data
