"""What a request asks for: its body, read whole, looked at and decoded."""

import asyncio
from typing import Any, TypeVar

import msgspec
from litestar.connection import Request

from flyball.gateway.bodies import decoded, read_body
from flyball.gateway.limits.depth import check_depth
from flyball.gateway.limits.doubled import check_doubled
from flyball.gateway.settings import GatewaySettings

__all__ = ["asked_for"]

T = TypeVar("T")

_LARGE = 200_000
"""From so many bytes on, others are answered while a body is looked at."""


async def asked_for(
    request: Request[Any, Any, Any], settings: GatewaySettings, decoder: msgspec.json.Decoder[T]
) -> tuple[bytes, T]:
    """Return the body of a request as it came, and as a record.

    Raises
    ------
    TooSlow, TooLarge, TooDeep, DoubledName, BadRequest
    """
    body = await read_body(request, settings)
    if len(body) < _LARGE:
        return body, _looked_at(body, settings, decoder)
    return body, await asyncio.to_thread(_looked_at, body, settings, decoder)


def _looked_at(body: bytes, settings: GatewaySettings, decoder: msgspec.json.Decoder[T]) -> T:
    check_depth(body, settings.limits.deepest_json)
    found = decoded(body, decoder)
    check_doubled(body)
    return found
