"""How two families of endpoints write a chat: OpenAI's form as it is, Anthropic's translated to and fro.

Sources, read 2026-11: OpenAI API reference, "Create chat completion"; Anthropic API reference, "Messages"
and "Streaming messages" (version header 2023-06-01; beside it stands 2026-10-21, which takes no sampling
parameters, and newer models refuse them under either version).
"""

from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from flyball.models.experts.language_model.settings import ModelSettings
from flyball.models.experts.language_model.wire import (
    ChatCall,
    ChatMessage,
    Choice,
    Chunk,
    ChunkChoice,
    Delta,
    Reply,
    ReplyMessage,
    Tokens,
    text_of,
)

__all__ = ["DONE", "AnthropicForm", "OpenAIForm", "Unusable", "WireForm", "form_of"]

DONE = object()
"""What a reader of pieces returns where the stream says that it is complete."""

Pieces = Callable[[bytes], "Chunk | object | None"]


class Unusable(Exception):
    """What came back is no reply. Its words are left out: they may repeat the request."""


class WireForm(Protocol):
    """A way to write requests and read replies."""

    path: str

    def headers(self, settings: ModelSettings) -> dict[str, str]:
        """Return the headers, with the key."""
        ...

    def body(self, call: ChatCall, settings: ModelSettings, most_tokens: int) -> bytes:
        """Return the body of the request."""
        ...

    def reply(self, data: bytes) -> Reply:
        """Read a whole reply; `Unusable` where it is none."""
        ...

    def pieces(self) -> Pieces:
        """Return a reader for the events of one stream: a `Chunk`, `DONE`, or None for nothing new."""
        ...


_REPLY = msgspec.json.Decoder(Reply)
_CHUNK = msgspec.json.Decoder(Chunk)
_ENCODE = msgspec.json.Encoder().encode


class OpenAIForm:
    """As OpenAI, Azure, vLLM, Ollama, Mistral and many others write it."""

    path = "/chat/completions"

    def headers(self, settings: ModelSettings) -> dict[str, str]:
        """Return the headers, with the key."""
        return {"Authorization": f"Bearer {settings.api_key}", "Content-Type": "application/json"}

    def body(self, call: ChatCall, settings: ModelSettings, most_tokens: int) -> bytes:
        """Return the body of the request."""
        new = call.max_completion_tokens is not None or urlsplit(settings.base_url).hostname == _OPENAI
        return _ENCODE(
            msgspec.structs.replace(
                call,
                model=settings.model,
                max_tokens=None if new else most_tokens,
                max_completion_tokens=most_tokens if new else None,
                stream_options={"include_usage": True} if call.stream else None,
            )
        )

    def reply(self, data: bytes) -> Reply:
        """Read a whole reply."""
        try:
            reply = _REPLY.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise Unusable(type(err).__name__) from None
        if not reply.choices:
            raise Unusable("no choice")
        return reply

    def pieces(self) -> Pieces:
        """Return a reader for the events of one stream."""

        def read(data: bytes) -> Chunk | object | None:
            if data == b"[DONE]":
                return DONE
            try:
                return _CHUNK.decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
                raise Unusable(type(err).__name__) from None

        return read


_OPENAI = "api.openai.com"


class AnthropicForm:
    """As Anthropic writes it: the system apart, parts of many kinds, tools by another name."""

    path = "/v1/messages"

    def headers(self, settings: ModelSettings) -> dict[str, str]:
        """Return the headers, with the key."""
        return {
            "x-api-key": settings.api_key,
            "anthropic-version": "2023-06-01",
            "Content-Type": "application/json",
        }

    def body(self, call: ChatCall, settings: ModelSettings, most_tokens: int) -> bytes:
        """Return the body of the request."""
        system = "\n\n".join(text_of(one) for one in call.messages if one.role in _SYSTEM)
        body: dict[str, Any] = {
            "model": settings.model,
            "max_tokens": most_tokens,
            "messages": _turns([one for one in call.messages if one.role not in _SYSTEM]),
        }
        optional: dict[str, Any] = {
            "system": system or None,
            "temperature": None if call.temperature is None else min(call.temperature, 1.0),
            "top_p": call.top_p,
            "stop_sequences": [call.stop] if isinstance(call.stop, str) else call.stop,
            "stream": call.stream or None,
            "tools": [_tool(one) for one in call.tools] if call.tools else None,
            "tool_choice": _tool_choice(call),
        }
        return _ENCODE(body | {name: value for name, value in optional.items() if value is not None})

    def reply(self, data: bytes) -> Reply:
        """Read a whole reply."""
        try:
            said = msgspec.json.decode(data, type=_Message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise Unusable(type(err).__name__) from None
        text = "".join(one.text for one in said.content if one.type == "text")
        calls = [
            _call(one.id, one.name, _ENCODE(one.input).decode())
            for one in said.content
            if one.type == "tool_use"
        ]
        message = ReplyMessage(content=text or None, tool_calls=calls or None)
        if said.stop_reason == "refusal":
            message.refusal = "The model refused."
        return Reply(
            [Choice(message, 0, _FINISHED.get(said.stop_reason or "", "stop"))],
            said.usage.tokens(),
            said.model,
        )

    def pieces(self) -> Pieces:
        """Return a reader for the events of one stream."""
        used = _Used()
        calls: dict[int, int] = {}

        def read(data: bytes) -> Chunk | object | None:
            try:
                event = msgspec.json.decode(data, type=_Event)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
                raise Unusable(type(err).__name__) from None
            if event.type == "message_start" and event.message is not None:
                used.input_tokens = event.message.usage.all_input()
                return None
            if event.type == "content_block_start" and event.content_block.type == "tool_use":
                calls[event.index] = len(calls)
                block = event.content_block
                return _piece(
                    Delta(tool_calls=[_call(block.id, block.name, "") | {"index": calls[event.index]}])
                )
            if event.type == "content_block_delta" and event.delta.text:
                return _piece(Delta(content=event.delta.text))
            if event.type == "content_block_delta" and event.delta.partial_json and event.index in calls:
                more = {"index": calls[event.index], "function": {"arguments": event.delta.partial_json}}
                return _piece(Delta(tool_calls=[more]))
            if event.type == "message_delta":
                used.output_tokens = event.usage.output_tokens if event.usage else 0
                finished = _FINISHED.get(event.delta.stop_reason or "", "stop")
                return Chunk([ChunkChoice(Delta(), 0, finished)], used.tokens())
            if event.type == "message_stop":
                return DONE
            if event.type == "error":
                raise Unusable("error event")
            return None

        return read


def form_of(settings: ModelSettings) -> WireForm:
    """Return the form that the provider speaks."""
    return AnthropicForm() if settings.provider == "anthropic" else OpenAIForm()


_SYSTEM = ("system", "developer")
_FINISHED = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "model_context_window_exceeded": "length",
}


class _Used(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    def all_input(self) -> int:
        return (
            self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)
        )

    def tokens(self) -> Tokens:
        given = self.all_input()
        return Tokens(given, self.output_tokens, given + self.output_tokens)


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, Any] = {}


class _Message(msgspec.Struct):
    content: list[_Block]
    usage: _Used
    stop_reason: str | None = None
    model: str = ""


class _Started(msgspec.Struct):
    usage: _Used = msgspec.field(default_factory=_Used)


class _EventDelta(msgspec.Struct):
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    message: _Started | None = None
    content_block: _Block = msgspec.field(default_factory=_Block)
    delta: _EventDelta = msgspec.field(default_factory=_EventDelta)
    usage: _Used | None = None


def _piece(delta: Delta) -> Chunk:
    return Chunk([ChunkChoice(delta)])


def _call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _turns(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """Return the messages; results of tools become parts of a message of the user, as Anthropic wants it."""
    turns: list[dict[str, Any]] = []
    for one in messages:
        role = "assistant" if one.role == "assistant" else "user"
        parts: list[dict[str, Any]] = []
        if one.role == "tool":
            parts.append(
                {"type": "tool_result", "tool_use_id": one.tool_call_id or "", "content": text_of(one)}
            )
        elif words := text_of(one):
            parts.append({"type": "text", "text": words})
        for call in one.tool_calls or ():
            function = call.get("function", {})
            try:
                given = msgspec.json.decode(function.get("arguments") or "{}")
            except (msgspec.DecodeError, RecursionError):
                given = {}
            parts.append(
                {
                    "type": "tool_use",
                    "id": call.get("id", ""),
                    "name": function.get("name", ""),
                    "input": given,
                }
            )
        if not parts:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += parts
        else:
            turns.append({"role": role, "content": parts})
    return turns


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function", {})
    found = {
        "name": function.get("name", ""),
        "input_schema": function.get("parameters") or {"type": "object"},
    }
    return found | ({"description": function["description"]} if function.get("description") else {})


def _tool_choice(call: ChatCall) -> dict[str, Any] | None:
    choice = call.tool_choice
    if isinstance(choice, dict):
        return {"type": "tool", "name": choice.get("function", {}).get("name", "")}
    return {"auto": {"type": "auto"}, "required": {"type": "any"}, "none": {"type": "none"}}.get(choice or "")
