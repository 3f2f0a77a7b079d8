"""Settings of a language model: where it is, what it costs, and how its key is found."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from flyball.core.errors import BadInput
from flyball.core.hosts import is_this_machine
from flyball.core.records import Field
from flyball.models.experts.language_model.answers import ASKABLE
from flyball.models.experts.spending import Limits

__all__ = ["BadLanguageModel", "ModelSettings", "read_settings", "refuse_no_price"]

Provider = Literal["openai-compatible", "anthropic"]

_ANTHROPIC = "https://api.anthropic.com"
_NO_KEY = "none"
_PRICES = ("eur_per_million_input_tokens", "eur_per_million_output_tokens")
_HANDED_IN = {"fields", "state", "name", "limits"}
_FIX_KEY = 'Write api_key = "env:NAME" or "file:PATH"; "none" where the endpoint needs no key.'


class BadLanguageModel(BadInput):
    """The settings of a language model cannot be used."""

    code = "language_model.bad_settings"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where a language model is and how it is asked.

    Parameters
    ----------
    provider : {"openai-compatible", "anthropic"}
    model : str
        Name that the endpoint knows.
    base_url : str
        For instance "https://llm.example.com/v1". Plain http only on this machine, unless
        `allow_plain_http`.
    api_key : str
        The key itself, looked up; never printed, saved or put into a message.
    fields : tuple of Field
        What may be asked.
    name : str
        Name of the expert in the deployment.
    timeout_seconds : float
        For one request.
    max_retries : int
        Further tries after 429, 5xx and lost connections.
    parallel : int
        Requests under way at once.
    characters_per_request : int
        Longer texts are cut into overlapping parts.
    max_output_tokens : int
    structured : {"tool", "schema", "text"}
        How the answer's form is asked for: as a tool call, by a JSON schema that the endpoint decodes by,
        or, for endpoints that know neither, in words.
    allow_plain_http : bool
    eur_per_million_input_tokens, eur_per_million_output_tokens : Decimal
        0 means free, such as a model on one's own machine.
    repairs : int
        How often a wrong answer is told to the model before it is thrown away.
    samples : int
        How often each question is asked; the share that agrees is what confidence is measured by.
    temperature : float or None
        None: 0.7 with several samples of other than Anthropic, otherwise what the endpoint takes by itself.
    examples : int
        So many labelled cases are shown with a question; 0 for none.
    examples_by : {"words", "meaning"}
        How they are looked up: by shared words, or by words and by a sentence encoder.
    encoder : str
        Folder of the sentence encoder; "" for none.
    budget_eur_per_day : Decimal or None
        The most that the expert may spend in a day; None for no limit of its own.
    state : str
        Folder where what was spent is remembered; handed in by the deployment.
    limits : Limits
        What the whole deployment may spend; handed in by it.
    """

    provider: Provider
    model: str
    base_url: str
    api_key: str = field(repr=False)
    fields: tuple[Field, ...]
    name: str = "language_model"
    timeout_seconds: float = 60.0
    max_retries: int = 2
    parallel: int = 4
    characters_per_request: int = 60_000
    max_output_tokens: int = 8_000
    structured: Literal["tool", "schema", "text"] = "tool"
    allow_plain_http: bool = False
    eur_per_million_input_tokens: Decimal = Decimal(0)
    eur_per_million_output_tokens: Decimal = Decimal(0)
    repairs: int = 1
    samples: int = 1
    temperature: float | None = None
    examples: int = 0
    examples_by: Literal["words", "meaning"] = "words"
    encoder: str = ""
    budget_eur_per_day: Decimal | None = None
    state: str = field(default="", compare=False)
    limits: Limits = field(default_factory=Limits, compare=False)

    @property
    def sampling(self) -> float | None:
        """The temperature that is asked for; None leaves it to the endpoint.

        Anthropic's newer models refuse any; by itself it samples at 1, so that samples differ there, too.
        """
        several = self.samples > 1 and self.provider != "anthropic"
        return 0.7 if self.temperature is None and several else self.temperature

    @property
    def host(self) -> str:
        """The one host that the expert talks to, for the list of what may leave the house."""
        return urlsplit(self.base_url).hostname or ""


def read_settings(given: Mapping[str, object], environ: Mapping[str, str] | None = None) -> ModelSettings:
    """Read plain settings strictly and look up the key.

    Parameters
    ----------
    given : mapping
        As in `[expert.settings]`, and `fields`: the deployment's `Field` records, or their keys.
    environ : mapping, optional
        Defaults to the process environment.

    Raises
    ------
    BadLanguageModel
        An unknown or missing setting, a value out of range, a key that is not there, an address
        over which the text would travel unprotected. The message never holds the key.
    """
    known = {item.name for item in fields(ModelSettings)}
    strange = sorted(set(given) - known)
    if strange:
        raise BadLanguageModel(
            f"The expert language_model has no setting {strange[0]!r}.",
            fix=f"Known: {', '.join(sorted(known - _HANDED_IN))}.",
            setting=strange[0],
        )
    provider = _one_of(given, "provider", ("openai-compatible", "anthropic"), "")
    settings = ModelSettings(
        provider="anthropic" if provider == "anthropic" else "openai-compatible",
        model=_text(given, "model", ""),
        base_url=_text(given, "base_url", _ANTHROPIC if provider == "anthropic" else "").rstrip("/"),
        api_key=_key(given, os.environ if environ is None else environ),
        fields=_fields(given.get("fields", ())),
        name=_text(given, "name", "language_model"),
        timeout_seconds=_number(given, "timeout_seconds", 60.0, 0.05, 3600),
        max_retries=int(_number(given, "max_retries", 2, 0, 20)),
        parallel=int(_number(given, "parallel", 4, 1, 64)),
        characters_per_request=int(_number(given, "characters_per_request", 60_000, 500, 2_000_000)),
        max_output_tokens=int(_number(given, "max_output_tokens", 8_000, 100, 200_000)),
        structured=_structured(given, provider),
        allow_plain_http=given.get("allow_plain_http") is True,
        eur_per_million_input_tokens=_price(given, "eur_per_million_input_tokens"),
        eur_per_million_output_tokens=_price(given, "eur_per_million_output_tokens"),
        repairs=int(_number(given, "repairs", 1, 0, 5)),
        samples=int(_number(given, "samples", 1, 1, 25)),
        temperature=_number(given, "temperature", 0.0, 0.0, 2.0) if "temperature" in given else None,
        examples=int(_number(given, "examples", 0, 0, 50)),
        examples_by="meaning"
        if _one_of(given, "examples_by", ("words", "meaning"), "words") == "meaning"
        else "words",
        encoder=_text(given, "encoder", "") if given.get("encoder") else "",
        budget_eur_per_day=_price(given, "budget_eur_per_day") if "budget_eur_per_day" in given else None,
        state=str(given.get("state", "")),
        limits=limits if isinstance(limits := given.get("limits"), Limits) else Limits(),
    )
    if settings.examples_by == "meaning" and not Path(settings.encoder).is_absolute():
        raise BadLanguageModel(
            f"Examples are to be looked up by meaning, and the encoder is {settings.encoder!r}.",
            fix='Write encoder = "/FOLDER" of a sentence encoder, from the root, or examples_by = "words".',
        )
    _refuse_unprotected(settings)
    if settings.budget_eur_per_day is not None or settings.limits:
        refuse_no_price(settings.name, given)
    return settings


def refuse_no_price(name: str, given: Mapping[str, object]) -> None:
    """Refuse a budget over a model of which nobody says what it costs: it could never be spent.

    Raises
    ------
    BadLanguageModel
        One of the prices is missing.
    """
    for price in _PRICES:
        if price not in given:
            raise BadLanguageModel(
                f"The language model {name} is bound by a budget and has no {price}.",
                fix=f'Write {price}, such as "0.25"; "0" where it is free.',
                setting=price,
            )


def _text(given: Mapping[str, object], name: str, default: str) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise BadLanguageModel(
            f"The setting {name} of the expert language_model is missing or not text.",
            fix=f'Write {name} = "...".',
            setting=name,
        )
    return value.strip()


def _one_of(given: Mapping[str, object], name: str, allowed: Sequence[str], default: str) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise BadLanguageModel(
            f"The setting {name} of the expert language_model is {value!r}.",
            fix=f"Write one of: {', '.join(allowed)}.",
            setting=name,
        )
    return str(value)


def _structured(given: Mapping[str, object], provider: str) -> Literal["tool", "schema", "text"]:
    chosen = _one_of(given, "structured", ("tool", "schema", "text"), "tool")
    if chosen == "schema" and provider == "anthropic":
        raise BadLanguageModel(
            'The provider anthropic knows no structured = "schema".',
            fix='Write structured = "tool".',
            setting="structured",
        )
    return "schema" if chosen == "schema" else "text" if chosen == "text" else "tool"


def _number(given: Mapping[str, object], name: str, default: float, least: float, most: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadLanguageModel(
            f"The setting {name} of the expert language_model is {value!r}.",
            fix=f"Write a number from {least:g} to {most:g}.",
            setting=name,
        )
    return value


def _price(given: Mapping[str, object], name: str) -> Decimal:
    value = given.get(name, "0")
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal("NaN")
    if isinstance(value, bool) or not price.is_finite() or price < 0:
        raise BadLanguageModel(
            f"The setting {name} of the expert language_model is {value!r}.",
            fix='Write an amount in EUR as text, such as "0.25"; "0" means free, or for a budget nothing.',
            setting=name,
        )
    return price


def _key(given: Mapping[str, object], environ: Mapping[str, str]) -> str:
    reference = given.get("api_key")
    if reference == _NO_KEY:
        return "no-key-needed"
    kind, _, where = str(reference or "").partition(":")
    if kind == "env" and where:
        key = environ.get(where, "").strip()
        if not key:
            raise BadLanguageModel(
                f"The key of the language model should stand in the environment variable {where}, "
                "which is not set.",
                fix=f"Set {where}, or take the expert out of flyball.toml.",
                variable=where,
            )
    elif kind == "file" and where:
        try:
            key = Path(where).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as err:
            raise BadLanguageModel(
                f"The key of the language model should stand in the file {where}, which cannot be read.",
                fix="Write the key into that file, readable by you only.",
                file=where,
            ) from err
        if not key:
            raise BadLanguageModel(f"The file {where} is empty.", fix="Write the key into it.", file=where)
    else:  # what stands there may be the key itself: it is not repeated
        raise BadLanguageModel(
            "The setting api_key of the expert language_model is not a reference to a key.", fix=_FIX_KEY
        )
    if not key.isascii() or not key.isprintable():
        raise BadLanguageModel(
            "The key of the language model holds characters that no key has.", fix="Copy it again."
        )
    return key


def _fields(given: object) -> tuple[Field, ...]:
    items = given.split(";") if isinstance(given, str) else given
    if not isinstance(items, Sequence):
        raise BadLanguageModel(
            "The setting fields of the expert language_model is not a list.", fix="List keys."
        )
    found: list[Field] = []
    for item in items:
        if isinstance(item, Field):
            found += [item] if item.kind in ASKABLE else []
        elif isinstance(item, str) and item.strip():
            title = item.strip().replace("_", " ")
            found.append(Field(item.strip(), title, f"Does the contract have a clause on {title}?"))
    if not found:
        raise BadLanguageModel(
            "The expert language_model has no field to ask about.",
            fix=f"Declare one of the kinds {', '.join(ASKABLE)} in the fields of the deployment.",
        )
    return tuple(found)


def _refuse_unprotected(settings: ModelSettings) -> None:
    parts = urlsplit(settings.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise BadLanguageModel(
            "The setting base_url of the expert language_model is not a plain http or https address.",
            fix="Write it without login and parameters, such as https://llm.example.com/v1.",
        )
    if parts.scheme == "http" and not settings.allow_plain_http and not is_this_machine(parts.hostname):
        raise BadLanguageModel(
            f"The text of contracts would travel unprotected to {parts.hostname}.",
            fix="Use https, or write allow_plain_http = true if the network itself is protected.",
            host=parts.hostname,
        )
