"""`/v1/chat/completions`: a deployment as a model, in the form of OpenAI."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from litestar import post
from litestar.connection import Request

from flyball.gateway.asked import asked_for
from flyball.gateway.asking import TokenCount, answer, check_messages, pieces
from flyball.gateway.desk import TheDesks
from flyball.gateway.errors import BadRequest
from flyball.gateway.once import once, refuse_twice
from flyball.gateway.replies import Events, Whole, error_body, json_reply, stopped
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.models.experts.language_model.wire import ChatCall, Choice, Chunk, ChunkChoice, Tokens

__all__ = ["chat"]

_ENCODE = msgspec.json.Encoder().encode


class ChatRequest(ChatCall, forbid_unknown_fields=True):
    """What may stand in a request. What `ChatCall` does not have is taken and not passed on.

    `user`, `metadata` and `safety_identifier` may name people; `store` would let a vendor keep the words.
    """

    max_tokens: TokenCount | None = None
    max_completion_tokens: TokenCount | None = None
    n: int | None = None
    user: str | None = None
    store: bool | None = None
    metadata: dict[str, Any] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    modalities: list[str] | None = None


class _Completion(msgspec.Struct):
    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: Tokens | None
    flyball: dict[str, object]
    object: str = "chat.completion"


class _Piece(msgspec.Struct):
    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Tokens | None = None
    object: str = "chat.completion.chunk"


_REQUEST = msgspec.json.Decoder(ChatRequest)
_FIELDS = ChatCall.__struct_fields__


@post(
    "/v1/chat/completions",
    status_code=200,
    opt={"scope": "chat", "request": ChatRequest, "streams": True},
)
async def chat_completions(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Answer a conversation."""
    body, asked = await asked_for(request, settings, _REQUEST)
    if asked.n not in (None, 1):
        raise BadRequest(f"n is {asked.n}.", fix="Ask for one answer at a time.", param="n")
    check_messages(asked.messages)
    served = house.of(asked.model, principal)
    call = ChatCall(*[getattr(asked, name) for name in _FIELDS])
    if call.stream:
        refuse_twice(request)
        source = pieces(served, call, principal, "chat")
        first = await anext(source)  # what goes wrong before it has a status of its own
        return Events(_events(first, source, served.name, asked.stream_options or {}))

    async def whole() -> Whole:
        done = await answer(served, call, principal, "chat")
        return json_reply(
            _Completion(
                f"chatcmpl-{done.id}",
                int(time.time()),
                served.name,
                done.reply.choices[:1],
                done.reply.usage,
                done.record,
            )
        )

    return await once(request, body, principal, desks.of(served).replies, whole)


async def _events(
    first: Chunk, source: AsyncGenerator[Chunk], model: str, options: dict[str, Any]
) -> AsyncGenerator[bytes]:
    """Write the pieces as events; an error after the first becomes an event, and no end follows it."""
    now, name = int(time.time()), f"chatcmpl-{first.id}"
    opening = True
    try:
        async with aclosing(source):
            piece: Chunk | None = first
            while piece is not None:
                if opening and piece.choices:
                    piece.choices[0].delta.role = "assistant"
                    opening = False
                yield _event(_Piece(name, now, model, piece.choices))
                if piece.usage is not None and options.get("include_usage"):
                    yield _event(_Piece(name, now, model, [], piece.usage))
                piece = await anext(source, None)
    except Exception as err:  # noqa: BLE001 - the status is sent; the caller learns it from an event
        yield _event(error_body(stopped(err)))
        return
    yield b"data: [DONE]\n\n"


def _event(value: object) -> bytes:
    return b"data: " + _ENCODE(value) + b"\n\n"


chat = (chat_completions,)
