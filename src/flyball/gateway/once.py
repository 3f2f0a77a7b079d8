"""Answer a request once: the header `Idempotency-Key` gets the first reply again, byte for byte."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import Request

from flyball.gateway.errors import BadRequest
from flyball.gateway.limits.errors import BadIdempotencyKey
from flyball.gateway.limits.idempotency import Replies, Reply
from flyball.gateway.principal import Principal
from flyball.gateway.replies import Whole

__all__ = ["once", "refuse_twice"]

_KEY = "idempotency-key"


async def once(
    request: Request[Any, Any, Any],
    body: bytes,
    principal: Principal,
    replies: Replies,
    answer: Callable[[], Awaitable[Whole]],
) -> Whole:
    """Return the reply to a request; where it carries a key and was answered before, the reply of then.

    An error is not kept: nothing was done, so the same request may be tried again with its key.

    Parameters
    ----------
    request : Request
    body : bytes
        As it was read.
    principal : Principal
    replies : Replies
    answer : callable
        Answers it now.

    Raises
    ------
    BadIdempotencyKey, RequestReused, RequestUnderWay, RepliesUnavailable
    """
    keys = request.headers.getall(_KEY, [])
    if not keys:
        return await answer()
    if len(keys) > 1:
        raise BadIdempotencyKey(
            "The header Idempotency-Key stands twice in the request.", fix="Send one for each request."
        )
    key = keys[0]
    caller = f"{principal.tenant}/{principal.id}"
    asked = f"{request.method} {request.scope['path']}\n".encode("utf-8", "replace") + body
    before = await asyncio.to_thread(replies.begin, caller, key, asked)
    if before is not None:
        return _again(before)
    try:
        reply = await answer()
        kept = Reply(reply.status, "application/json", reply.body)
        await asyncio.to_thread(replies.keep, caller, key, asked, kept)
    except BaseException:
        replies.drop(caller, key)
        raise
    return reply


def refuse_twice(request: Request[Any, Any, Any]) -> None:
    """Refuse to send a stream a second time: its pieces are not kept.

    Raises
    ------
    BadRequest
    """
    if _KEY in request.headers:
        raise BadRequest(
            "A stream is not sent twice: its pieces are not kept.",
            fix="Ask for a whole reply (stream: false), or leave the header Idempotency-Key out.",
            param="stream",
        )


def _again(before: Reply) -> Whole:
    return Whole(
        before.body,
        before.status,
        [(b"content-type", before.media_type.encode()), (b"idempotency-replayed", b"true")],
    )
