"""One question to an endpoint: ask, check the answer, tell the model what is wrong with it, then refuse."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flyball.core.errors import FlyballError
from flyball.core.estimates import Failed
from flyball.core.records import Field
from flyball.models.experts.language_model.answers import Checked, Problem, Said, check, schema_of
from flyball.models.experts.language_model.attempt import Attempt
from flyball.models.experts.language_model.examples import Example
from flyball.models.experts.language_model.prompt import again, instructions, question
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage, Reply, ReplyMessage
from flyball.models.experts.spending import NotPaid
from flyball.models.router.errors import BudgetSpent, BudgetUnreadable

__all__ = ["Endpoint", "Replied", "Usage"]

_WRONG_FORM = "the answer of the model does not have the form that was asked for"
_REFUSED = "the model refused to answer"
_CUT_OFF = "your answer was cut off because it was too long: quote less"
_FUNCTION = "answer"


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used. The tokens of a request that failed are not known; its cost is the most that it can be.

    Parameters
    ----------
    requests, input_tokens, output_tokens : int
    cost_eur : Decimal
        By the prices in the settings; 0 means free.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_eur: Decimal = Decimal(0)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_eur + other.cost_eur,
        )


@dataclass(frozen=True, slots=True)
class Replied:
    """What the model says about one part of a text.

    Parameters
    ----------
    said : dict of str to Said
        By field; spans are places in the part.
    refused : dict of str to Problem
        Fields whose answer was not taken, after every repair.
    """

    said: dict[str, Said] = field(default_factory=dict)
    refused: dict[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that is ready to be asked, inside one event loop."""

    upstream: Upstream

    async def ask(
        self, text: str, fields: Sequence[Field], examples: Sequence[Example] = (), *, tenant: str = "default"
    ) -> tuple[Replied | Failed, Usage]:
        """Ask about one part of a document. Whatever goes wrong out there becomes `Failed`."""
        settings = self.upstream.settings
        talk = self._opening(text, fields, examples)
        left, found, tried = list(fields), Replied(), list[Attempt]()
        for number in range(settings.repairs + 1):
            try:
                reply = await self.upstream.complete(self._call(talk, left), tried, tenant=tenant)
            except (BudgetSpent, BudgetUnreadable) as err:
                return Failed(err.message) if tried else NotPaid(err.message), _usage(tried)
            except FlyballError as err:
                return Failed(err.message), _usage(tried)
            choice = reply.choices[0]
            if choice.message.refusal or choice.finish_reason == "content_filter":
                return Failed(_REFUSED), _usage(tried)
            checked = _checked(reply, left, text)
            found.said.update(checked.said)
            left = [one for one in left if one.key in checked.problems]
            if not left or number == settings.repairs:
                found.refused.update(checked.problems)
                break
            talk += _told_again(choice.message, checked.problems)
        if not found.said and all(one.kind == "form" for one in found.refused.values()):
            return Failed(f"{_WRONG_FORM} ({next(iter(found.refused.values())).why})"), _usage(tried)
        return found, _usage(tried)

    def first_call(self, text: str, fields: Sequence[Field], examples: Sequence[Example] = ()) -> ChatCall:
        """Return the request with which asking begins; nothing is sent."""
        return self._call(self._opening(text, fields, examples), fields)

    def _opening(self, text: str, fields: Sequence[Field], examples: Sequence[Example]) -> list[ChatMessage]:
        by_call = self.upstream.settings.structured == "tool"
        fence, message = question(text, examples)
        told = instructions(fields, fence, by_call=by_call, examples=bool(examples))
        return [ChatMessage("system", told), ChatMessage("user", message)]

    def _call(self, talk: Sequence[ChatMessage], fields: Sequence[Field]) -> ChatCall:
        settings = self.upstream.settings
        call = ChatCall(settings.model, list(talk), max_tokens=settings.max_output_tokens)
        call.temperature = settings.sampling
        schema = schema_of(fields)
        if settings.structured == "tool":
            function = {"name": _FUNCTION, "description": "Hand in the answers.", "parameters": schema}
            call.tools = [{"type": "function", "function": function}]
            call.tool_choice = {"type": "function", "function": {"name": _FUNCTION}}
        elif settings.structured == "schema":
            form = {"name": "answers", "strict": True, "schema": schema}
            call.response_format = {"type": "json_schema", "json_schema": form}
        return call


def _checked(reply: Reply, fields: Sequence[Field], text: str) -> Checked:
    choice = reply.choices[0]
    found = check(_written(choice.message), fields, text)
    if choice.finish_reason == "length":
        cut = {key: Problem(one.kind, _CUT_OFF) for key, one in found.problems.items() if one.kind == "form"}
        found.problems.update(cut)
    return found


def _written(message: ReplyMessage) -> str:
    """Return what the model answered, by a call or in words."""
    for call in message.tool_calls or ():
        arguments = _arguments(call)
        if arguments:
            return arguments
    return message.content or ""


def _arguments(call: dict[str, Any]) -> str:
    function = call.get("function")
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""


def _told_again(message: ReplyMessage, problems: dict[str, Problem]) -> list[ChatMessage]:
    """Return its own answer and what is wrong with it, as the next messages of the talk."""
    told = again(problems)
    call = next(iter(message.tool_calls or ()), None)
    if call is not None and isinstance(call.get("id"), str) and call["id"] and _arguments(call):
        return [
            ChatMessage("assistant", message.content, tool_calls=[call]),
            ChatMessage("tool", told, tool_call_id=call["id"]),
        ]
    own = [ChatMessage("assistant", message.content)] if message.content else []
    return [*own, ChatMessage("user", told)]


def _usage(tried: Sequence[Attempt]) -> Usage:
    tokens = [one.tokens for one in tried if one.tokens is not None]
    return Usage(
        len(tried),
        sum(max(one.prompt_tokens, 0) for one in tokens),
        sum(max(one.completion_tokens, 0) for one in tokens),
        sum((Decimal(one.cost_eur) for one in tried), Decimal(0)),
    )
