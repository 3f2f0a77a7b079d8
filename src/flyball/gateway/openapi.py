"""The OpenAPI document, made from the routes themselves: what they take, need and are for."""

import inspect
import re
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from flyball import __version__

__all__ = ["openapi_of"]

_REF = "#/components/schemas/{name}"
_RESERVED = frozenset({"request", "scope", "body", "headers", "state", "socket", "query", "cookies"})
"""What the framework hands over under its own name."""
_PATH = re.compile(r"\{(\w+):(\w+)\}")
_ERROR = {
    "type": "object",
    "description": "What happened and what to do next; `error` says the same to clients of OpenAI.",
    "required": ["ok", "code", "message", "fix", "retry", "error"],
    "properties": {
        "ok": {"type": "boolean", "const": False},
        "code": {"type": "string", "description": "Never changes."},
        "message": {"type": "string"},
        "fix": {"type": "string"},
        "retry": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "values": {"type": "object", "additionalProperties": {"type": "string"}},
        "error": {"type": "object"},
    },
}


def openapi_of(app: Litestar) -> dict[str, Any]:
    """Return the document.

    Parameters
    ----------
    app : Litestar
        Its handlers say with `opt` which scope they need and which record they take (`request`).

    Returns
    -------
    dict
        Plain data, OpenAPI 3.1.
    """
    handlers = [
        (route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "scope" in handler.opt or handler.opt.get("open")
    ]
    taken = list(dict.fromkeys(one.opt["request"] for _, one in handlers if one.opt.get("request")))
    forms, schemas = msgspec.json.schema_components(taken, ref_template=_REF)
    form_of = dict(zip(taken, forms, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, handler in sorted(handlers, key=lambda pair: pair[0]):
        there = paths.setdefault(_PATH.sub(r"{\1}", path), {})
        for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
            there[method.lower()] = _operation(path, handler, form_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Flyball gateway", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: str, handler: HTTPRouteHandler, form_of: dict[Any, Any]) -> dict[str, Any]:
    said = inspect.getdoc(handler.fn) or ""
    scope = handler.opt.get("scope")
    found: dict[str, Any] = {
        "operationId": handler.fn.__name__,
        "summary": said.partition("\n")[0],
        "parameters": _parameters(path, handler),
        "responses": {
            str(handler.status_code or 200): {
                "description": "Done.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": {
                "description": "Not done.",
                "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
            },
        },
        "security": [] if scope is None else [{"key": []}],
    }
    if scope:
        found["x-scope"] = scope
    if handler.opt.get("request"):
        form = form_of[handler.opt["request"]]
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": form}}}
    if handler.opt.get("streams"):
        found["responses"]["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return found


def _parameters(path: str, handler: HTTPRouteHandler) -> list[dict[str, Any]]:
    """Return what stands in the path and after the question mark."""
    in_path = {name for name, _ in _PATH.findall(path)}
    found = []
    for name, one in handler.parsed_fn_signature.parameters.items():
        if name in _RESERVED or one.is_di_field:
            continue
        parameter: dict[str, Any] = {
            "name": getattr(one.kwarg_definition, "query", None) or name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path,
            "schema": msgspec.json.schema(one.annotation),
        }
        if one.has_default and one.default is not None:
            parameter["schema"] = parameter["schema"] | {"default": one.default}
        found.append(parameter)
    return found
