"""One way to ask for both chat doors: a conversation, or, without `[chat]`, a text that is decided."""

import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from flyball.core.text import count
from flyball.gateway.deciding import plain_document
from flyball.gateway.errors import BadRequest
from flyball.gateway.fencing import DOCUMENT
from flyball.gateway.house import Served
from flyball.gateway.principal import Principal
from flyball.loop.issue import Issued
from flyball.models.decisions.records import Decision
from flyball.models.experts.language_model.wire import (
    ChatCall,
    ChatMessage,
    Choice,
    Chunk,
    ChunkChoice,
    Delta,
    Reply,
    ReplyMessage,
    text_of,
)

__all__ = ["Answer", "TokenCount", "answer", "check_messages", "pieces"]

Door = Literal["chat", "responses"]
TokenCount = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
"""How much a caller may ask for; the deployment's own limit holds below it."""
_ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer that stands in the ledger.

    Parameters
    ----------
    id : str
    reply : Reply
    record : dict
        For the key `flyball` of the reply: the entry in the ledger, and the decision where one was made.
    """

    id: str
    reply: Reply
    record: dict[str, object]


async def answer(served: Served, call: ChatCall, principal: Principal, door: Door) -> Answer:
    """Answer as a whole.

    Raises
    ------
    FlyballError
        Of the guards, the models, the budget, the ledger or the live release.
    """
    if served.chat is not None:
        told = await served.chat.complete(call, principal, door)
        return Answer(told.id, told.reply, {"entry": told.entry})
    issued = await _decided(served, call, principal)
    message = ReplyMessage(content=in_words(served, issued.decision))
    record = {"entry": issued.entry, "decision": msgspec.to_builtins(issued.decision)}
    return Answer(secrets.token_hex(12), Reply([Choice(message, 0, "stop")]), record)


async def pieces(served: Served, call: ChatCall, principal: Principal, door: Door) -> AsyncGenerator[Chunk]:
    """Answer in pieces; the last alone has a `finish_reason`. Close it when the reader goes away."""
    if served.chat is not None:
        async with aclosing(served.chat.stream(call, principal, door)) as source:
            async for piece in source:
                yield piece
        return
    issued = await _decided(served, call, principal)
    name = secrets.token_hex(12)
    yield Chunk([ChunkChoice(Delta(content=in_words(served, issued.decision)))], None, name)
    yield Chunk([ChunkChoice(Delta(), 0, "stop")], None, name)


def check_messages(messages: list[ChatMessage]) -> None:
    """Refuse what would not be looked at: no message, unknown roles, pictures and sound.

    Raises
    ------
    BadRequest
    """
    if not messages:
        raise BadRequest("The request holds no message.", fix="Send at least one.", param="messages")
    for number, one in enumerate(messages):
        if one.role not in _ROLES:
            raise BadRequest(
                f"Message {number} has the role {one.role[:40]!r}.",
                fix=f"Known roles: {', '.join(_ROLES)}.",
                param=f"messages[{number}].role",
            )
        if isinstance(one.content, list):
            strange = next((part.type for part in one.content if part.type not in _TEXTS), None)
            if strange is not None:
                raise BadRequest(
                    f"Message {number} holds a part of the type {strange[:40]!r}.",
                    fix="Send texts; the guards cannot look into anything else, so it may not pass.",
                    param=f"messages[{number}].content",
                )
        _check_calls(number, one)


_TEXTS = ("text", "input_text", "output_text", "refusal", DOCUMENT)
_CALL, _FUNCTION = {"id", "type", "function", "index"}, {"name", "arguments"}
_ID = re.compile(r"[A-Za-z0-9_.:-]{0,128}\Z")


def _check_calls(number: int, message: ChatMessage) -> None:
    """Refuse what stands beside the words of a call of a tool, where no guard looks."""
    ids = [message.tool_call_id or ""]
    for one in message.tool_calls or ():
        function = one.get("function")
        strange = set(one) - _CALL or (
            set(function) - _FUNCTION if isinstance(function, dict) else {"function"}
        )
        strange |= {"type"} if one.get("type", "function") != "function" else set()
        strange |= {"index"} if not isinstance(one.get("index", 0), int) else set()
        if strange:
            raise BadRequest(
                f"Message {number} calls a tool in an unknown form: {min(map(str, strange))[:40]!r}.",
                fix='Send {"id": ..., "type": "function", "function": {"name": ..., "arguments": "..."}}.',
                param=f"messages[{number}].tool_calls",
            )
        ids += [
            str(one.get("id") or ""),
            str(function.get("name") or "") if isinstance(function, dict) else "",
        ]
    if not all(_ID.match(one) for one in ids):
        raise BadRequest(
            f"Message {number} has an id or a function's name of other signs than letters, digits, _.:-.",
            fix="Give it back as the model gave it.",
            param=f"messages[{number}]",
        )


async def _decided(served: Served, call: ChatCall, principal: Principal) -> Issued:
    if served.decider is None:
        raise BadRequest(
            f"{served.name} has neither a [chat] nor fields to decide.", fix="Give its flyball.toml one."
        )
    last = next((one for one in reversed(call.messages) if one.role == "user"), None)
    document = plain_document(text_of(last) if last else "", "message.txt")
    return (await served.decider.decide([document], tenant=principal.tenant))[0]


def in_words(served: Served, decision: Decision) -> str:
    """Return a decision in words, for people in front of a chat window; programs read the record."""
    if not decision.verdict.allowed:
        return f"Refused: {decision.verdict.reason}."
    titles = {field.key: field.title for field in served.workshop.deployment.fields}
    sure = [one for one in decision.fields if one.outcome == "automated"]
    person = [one for one in decision.fields if one.outcome != "automated"]
    lines = [f"Decided by machine: {count(len(sure), 'field')}. For a person: {count(len(person), 'field')}."]
    lines += [
        f"- [{one.severity}] {one.title}: {one.message}" for one in decision.findings if one.status == "found"
    ]
    lines += [
        f"- {titles.get(one.field, one.field)}: {_value(one.answer, one.value, one.unit)}"
        for one in sure
        if one.answer != "false"
    ]
    if person:
        lines.append(
            "A person decides: " + ", ".join(titles.get(one.field, one.field) for one in person) + "."
        )
    return "\n".join(lines)


def _value(answer: str, value: object, unit: str) -> str:
    said = {"true": "yes", "false": "no"}.get(answer, answer)
    return said if value is None else f"{said} ({value}{f' {unit}' if unit else ''})"
