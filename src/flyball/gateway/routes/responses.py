"""`/v1/responses`: a deployment as a model, in OpenAI's newer form. No words are kept between requests.

Source: OpenAI API reference, "Create a response" and "Streaming events", read 2026-11.
"""

import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

import msgspec
from litestar import post
from litestar.connection import Request

from flyball.gateway.asked import asked_for
from flyball.gateway.asking import Answer, TokenCount, answer, check_messages, pieces
from flyball.gateway.desk import TheDesks
from flyball.gateway.errors import BadRequest
from flyball.gateway.once import once, refuse_twice
from flyball.gateway.replies import Events, Whole, json_reply, stopped
from flyball.gateway.route import Caller, Reply, TheHouse, TheSettings
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage, Chunk, Part, Tokens

__all__ = ["responses"]

_ENCODE = msgspec.json.Encoder().encode


class _Item(msgspec.Struct):
    """An item of the input: a message, a call of a tool, or what the tool gave."""

    type: str = "message"
    role: str = "user"
    content: str | list[Part] = ""
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[Part] = ""
    id: str = ""
    status: str = ""


class ResponseRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What may stand in a request; see `ChatRequest` for what is taken and not passed on."""

    model: str
    input: str | list[_Item]
    instructions: str | None = None
    max_output_tokens: TokenCount | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    store: bool | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: str | None = None
    truncation: str | None = None
    include: list[str] | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None


_REQUEST = msgspec.json.Decoder(ResponseRequest)


@post(
    "/v1/responses",
    status_code=200,
    opt={"scope": "chat", "request": ResponseRequest, "streams": True},
)
async def create_response(
    request: Request[Any, Any, Any],
    house: TheHouse,
    desks: TheDesks,
    principal: Caller,
    settings: TheSettings,
) -> Reply:
    """Answer a conversation."""
    body, asked = await asked_for(request, settings, _REQUEST)
    _refuse_memory(asked)
    call = _call(asked)
    check_messages(call.messages)
    served = house.of(asked.model, principal)
    now = int(time.time())
    if call.stream:
        refuse_twice(request)
        source = pieces(served, call, principal, "responses")
        first = await anext(source)  # what goes wrong before it has a status of its own
        return Events(_events(first, source, _Frame(f"resp_{first.id}", now, served.name, asked)))

    async def whole() -> Whole:
        done = await answer(served, call, principal, "responses")
        return json_reply(_whole(done, _Frame(f"resp_{done.id}", now, served.name, asked)))

    return await once(request, body, principal, desks.of(served).replies, whole)


class _Frame:
    """What stands around every response to one request."""

    def __init__(self, id: str, now: int, model: str, asked: ResponseRequest) -> None:
        self._fixed: dict[str, Any] = {
            "id": id,
            "object": "response",
            "created_at": now,
            "model": model,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata or {},
            "parallel_tool_calls": asked.parallel_tool_calls is not False,
            "previous_response_id": None,
            "store": False,
            "temperature": asked.temperature,
            "text": asked.text or {"format": {"type": "text"}},
            "tool_choice": asked.tool_choice or "auto",
            "tools": asked.tools or [],
            "top_p": asked.top_p,
        }

    def response(
        self, finish: str | None, output: list[dict[str, Any]], tokens: Tokens | None
    ) -> dict[str, Any]:
        """Return a finished response."""
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(finish or "")
        usage = None
        if tokens is not None:
            usage = {
                "input_tokens": tokens.prompt_tokens,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": tokens.completion_tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": tokens.total_tokens,
            }
        return self._fixed | {
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": cut} if cut else None,
            "error": None,
            "output": output,
            "usage": usage,
        }

    def begun(self) -> dict[str, Any]:
        """Return a response of which nothing is there yet."""
        return self._fixed | {"status": "in_progress", "error": None, "output": [], "usage": None}


def _whole(done: Answer, frame: _Frame) -> dict[str, Any]:
    choice = done.reply.choices[0]
    output: list[dict[str, Any]] = []
    if choice.message.content or choice.message.refusal:
        output.append(_message(f"msg_{done.id}", choice.message.content or "", choice.message.refusal))
    output += [_function(done.id, number, one) for number, one in enumerate(choice.message.tool_calls or ())]
    return frame.response(choice.finish_reason, output, done.reply.usage) | {"flyball": done.record}


async def _events(first: Chunk, source: AsyncGenerator[Chunk], frame: _Frame) -> AsyncGenerator[bytes]:
    """Write the pieces as events; an error after the first becomes an event, and no end follows it."""
    writer, name = _Writer(), f"msg_{first.id}"
    where = {"item_id": name, "output_index": 0, "content_index": 0}
    words: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    finish, tokens = None, None
    try:
        async with aclosing(source):
            yield writer.event("response.created", response=frame.begun())
            yield writer.event("response.in_progress", response=frame.begun())
            piece: Chunk | None = first
            while piece is not None:
                tokens = piece.usage or tokens
                for choice in piece.choices:
                    finish = choice.finish_reason or finish
                    said = choice.delta.content or choice.delta.refusal
                    if said:
                        if not words:
                            item = _message(name, None, None) | {"status": "in_progress"}
                            yield writer.event("response.output_item.added", output_index=0, item=item)
                            yield writer.event("response.content_part.added", part=_text(""), **where)
                        words.append(said)
                        yield writer.event("response.output_text.delta", delta=said, logprobs=[], **where)
                    _gather(calls, choice.delta.tool_calls or ())
                piece = await anext(source, None)
            output: list[dict[str, Any]] = []
            if words:
                text = "".join(words)
                output.append(_message(name, text, None))
                yield writer.event("response.output_text.done", text=text, logprobs=[], **where)
                yield writer.event("response.content_part.done", part=_text(text), **where)
                yield writer.event("response.output_item.done", output_index=0, item=output[0])
            for number in sorted(calls):
                item = _function(first.id, number, calls[number])
                place = {"output_index": len(output), "item_id": item["id"]}
                output.append(item)
                empty = item | {"arguments": "", "status": "in_progress"}
                yield writer.event("response.output_item.added", output_index=len(output) - 1, item=empty)
                said = item["arguments"]
                yield writer.event("response.function_call_arguments.delta", delta=said, **place)
                yield writer.event(
                    "response.function_call_arguments.done", arguments=said, name=item["name"], **place
                )
                yield writer.event("response.output_item.done", output_index=len(output) - 1, item=item)
            done = frame.response(finish, output, tokens)
            yield writer.event(f"response.{done['status']}", response=done)
    except Exception as err:  # noqa: BLE001 - the status is sent; the caller learns it from an event
        told = stopped(err)
        yield writer.event("error", code=told.code, message=f"{told.message} {told.fix}", param=None)


class _Writer:
    """Numbers the events of one stream."""

    def __init__(self) -> None:
        self._number = 0

    def event(self, type: str, **values: object) -> bytes:
        """Return one event."""
        data = {"type": type, "sequence_number": self._number} | values
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (type.encode(), _ENCODE(data))


def _refuse_memory(asked: ResponseRequest) -> None:
    """Refuse what would need words to be kept here, or to be answered later."""
    for name in ("previous_response_id", "conversation", "background"):
        if getattr(asked, name):
            raise BadRequest(
                f"{name} asks for words to be kept between requests, and none are.",
                fix="Send the whole conversation as input.",
                param=name,
            )


def _call(asked: ResponseRequest) -> ChatCall:
    """Return the request in the older form."""
    messages = [ChatMessage("system", asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        messages.append(ChatMessage("user", asked.input))
    else:
        messages += [_turn(number, item) for number, item in enumerate(asked.input)]
    form = (asked.text or {}).get("format") or {}
    wanted = None
    if form.get("type") == "json_schema":
        inner = {name: form[name] for name in ("name", "schema", "strict", "description") if name in form}
        wanted = {"type": "json_schema", "json_schema": inner}
    elif form.get("type") == "json_object":
        wanted = {"type": "json_object"}
    effort = (asked.reasoning or {}).get("effort")
    return ChatCall(
        model=asked.model,
        messages=messages,
        max_completion_tokens=asked.max_output_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        tools=[_tool(tool) for tool in asked.tools] if asked.tools else None,
        tool_choice=_tool_choice(asked.tool_choice),
        parallel_tool_calls=asked.parallel_tool_calls,
        response_format=wanted,
        reasoning_effort=effort if isinstance(effort, str) else None,
        stream=bool(asked.stream),
    )


def _turn(number: int, item: _Item) -> ChatMessage:
    if item.type == "message":
        return ChatMessage(item.role, item.content)
    if item.type == "function_call":
        function = {"name": item.name, "arguments": item.arguments}
        return ChatMessage(
            "assistant", tool_calls=[{"id": item.call_id, "type": "function", "function": function}]
        )
    if item.type == "function_call_output":
        return ChatMessage("tool", item.output, tool_call_id=item.call_id)
    raise BadRequest(
        f"Item {number} of the input is of the type {item.type[:40]!r}.",
        fix="Known: message, function_call, function_call_output.",
        param=f"input[{number}].type",
    )


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        raise BadRequest(
            f"A tool is of the type {str(tool.get('type'))[:40]!r}.",
            fix="Use functions; tools that a vendor runs would act outside of the guards.",
            param="tools",
        )
    kept = {name: tool[name] for name in ("name", "description", "parameters", "strict") if name in tool}
    return {"type": "function", "function": kept}


def _tool_choice(choice: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
    if isinstance(choice, dict):
        return {"type": "function", "function": {"name": choice.get("name", "")}}
    return choice


def _gather(calls: dict[int, dict[str, Any]], pieces: Iterable[dict[str, Any]]) -> None:
    """Put pieces of calls of tools together, by their number."""
    for piece in pieces:
        function = piece.get("function") or {}
        one = calls.setdefault(
            int(piece.get("index", 0)), {"id": "", "function": {"name": "", "arguments": ""}}
        )
        one["id"] = piece.get("id") or one["id"]
        one["function"]["name"] += function.get("name") or ""
        one["function"]["arguments"] += function.get("arguments") or ""


def _message(id: str, text: str | None, refusal: str | None) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if refusal:
        content.append({"type": "refusal", "refusal": refusal})
    elif text is not None:
        content.append(_text(text))
    return {"id": id, "type": "message", "role": "assistant", "status": "completed", "content": content}


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _function(id: str, number: int, call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    return {
        "id": f"fc_{id}_{number}",
        "type": "function_call",
        "status": "completed",
        "call_id": str(call.get("id") or ""),
        "name": str(function.get("name") or ""),
        "arguments": str(function.get("arguments") or ""),
    }


responses = (create_response,)
