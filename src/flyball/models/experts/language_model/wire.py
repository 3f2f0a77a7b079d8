"""The form of a chat that everybody speaks: requests, replies and pieces of replies as OpenAI writes them.

Source: OpenAI API reference, "Create chat completion" and "The chat completion chunk object", read 2026-11.
"""

from typing import Any

import msgspec

__all__ = [
    "ChatCall",
    "ChatMessage",
    "Choice",
    "Chunk",
    "ChunkChoice",
    "Delta",
    "Part",
    "Reply",
    "ReplyMessage",
    "Tokens",
    "text_of",
]


class Part(msgspec.Struct, omit_defaults=True):
    """A part of a message; only texts are taken."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct, omit_defaults=True):
    """A message of a request."""

    role: str
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class ChatCall(msgspec.Struct, omit_defaults=True):
    """A request. What is not named here is not passed on."""

    model: str
    messages: list[ChatMessage]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    stream: bool = False
    stream_options: dict[str, Any] | None = None


class Tokens(msgspec.Struct):
    """What was used, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ReplyMessage(msgspec.Struct, omit_defaults=True):
    """The message of a reply."""

    role: str = "assistant"
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct):
    """One of the replies to a request; we ask for one."""

    message: ReplyMessage
    index: int = 0
    finish_reason: str | None = None


class Reply(msgspec.Struct):
    """A reply."""

    choices: list[Choice]
    usage: Tokens | None = None
    model: str = ""


class Delta(msgspec.Struct, omit_defaults=True):
    """What a piece of a reply adds."""

    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChunkChoice(msgspec.Struct):
    """A piece of one of the replies."""

    delta: Delta
    index: int = 0
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """A piece of a reply."""

    choices: list[ChunkChoice] = []
    usage: Tokens | None = None
    id: str = ""


def text_of(message: ChatMessage) -> str:
    """Return the words of a message."""
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in message.content)
