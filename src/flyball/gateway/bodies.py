"""The body of a request: read in time, not too large, and decoded without trusting it."""

import asyncio
from typing import Any, TypeVar

import msgspec
from litestar.connection import Request
from litestar.exceptions import HTTPException

from flyball.gateway.errors import BadRequest, TooLarge, TooSlow
from flyball.gateway.settings import GatewaySettings

__all__ = ["decoded", "read_body"]

T = TypeVar("T")


async def read_body(request: Request[Any, Any, Any], settings: GatewaySettings) -> bytes:
    """Return the whole body.

    Raises
    ------
    TooSlow, TooLarge
    """
    try:
        async with asyncio.timeout(settings.body_seconds):
            return await request.body()
    except TimeoutError:
        raise TooSlow(
            f"The request was not complete after {settings.body_seconds:g} seconds.",
            fix="Send it faster, or in smaller parts.",
        ) from None
    except HTTPException as err:
        if err.status_code != 413:
            raise
        raise TooLarge(
            f"The request is larger than {settings.largest_body_mb} MB.",
            fix="Send less at once; the owner sets largest_body_mb in gateway.toml.",
        ) from None


def decoded(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body as a record.

    Raises
    ------
    BadRequest
        Not UTF-8, not JSON, or not of the form; the message names the place.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as err:
        raise BadRequest(f"The request has not the form that is asked for: {err}.", fix=_SEE) from None
    except msgspec.DecodeError as err:
        raise BadRequest(f"The request is not JSON: {err}.", fix=_SEE) from None
    except UnicodeDecodeError as err:
        raise BadRequest(f"The request is not UTF-8 at byte {err.start}.", fix="Send it as UTF-8.") from None
    except RecursionError:
        raise BadRequest("The request is nested too deeply.", fix="Send flatter JSON.") from None


_SEE = "GET /openapi.json shows the form."
