"""`/openapi.json`: what there is, for programs that make clients of it."""

from typing import Any

from litestar import get
from litestar.connection import Request

from flyball.gateway.openapi import openapi_of
from flyball.gateway.replies import json_reply
from flyball.gateway.route import Reply

__all__ = ["openapi"]


@get("/openapi.json", opt={"open": True})
async def show_openapi(request: Request[Any, Any, Any]) -> Reply:
    """Show every door with what it takes."""
    return json_reply(openapi_of(request.app))


openapi = (show_openapi,)
