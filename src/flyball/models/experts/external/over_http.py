"""A model behind HTTP: our own JSON contract, or MLflow's scoring server.

The contract: POST to `base_url` of
`{"cases": [{"case_id", "text", "row", "fields"}]}`, answered with
`{"predictions": [{"case_id", "field", "answer", "confidence", "evidence": [{"start", "end"}], "reason"}]}`,
of which confidence, evidence and reason may be left out. MLflow's form, read 2026-11 in its documentation,
"Deploy MLflow Model as a Local Inference Server": POST to `base_url/invocations` of
`{"dataframe_records": [row, ...]}`, answered with `{"predictions": [value, ...]}`.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from flyball.core.errors import FlyballError
from flyball.core.estimates import Failed
from flyball.core.tracing import Span, span
from flyball.models.experts.external.records import Asker, Brought, Question, RawAnswer, Told
from flyball.models.experts.external.settings import ExternalSettings
from flyball.models.experts.language_model.upstream import asked_to_wait, may_have_cost
from flyball.models.experts.spending import NotPaid, Purse
from flyball.models.router.breaker import CircuitBreaker, Permit
from flyball.models.router.budget import reserve_all
from flyball.models.router.errors import BudgetSpent, BudgetUnreadable

__all__ = ["over_http"]

_LARGEST_REPLY = 32 * 1024 * 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 8.0
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOST_EVIDENCE = 20

Body = Callable[[Sequence[Question], ExternalSettings], object]
Reader = Callable[[object, Sequence[Question], ExternalSettings], dict[str, Told]]


class _Unusable(Exception):
    """What went wrong, in our words; `again` where the same request may succeed later."""

    def __init__(self, why: str, *, again: bool, spent: bool, wait: float = 0.0) -> None:
        super().__init__(why)
        self.again, self.spent, self.wait = again, spent, wait


def over_http(settings: ExternalSettings, purse: Purse, breaker: CircuitBreaker) -> Asker:
    """Return what asks a model behind HTTP or MLflow; nothing is sent yet."""
    mlflow = settings.via == "mlflow"
    url = f"{settings.base_url}/invocations" if mlflow else settings.base_url
    body, read = (_mlflow_body, _mlflow_read) if mlflow else (_own_body, _own_read)

    def ask(questions: Sequence[Question]) -> Brought:
        try:
            return asyncio.run(_ask_all(_Way(settings, purse, breaker, url, body, read), questions))
        finally:
            purse.give_back()

    return ask


class _Way:
    """One endpoint, inside one event loop."""

    def __init__(
        self,
        settings: ExternalSettings,
        purse: Purse,
        breaker: CircuitBreaker,
        url: str,
        body: Body,
        read: Reader,
    ) -> None:
        self.settings, self.purse, self.breaker = settings, purse, breaker
        self.url, self.body, self.read = url, body, read
        self.requests = 0
        self.costs: dict[str, Decimal] = {}

    async def ask(self, session: aiohttp.ClientSession, some: Sequence[Question]) -> dict[str, Told]:
        """Ask about the cases of one request, again where that may help."""
        data = msgspec.json.encode(self.body(some, self.settings))
        for number in range(self.settings.max_retries + 1):
            try:
                return await self._once(session, data, some)
            except (BudgetSpent, BudgetUnreadable) as err:
                failed = Failed(err.message) if number else NotPaid(err.message)
                return {one.case_id: Told(failed=failed) for one in some}
            except FlyballError as err:
                return _all_failed(some, err.message)
            except _Unusable as err:
                if not err.again or number == self.settings.max_retries or err.wait > _LONGEST_WAIT:
                    return _all_failed(some, f"{self.settings.name} {err}.")
                wait = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311
                await asyncio.sleep(max(wait, err.wait))
        raise AssertionError("the last try returns")  # pragma: no cover

    async def _once(
        self, session: aiohttp.ClientSession, data: bytes, some: Sequence[Question]
    ) -> dict[str, Told]:
        price = self.settings.eur_per_case * len(some)
        permit = self.breaker.ask()
        try:
            reserved = reserve_all(self.purse.of(some[0].tenant), price) if price else []
        except BaseException:
            permit.cancelled()
            raise
        try:
            self.requests += 1
            with span("POST", "client") as request:
                request.set("flyball.expert", self.settings.name)
                request.set("flyball.cases", len(some))
                told = self.read(await self._posted(session, data, request), some, self.settings)
        except _Unusable as err:
            _said_to(permit, err)
            for one in reserved if not err.spent else ():
                one.release()
            self._spent(some, price if err.spent else Decimal(0))
            raise
        except BaseException:
            permit.cancelled()  # what was reserved stays spent: the request may have arrived
            raise
        permit.succeeded()
        for one in reserved:
            one.settle(price)
        self._spent(some, price)
        return told

    async def _posted(self, session: aiohttp.ClientSession, data: bytes, request: Span) -> object:
        host = urlsplit(self.url).hostname or ""
        request.set("http.request.method", "POST")
        request.set("server.address", host)
        headers = request.headers(host) | {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self.settings.api_key is not None:
            headers["Authorization"] = f"Bearer {self.settings.api_key.reveal()}"
        try:
            async with (
                asyncio.timeout(self.settings.timeout_seconds),
                session.post(self.url, data=data, headers=headers, allow_redirects=False) as response,
            ):
                request.set("http.response.status_code", response.status)
                if response.status != 200:
                    raise _refused(response)
                return await _json_of(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise _Unusable("cannot be reached", again=True, spent=False) from None
        except TimeoutError:
            why = f"did not answer within {self.settings.timeout_seconds:g} seconds"
            raise _Unusable(why, again=True, spent=True) from None
        except (aiohttp.ClientError, OSError) as err:
            raise _Unusable(f"broke off ({type(err).__name__})", again=True, spent=True) from None

    def _spent(self, some: Sequence[Question], price: Decimal) -> None:
        for one in some:
            self.costs[one.case_id] = self.costs.get(one.case_id, Decimal(0)) + price / len(some)


async def _ask_all(way: _Way, questions: Sequence[Question]) -> Brought:
    size = way.settings.cases_per_request
    tenants: dict[str, list[Question]] = {}
    for question in questions:
        tenants.setdefault(question.tenant, []).append(question)  # one request is paid for by one tenant
    batches = [some[at : at + size] for some in tenants.values() for at in range(0, len(some), size)]
    slots = asyncio.Semaphore(way.settings.parallel)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    ) as session:

        async def one(some: Sequence[Question]) -> dict[str, Told]:
            async with slots:
                return await way.ask(session, some)

        found: dict[str, Told] = {}
        for told in await asyncio.gather(*(one(some) for some in batches)):
            found |= told
    return Brought(found, way.costs, way.requests)


def _said_to(permit: Permit, err: _Unusable) -> None:
    if err.again:
        permit.failed(rest_seconds=err.wait)
    else:
        permit.succeeded()  # it works; the request is what it does not take


def _all_failed(some: Sequence[Question], why: str) -> dict[str, Told]:
    return {one.case_id: Told(failed=Failed(why)) for one in some}


def _refused(response: aiohttp.ClientResponse) -> _Unusable:
    return _Unusable(
        f"answered with HTTP {response.status}",
        again=response.status in _AGAIN,
        spent=may_have_cost(response.status),
        wait=asked_to_wait(response.headers),
    )


async def _json_of(response: aiohttp.ClientResponse) -> object:
    """Read a reply, as long as it is not too large; its words are never repeated."""
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > _LARGEST_REPLY:
            raise _Unusable(f"answered with more than {_LARGEST_REPLY} bytes", again=False, spent=True)
        parts.append(part)
    try:
        return msgspec.json.decode(b"".join(parts))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Unusable("answered with something that is not JSON", again=False, spent=True) from None


def _own_body(some: Sequence[Question], settings: ExternalSettings) -> object:
    del settings
    return {
        "cases": [
            {"case_id": one.case_id, "text": one.text, "row": one.row, "fields": list(one.fields)}
            for one in some
        ]
    }


def _own_read(reply: object, some: Sequence[Question], settings: ExternalSettings) -> dict[str, Told]:
    del settings
    predictions = reply.get("predictions") if isinstance(reply, Mapping) else None
    if not isinstance(predictions, list):
        raise _Unusable("answered without a list of predictions", again=False, spent=True)
    answers: dict[str, list[RawAnswer]] = {one.case_id: [] for one in some}
    for row in predictions:
        case = row.get("case_id") if isinstance(row, Mapping) else None
        if not isinstance(case, str) or case not in answers or "answer" not in row:
            raise _Unusable("answered with a prediction that is none", again=False, spent=True)
        answers[case].append(_raw(row))
    return {case: Told(tuple(found)) for case, found in answers.items()}


def _raw(row: Mapping[str, Any]) -> RawAnswer:
    evidence = row.get("evidence")
    return RawAnswer(
        str(row.get("field", "")),
        row["answer"],
        row.get("confidence"),
        tuple(evidence[:_MOST_EVIDENCE]) if isinstance(evidence, list) else (),
        row["reason"][:300] if isinstance(row.get("reason"), str) else "",
    )


def _mlflow_body(some: Sequence[Question], settings: ExternalSettings) -> object:
    def record(one: Question) -> dict[str, object]:
        row = dict(one.row or {}) | {"text": one.text}
        columns = settings.columns or tuple(one.row or {"text": 0})
        return {column: row.get(column) for column in columns}

    return {"dataframe_records": [record(one) for one in some]}


def _mlflow_read(reply: object, some: Sequence[Question], settings: ExternalSettings) -> dict[str, Told]:
    predictions = reply.get("predictions") if isinstance(reply, Mapping) else None
    if not isinstance(predictions, list) or len(predictions) != len(some):
        raise _Unusable(
            "answered with another number of predictions than it was asked for", again=False, spent=True
        )
    key = settings.fields[0].key
    return {
        one.case_id: Told((answer_of(key, value, settings.gives),))
        for one, value in zip(some, predictions, strict=True)
    }


def answer_of(key: str, value: object, gives: str) -> RawAnswer:
    """Return what one value of a model without names says: an answer, or the probability of yes."""
    while isinstance(value, list) and value:
        value = value[-1]
    if gives == "answer":
        return RawAnswer(key, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return RawAnswer(key, None)
    return RawAnswer(key, value >= 0.5, max(value, 1.0 - value) if 0.0 <= value <= 1.0 else None)
