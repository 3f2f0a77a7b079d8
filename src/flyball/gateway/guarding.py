"""Guards on the way in and on the way out. Whatever goes wrong in one, nothing passes.

Guards cost far less for many passages than for one, so the passages of requests that come at the same time
are looked at together, in a thread of their own.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec

from flyball.core.errors import FlyballError
from flyball.gateway.errors import GuardRefused
from flyball.governance.guardrails.inspect import Guardrails, open_guardrails
from flyball.governance.guardrails.outgoing import Outgoing
from flyball.governance.guardrails.records import Around, GuardResult, Passage, Source
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage, ReplyMessage, text_of

__all__ = ["NOT_SEEN", "Guards", "Leaving", "Seen", "open_guards"]

_LOG = logging.getLogger(__name__)
_SOURCES: Mapping[str, Source] = {"tool": "document", "assistant": "model"}
_ENCODE = msgspec.json.Encoder().encode
_MOST_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """What the guards saw, for the ledger: kinds and numbers, never words.

    Parameters
    ----------
    guards : tuple of str
        Who looked; () where the deployment has none.
    kinds : tuple of str
        What was found, sorted.
    score : float
        In [0, 1], of the surest finding or of what came closest.
    refused : bool
    """

    guards: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    score: float = 0.0
    refused: bool = False


NOT_SEEN = Seen()
"""Nobody looked."""


class Guards:
    """The guards of one deployment, asked by many requests at once.

    Parameters
    ----------
    going_in, going_out : Guardrails or None
        None where the owner of the deployment has named none.
    whole : Guardrails or None
        In the place of `going_out` where a reply must keep a schema: it is then judged as a whole.
    around : Around
        The same for every request.
    """

    def __init__(
        self,
        going_in: Guardrails | None,
        going_out: Guardrails | None,
        whole: Guardrails | None,
        around: Around,
    ) -> None:
        self._in, self._out, self._whole = going_in, going_out, whole
        self._around = around
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="guards")
        self._waiting: dict[int, list[tuple[list[Passage], asyncio.Future[list[GuardResult]]]]] = {}
        self._sets: dict[int, Guardrails] = {}
        self._task: asyncio.Task[None] | None = None

    async def incoming(self, call: ChatCall) -> tuple[ChatCall, Seen]:
        """Look at a request; return what of it may go on.

        Raises
        ------
        GuardRefused
            Something may not pass, or a guard could not look.
        """
        if self._in is None:
            return call, NOT_SEEN
        passages, takers = _passages_of(call)
        results = await self._looked(self._in, passages)
        seen = _seen(self._in, results)
        if seen.refused:
            raise _refusal("The request", results, seen)
        if all(result.text == passage.text for result, passage in zip(results, passages, strict=True)):
            return call, seen
        if results[-1].id == _FORM and results[-1].text != passages[-1].text:
            raise _refusal("The form of the tools or of the answer", results, seen)
        return _covered(call, takers, results), seen

    async def outgoing(self, message: ReplyMessage, schema: Mapping[str, Any] | None) -> Seen:
        """Look at a whole reply and cover in place what may not leave.

        Raises
        ------
        GuardRefused
        """
        if self._out is None and schema is None:
            return NOT_SEEN
        guards = self._out if schema is None else self._whole
        if guards is None:
            return NOT_SEEN
        spoken = Passage("reply", message.content or message.refusal or "", "model")
        called = [
            Passage(f"call {number}", str((one.get("function") or {}).get("arguments") or ""), "model")
            for number, one in enumerate(message.tool_calls or ())
        ]
        if schema is not None:
            # A call of a tool is no answer yet, so only what is said has to keep the schema.
            around = Around(schema, self._around.data_labels, self._around.places)
            passages = [spoken] if message.content is not None else []
            results = await self._alone(guards, passages, around)
            if called and self._out is not None:
                results += await self._looked(self._out, called)
        else:
            results = await self._looked(guards, [spoken, *called])
        seen = _seen(guards, results)
        if seen.refused:
            raise _refusal("The reply", results, seen)
        texts = {result.id: result.text for result in results}
        if message.content is not None:
            message.content = texts.get("reply", message.content)
        if message.refusal is not None and message.content is None:
            message.refusal = texts.get("reply", message.refusal)
        for number, one in enumerate(message.tool_calls or ()):
            if f"call {number}" in texts:
                one["function"] = dict(one.get("function") or {}) | {"arguments": texts[f"call {number}"]}
        return seen

    def leaving(self, schema: Mapping[str, Any] | None) -> "Leaving | None":
        """Return a guard for one streamed reply; None where there is none."""
        guards = self._out if schema is None else self._whole
        if guards is None:
            return None
        around = Around(schema, self._around.data_labels, self._around.places)
        return Leaving(guards, around, self._thread)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def _alone(self, guards: Guardrails, passages: list[Passage], around: Around) -> list[GuardResult]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, guards.inspect, passages, around)
        except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
            raise _failure(err) from None

    async def _looked(self, guards: Guardrails, passages: list[Passage]) -> list[GuardResult]:
        """Look at passages together with those of other requests that are waiting."""
        future: asyncio.Future[list[GuardResult]] = asyncio.get_running_loop().create_future()
        self._sets[id(guards)] = guards
        self._waiting.setdefault(id(guards), []).append((passages, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        try:
            return await future
        except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
            raise _failure(err) from None

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while any(self._waiting.values()):
                for name in list(self._waiting):
                    queue = self._waiting[name]
                    batch, self._waiting[name] = queue[:_MOST_TOGETHER], queue[_MOST_TOGETHER:]
                    if not batch:
                        continue
                    requests = [passages for passages, _ in batch]
                    found = await loop.run_in_executor(
                        self._thread, _together, self._sets[name], requests, self._around
                    )
                    for (_, future), one in zip(batch, found, strict=True):
                        if future.cancelled():
                            continue
                        if isinstance(one, BaseException):
                            future.set_exception(one)
                        else:
                            future.set_result(one)
        finally:
            self._task = None


class Leaving:
    """A guard on one stream: what may still become a finding is held back.

    Parameters
    ----------
    guards : Guardrails
    around : Around
    thread : ThreadPoolExecutor
    """

    def __init__(self, guards: Guardrails, around: Around, thread: ThreadPoolExecutor) -> None:
        self._guards = guards
        self._outgoing = Outgoing(guards, around)
        self._thread = thread

    async def feed(self, delta: str) -> str:
        """Take the next piece; return what may leave now.

        Raises
        ------
        GuardRefused
        """
        return await self._run(self._outgoing.feed, delta)

    async def end(self) -> str:
        """Return what is left.

        Raises
        ------
        GuardRefused
        """
        return await self._run(self._outgoing.end)

    @property
    def seen(self) -> Seen:
        """What was found in what has left."""
        result = self._outgoing.result
        return Seen(tuple(self._guards.inspectors), result.kinds, result.score)

    async def _run(self, step: Any, *given: str) -> str:
        try:
            return str(await asyncio.get_running_loop().run_in_executor(self._thread, step, *given))
        except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
            raise _failure(err) from None


def open_guards(
    going_in: Sequence[str],
    going_out: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    around: Around,
) -> Guards:
    """Open guards by name; `schema` alone looks at replies that were asked to keep one.

    Raises
    ------
    UnknownName, BadGuardrail
        They cannot be had as written; nothing is served without them.
    """
    out = [name for name in going_out if name != "schema"]
    return Guards(
        open_guardrails(going_in, settings) if going_in else None,
        open_guardrails(out, settings) if out else None,
        open_guardrails(going_out, settings) if going_out else None,
        around,
    )


_FORM = "form"


def _passages_of(call: ChatCall) -> tuple[list[Passage], list[tuple[int, int | None]]]:
    """Return every text of a request, with the message (and the call of a tool in it) that it stands in."""
    passages: list[Passage] = []
    takers: list[tuple[int, int | None]] = []
    for number, message in enumerate(call.messages):
        source = _SOURCES.get(message.role, "user")
        passages.append(Passage(f"message {number}", text_of(message), source))
        takers.append((number, None))
        for place, one in enumerate(message.tool_calls or ()):
            said = str((one.get("function") or {}).get("arguments") or "")
            passages.append(Passage(f"message {number} call {place}", said, source))
            takers.append((number, place))
    if call.tools or call.response_format or call.stop or call.tool_choice:
        form = _ENCODE([call.tools, call.response_format, call.stop, call.tool_choice]).decode()
        passages.append(Passage(_FORM, form, "user"))
    return passages, takers


def _covered(
    call: ChatCall, takers: Sequence[tuple[int, int | None]], results: Sequence[GuardResult]
) -> ChatCall:
    """Return the request with covered texts."""
    messages = [msgspec.structs.replace(message) for message in call.messages]
    for (number, place), result in zip(takers, results, strict=False):
        message: ChatMessage = messages[number]
        if place is None:
            message.content = None if message.content is None else result.text
            continue
        calls = [dict(one) for one in message.tool_calls or ()]
        calls[place]["function"] = dict(calls[place].get("function") or {}) | {"arguments": result.text}
        message.tool_calls = calls
    return msgspec.structs.replace(call, messages=messages)


def _together(
    guards: Guardrails, requests: Sequence[list[Passage]], around: Around
) -> list[list[GuardResult] | Exception]:
    """Look at all requests at once; where that fails, one by one, so that one spoils no other."""
    try:
        results = iter(guards.inspect([one for passages in requests for one in passages], around))
        return [[next(results) for _ in passages] for passages in requests]
    except Exception as err:  # noqa: BLE001 - raised again in the coroutine that waits; nothing passes
        if len(requests) == 1:
            return [err]
    return [found for passages in requests for found in _together(guards, [passages], around)]


def _seen(guards: Guardrails, results: Sequence[GuardResult]) -> Seen:
    return Seen(
        tuple(guards.inspectors),
        tuple(sorted({kind for result in results for kind in result.kinds})),
        max((result.score for result in results), default=0.0),
        any(result.refused for result in results),
    )


def _refusal(what: str, results: Sequence[GuardResult], seen: Seen) -> GuardRefused:
    reasons = "; ".join(dict.fromkeys(reason.rstrip(".") for one in results for reason in one.reasons))
    err = GuardRefused(
        f"{what} may not pass: {reasons}.",
        fix="Leave it out, or have a person handle this.",
        kinds=", ".join(seen.kinds),
    )
    err.seen = seen
    return err


def _failure(err: Exception) -> GuardRefused:
    """Return the refusal that a failure of a guard is, in its own words: they hold none of a passage."""
    if not isinstance(err, FlyballError):
        _LOG.error("A guard failed", exc_info=err)
        refused = GuardRefused(
            f"A guard failed ({type(err).__name__}), so nothing may pass.",
            fix="Have the owner of the deployment look at its guards; the reason stands in the log.",
        )
        refused.seen = Seen(refused=True)
        return refused
    refused = GuardRefused(err.message, fix=err.fix, cause=err.code)
    refused.seen = Seen(kinds=tuple(str(err.values.get("kinds", "")).split(", ")), refused=True)
    return refused
