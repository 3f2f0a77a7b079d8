"""The one place that talks to an endpoint, through pydantic-ai; its interface moves, so it ends here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flyball.core.estimates import Failed
from flyball.core.extras import optional_import
from flyball.core.records import Field
from flyball.models.experts.language_model.prompt import instructions, question
from flyball.models.experts.language_model.settings import ModelSettings

__all__ = ["Endpoint", "FieldReply", "Reply", "Usage", "open_endpoint"]

_EXTRA = "language-model"
_LONGEST_WAIT = 8.0
_UNUSABLE = "the reply of the endpoint cannot be used"
_MEANINGS = {
    "ModelAuthenticationError": "the endpoint does not accept the key",
    "ModelConnectionError": "the endpoint cannot be reached",
    "ModelContextWindowExceededError": "the text is too long for the model",
    "ModelNotFoundError": "the endpoint does not know the model",
    "ModelRateLimitError": "the endpoint has had too many requests",
    "ModelServerError": "the endpoint failed",
    "ModelTimeoutError": "the endpoint did not answer in time",
    "UnexpectedModelBehavior": "the answer of the model does not have the form that was asked for",
}


@dataclass(frozen=True)
class FieldReply:
    """What the model says about one field."""

    field: str
    present: bool
    quotes: list[str]


@dataclass(frozen=True)
class Reply:
    """What the model says about one part of a document: the form that its answer must have."""

    answers: list[FieldReply]


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used. Requests that failed count as requests; their tokens are not known.

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
class Endpoint:
    """An endpoint that is ready to be asked, inside one event loop."""

    settings: ModelSettings
    model: Any
    client: Any
    failures: tuple[type[Exception], ...]

    async def ask(self, text: str, fields: Sequence[Field]) -> tuple[Reply | Failed, Usage]:
        """Ask about one part of a document. Whatever goes wrong out there becomes `Failed`."""
        pydantic_ai = optional_import("pydantic_ai", extra=_EXTRA)
        form = pydantic_ai.ToolOutput if self.settings.structured == "tool" else pydantic_ai.PromptedOutput
        fence, message = question(text)
        agent = pydantic_ai.Agent(
            self.model, output_type=form(Reply), instructions=instructions(fields, fence), retries=0
        )
        patience = (self.settings.timeout_seconds + _LONGEST_WAIT) * (self.settings.max_retries + 1)
        try:
            async with asyncio.timeout(patience):
                result = await agent.run(
                    message, model_settings={"max_tokens": self.settings.max_output_tokens}
                )
        except TimeoutError:
            return Failed(f"no answer within {patience:g} seconds"), Usage(requests=1)
        except self.failures as err:
            return Failed(_said(err)), Usage(requests=1)
        return result.output, self._usage(result.usage)

    def _usage(self, used: Any) -> Usage:
        cost = (
            used.input_tokens * self.settings.eur_per_million_input_tokens
            + used.output_tokens * self.settings.eur_per_million_output_tokens
        ) / Decimal(1_000_000)
        return Usage(used.requests, used.input_tokens, used.output_tokens, cost)

    async def close(self) -> None:
        """Close its connections."""
        await self.client.aclose()


def open_endpoint(settings: ModelSettings) -> Endpoint:
    """Return an endpoint; nothing is sent yet.

    Redirects are not followed: the text goes to the host in the settings and nowhere else.

    Raises
    ------
    MissingExtra
        The extra `language-model` is not installed.
    """
    pydantic_ai = optional_import("pydantic_ai.exceptions", extra=_EXTRA)
    client = optional_import("httpx2", extra=_EXTRA).AsyncClient(
        follow_redirects=False, timeout=settings.timeout_seconds
    )
    options = {
        "api_key": settings.api_key,
        "base_url": settings.base_url,
        "max_retries": settings.max_retries,
        "timeout": settings.timeout_seconds,
        "http_client": client,
    }
    if settings.provider == "anthropic":
        library = optional_import("anthropic", extra=_EXTRA)
        models = optional_import("pydantic_ai.models.anthropic", extra=_EXTRA)
        providers = optional_import("pydantic_ai.providers.anthropic", extra=_EXTRA)
        provider = providers.AnthropicProvider(anthropic_client=library.AsyncAnthropic(**options))
        model = models.AnthropicModel(settings.model, provider=provider)
        error = library.AnthropicError
    else:
        library = optional_import("openai", extra=_EXTRA)
        models = optional_import("pydantic_ai.models.openai", extra=_EXTRA)
        providers = optional_import("pydantic_ai.providers.openai", extra=_EXTRA)
        provider = providers.OpenAIProvider(openai_client=library.AsyncOpenAI(**options))
        model = models.OpenAIChatModel(settings.model, provider=provider)
        error = library.OpenAIError
    # What a strange server can provoke: the libraries' errors, and ValueError from what they parse.
    failures = (
        pydantic_ai.AgentRunError,
        pydantic_ai.UserError,
        error,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    )
    return Endpoint(settings, model, client, failures)


def _said(err: Exception) -> str:
    """Return what went wrong in our own words.

    The words of the reply are left out: a server may echo the document or the key in them.
    """
    name = type(err).__name__
    status = getattr(err, "status_code", None)
    return f"{_MEANINGS.get(name, _UNUSABLE)} ({name}{f', HTTP {status}' if status is not None else ''})"
