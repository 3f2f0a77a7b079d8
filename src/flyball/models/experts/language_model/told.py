"""What a trace says of one request to a language model, by the names of OpenTelemetry.

Source: OpenTelemetry semantic conventions for generative AI, "Inference" (docs/gen-ai/gen-ai-spans.md of
open-telemetry/semantic-conventions-genai, read 2026-11; status: development). Left out: what may hold words
of a case, such as `gen_ai.request.stop_sequences`; messages only where the deployment keeps texts.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from flyball.core.tracing import Span, Value, span
from flyball.models.experts.language_model.settings import ModelSettings
from flyball.models.experts.language_model.wire import ChatCall, Chunk, Reply, Tokens, text_of

__all__ = ["Heard", "about_model", "begin_told", "end_told", "provider_of"]

_PROVIDERS = (
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}\Z")
"""What an endpoint says is taken for a name only where it looks like one: it could repeat words of a case."""
_PORTS = {"https": 443, "http": 80}


def provider_of(settings: ModelSettings) -> str:
    """Return the name of a provider; an endpoint that nobody knows speaks the form of OpenAI."""
    if settings.provider == "anthropic":
        return "anthropic"
    host = settings.host.lower()
    return next((name for end, name in _PROVIDERS if host == end or host.endswith(f".{end}")), "openai")


def about_model(settings: ModelSettings) -> dict[str, Value]:
    """Return what is the same for every request to an endpoint."""
    parts = urlsplit(settings.base_url)
    port = parts.port or _PORTS.get(parts.scheme)
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider_of(settings),
        "gen_ai.request.model": settings.model,
        "server.address": settings.host,
        **({"server.port": port} if port else {}),
        "flyball.expert": settings.name,
    }


def begin_told(about: Mapping[str, Value], call: ChatCall, most_tokens: int, number: int) -> Span:
    """Return the span of one request, which `end_told` or `Heard.end` ends; `number` counts further tries."""
    told = span(f"chat {about['gen_ai.request.model']}", "client")
    if not told.recording:
        return told
    told.attributes.update(about)
    told.set("gen_ai.request.max_tokens", most_tokens)
    told.set("gen_ai.request.temperature", call.temperature)
    told.set("gen_ai.request.top_p", call.top_p)
    told.set("gen_ai.request.frequency_penalty", call.frequency_penalty)
    told.set("gen_ai.request.presence_penalty", call.presence_penalty)
    told.set("gen_ai.request.seed", call.seed)
    if call.stream:
        told.set("gen_ai.request.stream", True)
    if call.response_format:
        kind = call.response_format.get("type")
        told.set("gen_ai.output.type", "text" if kind == "text" else "json")
    if number:
        told.set("http.request.resend_count", number)
    if told.keeps_words:
        told.words("gen_ai.input.messages", [(one.role, text_of(one)) for one in call.messages])
    return told


def end_told(told: Span, reply: Reply) -> None:
    """Say what came back as a whole."""
    if told.recording:
        choice = reply.choices[0]
        _tokens(told, reply.usage)
        _named(told, "gen_ai.response.model", reply.model)
        _finish(told, choice.finish_reason)
        if told.keeps_words:
            said = choice.message.content or choice.message.refusal or ""
            told.words("gen_ai.output.messages", [("assistant", said)], choice.finish_reason or "")
    told.end()


class Heard:
    """What comes back in pieces."""

    __slots__ = ("_finish", "_told", "_words")

    def __init__(self, told: Span) -> None:
        self._told = told
        self._words: list[str] | None = [] if told.keeps_words else None
        self._finish: str | None = None

    def take(self, piece: Chunk) -> None:
        """Take a piece."""
        told = self._told
        if not told.recording:
            return
        if "gen_ai.response.time_to_first_chunk" not in told.attributes:
            told.set("gen_ai.response.time_to_first_chunk", (told.trace.now() - told.start) / 1e9)
        for choice in piece.choices[:1]:
            self._finish = choice.finish_reason or self._finish
            if self._words is not None:
                self._words.append(choice.delta.content or choice.delta.refusal or "")

    def end(self, usage: Tokens | None) -> None:
        """Say that all of it came."""
        if self._told.recording:
            _tokens(self._told, usage)
            _finish(self._told, self._finish)
            if self._words is not None:
                said = "".join(self._words)
                self._told.words("gen_ai.output.messages", [("assistant", said)], self._finish or "")
        self._told.end()


def _tokens(told: Span, usage: Tokens | None) -> None:
    if usage is not None:
        told.set("gen_ai.usage.input_tokens", usage.prompt_tokens)
        told.set("gen_ai.usage.output_tokens", usage.completion_tokens)


def _finish(told: Span, reason: str | None) -> None:
    if reason is not None and _NAME.match(reason):
        told.set("gen_ai.response.finish_reasons", (reason,))


def _named(told: Span, name: str, value: str) -> None:
    if _NAME.match(value):
        told.set(name, value)
