"""Guards on the way in and on the way out. Whatever goes wrong in one, nothing passes.

Guards cost far less for many passages than for one, so the passages of requests that come at the same time
are looked at together, in a thread of their own. A short request that comes alone is looked at where it is,
because handing it to a thread takes longer than looking.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from flyball.core.errors import FlyballError
from flyball.gateway.errors import GuardRefused
from flyball.gateway.fencing import parts_of, with_parts
from flyball.governance.guardrails.inspect import Guardrails, open_guardrails
from flyball.governance.guardrails.outgoing import Outgoing
from flyball.governance.guardrails.records import Around, GuardResult, Passage, Source
from flyball.governance.guardrails.watch import Watch, patience
from flyball.models.experts.language_model.wire import ChatCall, ReplyMessage

__all__ = ["NOT_SEEN", "Guards", "Leaving", "Seen", "open_guards"]

_LOG = logging.getLogger(__name__)
_SOURCES: Mapping[str, Source] = {"tool": "document", "assistant": "model"}
_ENCODE = msgspec.json.Encoder().encode
_MOST_TOGETHER = 256
_SHORT = 1_200
"""Characters that may be looked at on the event loop: about two milliseconds."""
_APART_SECONDS = 0.002
"""Requests that come within it of one another are looked at together."""
Answer = TypeVar("Answer")


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
        self._watch = Watch()
        self._last = 0.0
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
        message.tool_calls = _plain_calls(message.tool_calls)
        guards = self._out if schema is None else self._whole
        if guards is None:
            return NOT_SEEN
        said = [
            Passage(name, text, "model") for name in _SAID if (text := getattr(message, name)) is not None
        ]
        called = [
            Passage(f"call {number}", one["function"]["arguments"], "model")
            for number, one in enumerate(message.tool_calls or ())
        ]
        if schema is None:
            results = await self._looked(guards, [*said, *called])
        else:
            # Calls of tools and refusals are no answers: only what is said has to keep the schema.
            answers = [one for one in said if one.id == "content"]
            around = Around(schema, self._around.data_labels, self._around.places)
            results = await self._alone(guards, answers, around)
            if self._out is not None:
                results += await self._looked(
                    self._out, [one for one in (*said, *called) if one.id != "content"]
                )
        seen = _seen(guards, results)
        if seen.refused:
            raise _refusal("The reply", results, seen)
        texts = {result.id: result.text for result in results}
        for name in _SAID:
            setattr(message, name, texts.get(name, getattr(message, name)))
        for number, one in enumerate(message.tool_calls or ()):
            one["function"]["arguments"] = texts.get(f"call {number}", one["function"]["arguments"])
        return seen

    def leaving(self, schema: Mapping[str, Any] | None) -> "Leaving | None":
        """Return a guard for one streamed reply; None where there is none."""
        guards = self._out if schema is None else self._whole
        if guards is None:
            return None
        around = Around(schema, self._around.data_labels, self._around.places)
        return Leaving(guards, around, self._watch)

    async def _alone(self, guards: Guardrails, passages: list[Passage], around: Around) -> list[GuardResult]:
        size = sum(len(one.text) for one in passages)
        return await _carried_out(self._watch, guards, size, guards.inspect, passages, around)

    async def _looked(self, guards: Guardrails, passages: list[Passage]) -> list[GuardResult]:
        """Look at passages at once where they are short and alone, or with those of others that wait."""
        loop = asyncio.get_running_loop()
        apart, self._last = loop.time() - self._last > _APART_SECONDS, loop.time()
        if apart and self._task is None and _at_once(guards, sum(len(one.text) for one in passages)):
            return await self._alone(guards, passages, self._around)
        future: asyncio.Future[list[GuardResult]] = loop.create_future()
        self._sets[id(guards)] = guards
        self._waiting.setdefault(id(guards), []).append((passages, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        try:
            return await future
        except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
            raise _failure(err) from None

    async def _work(self) -> None:
        try:
            while any(self._waiting.values()):
                for name in list(self._waiting):
                    queue = self._waiting[name]
                    batch, self._waiting[name] = queue[:_MOST_TOGETHER], queue[_MOST_TOGETHER:]
                    if batch:
                        found = await self._batch(self._sets[name], [passages for passages, _ in batch])
                        _hand_out([future for _, future in batch], found)
        finally:
            self._task = None

    async def _batch(
        self, guards: Guardrails, requests: list[list[Passage]]
    ) -> list[list[GuardResult] | Exception]:
        size = sum(len(one.text) for passages in requests for one in passages)
        try:
            return await self._watch.answer(patience(size), _together, guards, requests, self._around)
        except Exception as err:  # noqa: BLE001 - one of them hangs, or no thread can be had: all are refused
            return [err for _ in requests]


class Leaving:
    """A guard on one stream: what may still become a finding is held back.

    Parameters
    ----------
    guards : Guardrails
    around : Around
    watch : Watch
    """

    def __init__(self, guards: Guardrails, around: Around, watch: Watch) -> None:
        self._guards = guards
        self._outgoing = Outgoing(guards, around)
        self._watch = watch

    async def feed(self, delta: str) -> str:
        """Take the next piece; return what may leave now.

        Raises
        ------
        GuardRefused
        """
        if self._outgoing.only_holds(delta):
            return self._outgoing.feed(delta)
        return await self._run(len(delta), self._outgoing.feed, delta)

    async def end(self) -> str:
        """Return what is left.

        Raises
        ------
        GuardRefused
        """
        return await self._run(0, self._outgoing.end)

    @property
    def seen(self) -> Seen:
        """What was found in what has left."""
        result = self._outgoing.result
        return Seen(tuple(self._guards.inspectors), result.kinds, result.score)

    async def _run(self, more: int, step: Callable[..., str], *given: str) -> str:
        size = self._outgoing.in_hand + more
        return await _carried_out(self._watch, self._guards, size, step, *given)


def _at_once(guards: Guardrails, characters: int) -> bool:
    """Return whether a look is so short, and so sure to end, that it needs no thread."""
    return characters <= _SHORT and all(getattr(one, "quick", False) for one in guards.inspectors.values())


async def _carried_out(
    watch: Watch, guards: Guardrails, characters: int, work: Callable[..., Answer], *given: Any
) -> Answer:
    try:
        if _at_once(guards, characters):
            return work(*given)
        return await watch.answer(patience(characters), work, *given)
    except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
        raise _failure(err) from None


def _hand_out(
    futures: Sequence["asyncio.Future[list[GuardResult]]"], found: Sequence[list[GuardResult] | Exception]
) -> None:
    for future, one in zip(futures, found, strict=True):
        if future.done():  # the caller went away
            continue
        if isinstance(one, Exception):
            future.set_exception(one)
        else:
            future.set_result(one)


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
_SAID = ("content", "refusal")
Taker = tuple[int, int | None]
"""Number of a message, and of the call of a tool in it; None for its words."""


def _passages_of(call: ChatCall) -> tuple[list[Passage], list[Taker]]:
    """Return every text of a request, with the place that it stands in.

    Words of tools and documents are looked at as documents, whoever hands them over.
    """
    passages: list[Passage] = []
    takers: list[Taker] = []
    for number, message in enumerate(call.messages):
        source = _SOURCES.get(message.role, "user")
        for document, text in parts_of(message):
            passages.append(Passage(f"message {number}", text, "document" if document else source))
            takers.append((number, None))
        for place, one in enumerate(message.tool_calls or ()):
            said = str((one.get("function") or {}).get("arguments") or "")
            passages.append(Passage(f"message {number} call {place}", said, source))
            takers.append((number, place))
    names = [message.name for message in call.messages if message.name]
    if call.tools or call.response_format or call.stop or call.tool_choice or names:
        form = _ENCODE([call.tools, call.response_format, call.stop, call.tool_choice, names]).decode()
        passages.append(Passage(_FORM, form, "user"))
    return passages, takers


def _covered(call: ChatCall, takers: Sequence[Taker], results: Sequence[GuardResult]) -> ChatCall:
    """Return the request with covered texts."""
    words: dict[int, list[str]] = {}
    called: dict[Taker, str] = {}
    for taker, result in zip(takers, results, strict=False):
        if taker[1] is None:
            words.setdefault(taker[0], []).append(result.text)
        else:
            called[taker] = result.text
    messages = [
        with_parts(one, words[number]) if number in words else msgspec.structs.replace(one)
        for number, one in enumerate(call.messages)
    ]
    for number, message in enumerate(messages):
        if message.tool_calls:
            message.tool_calls = [
                one | {"function": dict(one.get("function") or {}) | {"arguments": called[number, place]}}
                for place, one in enumerate(message.tool_calls)
            ]
    return msgspec.structs.replace(call, messages=messages)


def _plain_calls(calls: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Return calls of tools with what the guards look at, and nothing beside it."""
    if not calls:
        return calls
    plain = []
    for one in calls:
        function = one.get("function") or {}
        told = {name: str(function.get(name) or "") for name in ("name", "arguments")}
        plain.append({"id": str(one.get("id") or ""), "type": "function", "function": told})
    return plain


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
