"""LiteLLM's proxy: config.yaml with model_list, router_settings, litellm_settings and general_settings."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from flyball.core.errors import BadInput
from flyball.loop.importers._vendors import VENDORS, azure_address, place_of, plain_address, whose
from flyball.loop.importing import (
    Answers,
    Imported,
    ImportedDeployment,
    ImportedModel,
    Importer,
    euros_per_million,
    read_configuration,
)

__all__ = ["litellm"]

Plain = Mapping[str, object]

_ALIASES = {
    "openai_like": "vllm",
    "custom_openai": "vllm",
    "hosted_vllm": "vllm",
    "lm_studio": "vllm",
    "llamafile": "vllm",
    "litellm_proxy": "vllm",
    "ollama_chat": "ollama",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
}
_KEYS = {"together": "TOGETHERAI_API_KEY", "fireworks": "FIREWORKS_AI_API_KEY"}
_CARRIED = frozenset(
    (
        "model",
        "api_base",
        "base_url",
        "api_key",
        "api_version",
        "timeout",
        "max_retries",
        "temperature",
        "max_tokens",
        "input_cost_per_token",
        "output_cost_per_token",
        "custom_llm_provider",
        "order",
        "drop_params",
    )
)
_SPREAD = frozenset(("weight", "rpm", "tpm", "max_parallel_requests"))
_MOST_NODES = 200_000
_DAY = ("1d", "24h", "1440m", "86400s")


def _read(path: Path, answers: Answers) -> Imported:
    config = _loaded(path)
    found = Imported("litellm")
    groups = _groups(config, answers, found)
    settings, router = _section(config, "litellm_settings"), _section(config, "router_settings")
    fallbacks = _fallbacks(settings, router, groups, found)
    budget = _budget(settings, groups, answers, found)
    for name, models in groups.items():
        chain = [*models, *(model for other in fallbacks.get(name, ()) for model in groups[other])]
        unique = {model.name: model for model in chain}
        found.deployments.append(ImportedDeployment(name, tuple(unique.values()), budget_eur_per_day=budget))
    for alias, target in _section(router, "model_group_alias").items():
        wanted = target.get("model") if isinstance(target, Mapping) else target
        known = next((one for one in found.deployments if one.name == wanted), None)
        if known is None or any(one.name == alias for one in found.deployments):
            found.leave(
                f"router_settings.model_group_alias.{alias}", "it leads to no model, or is one.", "Leave it."
            )
        else:
            found.deployments.append(
                ImportedDeployment(alias, known.models, known.system, known.budget_eur_per_day)
            )
    _note_rest(config, found)
    return found


def _loaded(path: Path) -> Plain:
    """Read YAML that holds plain data only: no tags, no key twice, nothing that unfolds without end."""
    data = read_configuration(path)
    try:
        text = data.decode("utf-8")
        _refuse_tricks(yaml.compose(text, Loader=yaml.SafeLoader), [0])
        config = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as err:
        raise BadInput(
            f"{path.name} is not YAML that can be read: {_what(err)}.", fix="Mend it.", file=path
        ) from None
    if not isinstance(config, Mapping) or not isinstance(config.get("model_list"), list):
        raise BadInput(
            f"{path.name} holds no model_list.",
            fix="Name the config.yaml that the proxy is started with.",
            file=path,
        )
    return config


def _what(err: Exception) -> str:
    """Return what is wrong without quoting the file: the line may hold a key."""
    if isinstance(err, yaml.MarkedYAMLError):
        line = f" in line {err.problem_mark.line + 1}" if err.problem_mark is not None else ""
        return f"{str(err.problem)[:100]}{line}"
    if isinstance(err, UnicodeDecodeError):
        return f"byte {err.start} is not UTF-8"
    return "it nests too deep" if isinstance(err, RecursionError) else str(err)[:200]


def _refuse_tricks(node: object, seen: list[int]) -> None:
    """Refuse a key that stands twice, and references that unfold to more than a configuration can hold."""
    seen[0] += 1
    if seen[0] > _MOST_NODES:
        raise ValueError("its references unfold to more than a configuration can hold")
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in known and name != "<<":
                raise ValueError(f"a key stands twice in line {key.start_mark.line + 1}")
            known.add(name)
            _refuse_tricks(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_tricks(item, seen)


def _section(config: Plain, name: str) -> Plain:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def _groups(config: Plain, answers: Answers, found: Imported) -> dict[str, list[ImportedModel]]:
    """Return the models by the name that programs ask for, in the order of the list (or of `order`)."""
    listed: dict[str, list[tuple[float, ImportedModel]]] = {}
    entries = config["model_list"]
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        where = f"model_list[{number}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("litellm_params"), Mapping):
            found.leave(where, "it has no litellm_params.", "Mend it and import again.")
            continue
        name = str(entry.get("model_name", "")).strip()
        if not name or "*" in name:
            found.leave(
                where, f"{name or 'no name'!r} stands for many models.", "Name each model that is used."
            )
            continue
        if len(name) > 200:
            found.leave(where, "its name is longer than 200 characters.", "Give it a shorter name.")
            continue
        model = _model(entry, name, len(listed.get(name, ())) + 1, where, config, answers, found)
        if model is not None:
            order = entry["litellm_params"].get("order")
            place = float(order) if isinstance(order, int | float) and not isinstance(order, bool) else 1e9
            listed.setdefault(name, []).append((place, model))
    groups = {
        name: [model for _, model in sorted(those, key=lambda one: one[0])] for name, those in listed.items()
    }
    for name, those in groups.items():
        if len(those) > 1:
            found.leave(
                f"model_list: {name}",
                f"{len(those)} endpoints share the load there; here the next is asked where one fails.",
                "Put a load balancer before them if one alone is too weak.",
            )
    return groups


def _model(
    entry: Plain, name: str, number: int, where: str, config: Plain, answers: Answers, found: Imported
) -> ImportedModel | None:
    given = {str(key): value for key, value in _section(entry, "litellm_params").items()}
    info = _section(entry, "model_info")
    mode = info.get("mode", "chat")
    if mode not in ("chat", "responses"):
        found.leave(where, f"its mode is {mode}; the gateway talks only.", "Ask that endpoint directly.")
        return None
    vendor, model = _vendor(given)
    known = VENDORS.get(vendor)
    if known is None:
        found.leave(
            f"{where}.litellm_params.model",
            f"nobody here speaks the protocol of {vendor or model!r}.",
            "Put an endpoint in OpenAI's form before it (vendors offer one), and name that as api_base.",
        )
        return None
    if not model:
        found.leave(f"{where}.litellm_params.model", "it names no model.", "Name it and import again.")
        return None
    base = _base_url(given, vendor, known.base_url, where, answers, found)
    if base is None:
        return None
    settings: dict[str, str | int | float | bool] = {
        "provider": known.provider,
        "model": model,
        "base_url": base,
        "api_key": _key(given, name, _usual_key(base, vendor, name, given, where, found), where, found),
    }
    if base.startswith("http://") and whose(base, vendor) != "this machine":
        found.leave(
            f"{where}.litellm_params.api_base",
            "words would travel there unprotected, so the model is not carried over.",
            "Use https; or add it by hand with allow_plain_http = true where the network is protected.",
        )
        return None
    settings |= _numbers(given, config, where, found)
    settings |= _prices(given, info, where, answers, found)
    _note_params(given, where, found)
    return ImportedModel(f"{_plain(name)}-{number}", settings, whose(base, vendor), place_of(base, answers))


def _vendor(given: Plain) -> tuple[str, str]:
    """Return (vendor, name of the model there) of "azure/gpt-4o-eu"."""
    text = str(given.get("model", "")).strip()
    provider = given.get("custom_llm_provider")
    head, slash, rest = text.partition("/")
    if isinstance(provider, str) and provider:
        return _ALIASES.get(provider, provider), rest if head == provider else text
    head = _ALIASES.get(head, head)
    if slash:
        return head, rest
    if re.match(r"(gpt|o\d|chatgpt)", text):
        return "openai", text
    return ("anthropic", text) if text.startswith("claude") else ("", text)


def _base_url(
    given: Plain, vendor: str, usual: str, where: str, answers: Answers, found: Imported
) -> str | None:
    place = f"{where}.litellm_params.api_base"
    text = given.get("api_base") or given.get("base_url") or usual
    text = str(text).strip().rstrip("/")
    if text.startswith("os.environ/"):
        variable = text.removeprefix("os.environ/")
        text = answers.environ.get(variable, "").strip().rstrip("/")
        if not text:
            found.leave(
                place,
                f"its address is in {variable}, which is not set here.",
                f"Set {variable}, import again.",
            )
            return None
    if not text:
        found.leave(place, "no address is given.", "Write api_base and import again.")
        return None
    wrong = plain_address(text)
    if wrong:
        found.leave(place, f"{wrong}.", "Write a plain https address and import again.")
        return None
    if vendor == "azure" and "/openai/v1" not in text:
        found.leave(
            f"{where}.litellm_params.api_version",
            "the v1 interface of Azure is asked, which knows no versions.",
            "Try the model once; its deployment has to offer the v1 interface.",
        )
        return azure_address(text)
    if vendor == "ollama" and not text.endswith("/v1"):
        return f"{text}/v1"
    return text.removesuffix("/v1") if vendor == "anthropic" else text


def _usual_key(base: str, vendor: str, name: str, given: Plain, where: str, found: Imported) -> str:
    """Return where the key of a vendor is found, for its own host; "" where no key is needed."""
    who = whose(base, vendor)
    if who == vendor or given.get("api_key"):
        return _KEYS.get(vendor, VENDORS[vendor].key)
    if who == "this machine" or not VENDORS[vendor].key:
        return ""
    variable = _variable(name)
    found.leave(
        f"{where}.litellm_params.api_key",
        f"no key is named, and the host is not that of {vendor}, whose key is not sent there.",
        f'Put the key of that host into {variable}, or write api_key = "none".',
    )
    return variable


def _variable(name: str) -> str:
    return f"{re.sub(r'[^A-Z0-9]+', '_', name.upper()).strip('_') or 'MODEL'}_API_KEY"


def _key(given: Plain, name: str, usual: str, where: str, found: Imported) -> str:
    """Return where the key is found. A key that stands in the file is never copied."""
    text = given.get("api_key")
    if text is None or text == "":
        return f"env:{usual}" if usual else "none"
    reference = re.fullmatch(r"os\.environ/([A-Za-z_][A-Za-z0-9_]{0,100})", str(text))
    if reference:
        return f"env:{reference[1]}"
    if not usual and str(text).lower() in ("none", "empty", "no-key", "sk-no-key-required"):
        return "none"
    variable = _variable(name)
    found.leave(
        f"{where}.litellm_params.api_key",
        "the key itself stands in the file; it was not copied.",
        f"Put it into {variable}, take it out of that file, and think of it as known to others.",
    )
    return f"env:{variable}"


def _numbers(given: Plain, config: Plain, where: str, found: Imported) -> dict[str, int | float]:
    settings, router = _section(config, "litellm_settings"), _section(config, "router_settings")
    wanted = {
        "timeout_seconds": (
            given.get("timeout", router.get("timeout", settings.get("request_timeout"))),
            0.05,
            3600,
        ),
        "max_retries": (
            given.get("max_retries", router.get("num_retries", settings.get("num_retries"))),
            0,
            20,
        ),
        "temperature": (given.get("temperature"), 0, 2),
        "max_output_tokens": (given.get("max_tokens"), 100, 200_000),
    }
    whole = ("max_retries", "max_output_tokens")
    result: dict[str, int | float] = {}
    for name, (value, least, most) in wanted.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            found.leave(
                f"{where}: {name}", f"it is no number from {least:g} to {most:g}.", f"Write {name} by hand."
            )
            continue
        result[name] = int(value) if name in whole else value
    return result


def _prices(given: Plain, info: Plain, where: str, answers: Answers, found: Imported) -> dict[str, str]:
    result = {}
    for theirs, ours in (
        ("input_cost_per_token", "eur_per_million_input_tokens"),
        ("output_cost_per_token", "eur_per_million_output_tokens"),
    ):
        dollars = given.get(theirs, info.get(theirs))
        if dollars is None:
            continue
        price = euros_per_million(dollars, 1, answers)
        if price is None:
            found.leave(
                f"{where}: {theirs}",
                "prices are in dollars there and in euros here.",
                "Import again with --usd-in-eur, or write the price by hand. Until then it counts as free.",
            )
        else:
            result[ours] = price
    return result


def _note_params(given: Plain, where: str, found: Imported) -> None:
    for key in sorted(given.keys() - _CARRIED):
        if key in _SPREAD:
            why, fix = "load is not spread by numbers here.", "Limit callers with their keys: flyball key."
        else:
            why, fix = (
                "the expert language_model has no such setting.",
                "See docs/language-model.md for those it has.",
            )
        found.leave(f"{where}.litellm_params.{key}", why, fix)


def _fallbacks(
    settings: Plain, router: Plain, groups: Mapping[str, object], found: Imported
) -> dict[str, list[str]]:
    """Return who is asked when a model fails, by model."""
    result: dict[str, list[str]] = {}
    for section, part in (("router_settings", router), ("litellm_settings", settings)):
        for where, name, targets in _pairs(part, "fallbacks", section):
            known = [one for one in targets if one in groups and one != name]
            if name not in groups or len(known) < len(targets):
                lost = [one for one in targets if one not in groups] or [name]
                found.leave(where, f"{', '.join(lost)} was not carried over.", "Add that model by hand.")
            if name in groups:
                result.setdefault(name, []).extend(one for one in known if one not in result.get(name, []))
        for kind in ("context_window_fallbacks", "content_policy_fallbacks"):
            if part.get(kind):
                found.leave(
                    f"{section}.{kind}",
                    "the next model is asked where one fails, not by the kind of failure.",
                    "Name a model with a larger window among chat.models.",
                )
        default = part.get("default_fallbacks")
        extra = [str(one) for one in default if str(one) in groups] if isinstance(default, list) else []
        for name in groups:
            known = result.setdefault(name, [])
            known.extend(one for one in extra if one not in known and one != name)
    return result


def _pairs(part: Plain, key: str, section: str) -> Iterator[tuple[str, str, list[str]]]:
    listed = part.get(key)
    for number, one in enumerate(listed if isinstance(listed, list) else []):
        for name, targets in one.items() if isinstance(one, Mapping) else ():
            if isinstance(targets, list):
                yield f"{section}.{key}[{number}]", str(name), [str(target) for target in targets]


def _budget(
    settings: Plain, groups: Mapping[str, list[ImportedModel]], answers: Answers, found: Imported
) -> str:
    most = settings.get("max_budget")
    if most is None:
        return ""
    where = "litellm_settings.max_budget"
    each_day = str(settings.get("budget_duration", "")) in _DAY
    amount = euros_per_million(most, 1_000_000, answers)
    free = [
        m.name
        for those in groups.values()
        for m in those
        if not {"eur_per_million_input_tokens", "eur_per_million_output_tokens"} <= m.settings.keys()
    ]
    if not each_day:
        found.leave(
            where, "budgets are for one day here.", "Write chat.budget_eur_per_day in each flyball.toml."
        )
    elif amount is None:
        found.leave(where, "it is in dollars.", "Import again with --usd-in-eur.")
    elif free:
        found.leave(
            where,
            f"{', '.join(sorted(free)[:5])} has no price, so a budget would never be spent.",
            "Write prices first.",
        )
    else:
        if len(groups) > 1:
            found.leave(
                where, "each name has a budget of its own here: together they may spend more.", "Lower them."
            )
        return amount
    return ""


_WHY = {
    "general_settings.master_key": (
        "keys are never copied; callers get keys of their own here.",
        "Make them: flyball key create NAME.",
    ),
    "general_settings.database_url": ("everything is in the ledger here.", "See docs/ledger.md."),
    "router_settings.routing_strategy": (
        "the first model is asked, the next where it fails; a learned router may choose.",
        "See chat.router in docs/deployment.md.",
    ),
    "litellm_settings.cache": ("answers are not kept and given again.", "Leave it."),
    "guardrails": ("guards have other names here.", "See chat.guards_in in docs/deployment.md."),
    "environment_variables": (
        "variables are set outside, and their values not copied.",
        "Set them where it runs.",
    ),
    "include": ("other files are not followed.", "Import each of them."),
}
_HANDLED = frozenset(
    (
        "model_list",
        "litellm_settings.fallbacks",
        "litellm_settings.default_fallbacks",
        "litellm_settings.num_retries",
        "litellm_settings.request_timeout",
        "litellm_settings.max_budget",
        "litellm_settings.budget_duration",
        "litellm_settings.drop_params",
        "litellm_settings.context_window_fallbacks",
        "litellm_settings.content_policy_fallbacks",
        "router_settings.fallbacks",
        "router_settings.default_fallbacks",
        "router_settings.num_retries",
        "router_settings.timeout",
        "router_settings.model_group_alias",
        "router_settings.context_window_fallbacks",
        "router_settings.content_policy_fallbacks",
    )
)


def _note_rest(config: Plain, found: Imported) -> None:
    """List whatever nobody has looked at, by its name alone."""
    for section, content in config.items():
        inner = section in ("general_settings", "litellm_settings", "router_settings")
        names = (
            [f"{section}.{key}" for key in content]
            if inner and isinstance(content, Mapping)
            else [str(section)]
        )
        for name in names:
            if name not in _HANDLED:
                why, fix = _WHY.get(name, ("there is nothing like it here.", "Look whether it is needed."))
                found.leave(name[:120], why, fix)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"


litellm = Importer(_read)
