"""TensorZero: tensorzero.toml with models, providers, functions, variants, templates and metrics."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

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

__all__ = ["tensorzero"]

Plain = Mapping[str, object]
Setting = str | int | float | bool

_ALIASES = {"google_ai_studio_gemini": "gemini"}
_KEYS = {
    "gemini": "GOOGLE_AI_STUDIO_API_KEY",
    "vllm": "VLLM_API_KEY",
    "sglang": "SGLANG_API_KEY",
    "tgi": "TGI_API_KEY",
}
_PROVIDER = frozenset(
    (
        "type",
        "model_name",
        "api_base",
        "api_key_location",
        "deployment_id",
        "endpoint",
        "timeouts",
        "cost",
        "batch_cost",
        "discard_unknown_chunks",
    )
)
_VARIANT = frozenset(
    (
        "type",
        "model",
        "weight",
        "system_template",
        "templates",
        "temperature",
        "max_tokens",
        "retries",
        "timeouts",
        "json_mode",
    )
)
_MODEL = frozenset(("routing", "providers", "timeouts", "skip_relay"))
_FUNCTION = frozenset(
    (
        "type",
        "variants",
        "description",
        "system_schema",
        "schemas",
        "experimentation",
        "output_schema",
        "tools",
    )
)
_LARGEST_TEMPLATE = 200_000
_EXPERIMENT = "Put the best one live, then try another beside it: flyball release canary RELEASE --share 0.1."


def _read(path: Path, answers: Answers) -> Imported:
    try:
        config = tomllib.loads(read_configuration(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as err:
        raise BadInput(f"{path.name} is not TOML: {err}.", fix="Mend the line it names.", file=path) from None
    if not (config.get("models") or config.get("functions")):
        raise BadInput(
            f"{path.name} holds neither models nor functions.",
            fix="Name the tensorzero.toml; where it is in several files, import them one by one.",
            file=path,
        )
    found = Imported("tensorzero")
    reader = _Reader(config, answers, found, path.parent.resolve())
    for name, function in _tables(config, "functions"):
        reader.function(name, function)
    for name, model in _tables(config, "models"):
        _note(found, f"models.{name}", model, _MODEL)
        if any(one.name == name for one in found.deployments):
            found.leave(f"models.{name}", "a function has the same name.", "Ask for the function.")
            continue
        behind = reader.models_of(name, f"models.{name}")
        if behind:
            found.deployments.append(ImportedDeployment(name, tuple(behind)))
    _note_rest(config, found)
    return found


class _Reader:
    """Reads models and functions of one configuration."""

    def __init__(self, config: Plain, answers: Answers, found: Imported, root: Path) -> None:
        self.config = config
        self.answers = answers
        self.found = found
        self.root = root

    def function(self, name: str, function: Plain) -> None:
        """Make a deployment of a function, with its heaviest variant."""
        where = f"functions.{name}"
        _note(self.found, where, function, _FUNCTION)
        if function.get("type") == "json" or "output_schema" in function:
            self.found.leave(
                f"{where}.output_schema",
                "the form of an answer is asked for with each request.",
                "Send response_format with the schema; the guard schema holds the reply against it.",
            )
        if function.get("tools"):
            self.found.leave(
                f"{where}.tools", "tools are sent with each request.", "Send tools with the request."
            )
        if "experimentation" in function:
            self.found.leave(f"{where}.experimentation", "one variant answers here.", _EXPERIMENT)
        variants = [(key, one) for key, one in _tables(function, "variants")]
        usable = [(key, one) for key, one in variants if one.get("type") == "chat_completion"]
        for key, one in variants:
            if one.get("type") != "chat_completion":
                self.found.leave(
                    f"{where}.variants.{key}",
                    f"variants of the type {str(one.get('type'))[:60]} are not known here.",
                    "Ask several times and vote: samples of an expert language_model.",
                )
        ranked = sorted(usable, key=lambda item: -_weight(item[1]))
        if not ranked:
            self.found.leave(where, "no variant could be carried over.", "Write the deployment by hand.")
            return
        chosen, variant = ranked[0]
        for key, _ in ranked[1:]:
            self.found.leave(f"{where}.variants.{key}", f"{chosen} answers here.", _EXPERIMENT)
        self._deployment(name, f"{where}.variants.{chosen}", variant)

    def _deployment(self, name: str, where: str, variant: Plain) -> None:
        _note(self.found, where, variant, _VARIANT)
        settings = self._asked(variant, where)
        behind = [
            ImportedModel(one.name, {**one.settings, **settings}, one.vendor, one.place)
            for one in self.models_of(str(variant.get("model", "")), where)
        ]
        if behind:
            self.found.deployments.append(
                ImportedDeployment(name, tuple(behind), self._system(variant, where))
            )

    def models_of(self, name: str, where: str) -> list[ImportedModel]:
        """Return the providers of a model, in the order of its routing."""
        short = re.fullmatch(r"([a-z_]+)::(.+)", name)
        if short and name not in _keys(self.config, "models"):
            one = self._provider(short[2], {"type": short[1], "model_name": short[2]}, name, where)
            return [one] if one else []
        model = dict(_tables(self.config, "models")).get(name)
        if model is None:
            self.found.leave(
                f"{where}.model", f"there is no model {name[:80]!r}.", "Write the expert by hand."
            )
            return []
        providers = dict(_tables(model, "providers"))
        routing = model.get("routing")
        order = [str(one) for one in routing] if isinstance(routing, list) else list(providers)
        total = _milliseconds(model, "non_streaming")
        found = []
        for key in order:
            place = f"models.{name}.providers.{key}"
            if key not in providers:
                self.found.leave(place, "it is routed to and not there.", "Leave it.")
                continue
            one = self._provider(f"{name}-{key}", providers[key], name, place)
            if one is not None:
                timed = {"timeout_seconds": total} if total and "timeout_seconds" not in one.settings else {}
                found.append(ImportedModel(one.name, {**one.settings, **timed}, one.vendor, one.place))
        return found

    def _provider(self, name: str, given: Plain, model: str, where: str) -> ImportedModel | None:
        kind = str(given.get("type", ""))
        vendor = _ALIASES.get(kind, kind)
        known = VENDORS.get(vendor)
        if known is None:
            self.found.leave(
                f"{where}.type",
                f"nobody here speaks the protocol of {kind[:60]!r}.",
                "Put an endpoint in OpenAI's form before it (vendors offer one); write the expert by hand.",
            )
            return None
        _note(self.found, where, given, _PROVIDER)
        base = self._address(given, vendor, known.base_url, where)
        if base is None:
            return None
        timeout = _milliseconds(given, "non_streaming")
        settings: dict[str, Setting] = {
            "provider": known.provider,
            "model": str(given.get("deployment_id") or given.get("model_name") or model),
            "base_url": base,
            "api_key": self._key(given, base, vendor, where),
        }
        settings |= {"timeout_seconds": timeout} if timeout else {}
        settings |= self._prices(given, where)
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
        return ImportedModel(plain, settings, whose(base, vendor), place_of(base, self.answers))

    def _address(self, given: Plain, vendor: str, usual: str, where: str) -> str | None:
        place = f"{where}.{'endpoint' if vendor == 'azure' else 'api_base'}"
        text = str(given.get("endpoint" if vendor == "azure" else "api_base") or usual).strip().rstrip("/")
        if text.startswith("env::"):
            variable = text.removeprefix("env::")
            text = self.answers.environ.get(variable, "").strip().rstrip("/")
            if not text:
                self.found.leave(
                    place,
                    f"its address is in {variable}, which is not set here.",
                    f"Set {variable}, import again.",
                )
                return None
        wrong = plain_address(text) if text else "no address is given"
        if not wrong and text.startswith("http://") and whose(text, vendor) != "this machine":
            wrong = "words would travel there unprotected"
        if wrong:
            self.found.leave(place, f"{wrong}.", "Write a plain https address and import again.")
            return None
        if vendor == "azure":
            return azure_address(text)
        return text.removesuffix("/messages").removesuffix("/v1") if vendor == "anthropic" else text

    def _key(self, given: Plain, base: str, vendor: str, where: str) -> str:
        who = whose(base, vendor)
        usual = _KEYS.get(vendor, VENDORS[vendor].key) if who == vendor else ""
        defaults = self.config.get("provider_types")
        of_vendor = defaults.get(str(given.get("type"))) if isinstance(defaults, Mapping) else None
        inner = of_vendor.get("defaults") if isinstance(of_vendor, Mapping) else None
        location = given.get(
            "api_key_location", inner.get("api_key_location") if isinstance(inner, Mapping) else None
        )
        if isinstance(location, Mapping):
            self.found.leave(f"{where}.api_key_location.fallback", "one place is looked at.", "Leave it.")
            location = location.get("default")
        if location is None:
            if not usual and not who and VENDORS[vendor].key:
                self.found.leave(
                    f"{where}.api_key_location",
                    f"no key is named, and the host is not that of {vendor}, whose key is not sent there.",
                    'Write api_key = "env:NAME" in flyball.toml where that host needs one.',
                )
            return f"env:{usual}" if usual else "none"
        text = str(location)
        kind, _, what = text.partition("::")
        if text == "none":
            return "none"
        if kind == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,100}", what):
            return f"env:{what}"
        if kind in ("path", "file") and what and "\n" not in what:
            return f"file:{what}"
        self.found.leave(
            f"{where}.api_key_location",
            "callers do not bring keys of vendors along here."
            if kind == "dynamic"
            else "it is no place of a key.",
            f"The key is looked for in {usual or 'MODEL_API_KEY'}.",
        )
        return f"env:{usual or 'MODEL_API_KEY'}"

    def _prices(self, given: Plain, where: str) -> dict[str, str]:
        result: dict[str, str] = {}
        costs = given.get("cost")
        for one in costs if isinstance(costs, list) else ():
            if not isinstance(one, Mapping):
                continue
            pointer = str(one.get("pointer") or one.get("pointer_nonstreaming") or "")
            ours = {
                "prompt_tokens": "eur_per_million_input_tokens",
                "input_tokens": "eur_per_million_input_tokens",
                "completion_tokens": "eur_per_million_output_tokens",
                "output_tokens": "eur_per_million_output_tokens",
            }.get(pointer.removeprefix("/usage/"))
            per = 1_000_000 if "cost_per_million" in one else 1
            price = euros_per_million(
                one.get("cost_per_million", one.get("cost_per_unit")), per, self.answers
            )
            if ours is None:
                self.found.leave(
                    f"{where}.cost {pointer[:80]}",
                    "only tokens that go in and come out are counted.",
                    "Leave it.",
                )
            elif price is None:
                self.found.leave(
                    f"{where}.cost",
                    "prices are in dollars there and in euros here.",
                    "Import again with --usd-in-eur, or write it by hand; until then it counts as free.",
                )
            else:
                result[ours] = price
        return result

    def _asked(self, variant: Plain, where: str) -> dict[str, Setting]:
        retries = variant.get("retries")
        wanted = {
            "temperature": (variant.get("temperature"), 0, 2),
            "max_output_tokens": (variant.get("max_tokens"), 100, 200_000),
            "max_retries": (retries.get("num_retries") if isinstance(retries, Mapping) else None, 0, 20),
            "timeout_seconds": (_milliseconds(variant, "non_streaming"), 0.05, 3600),
        }
        result: dict[str, Setting] = {}
        for name, (value, least, most) in wanted.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                self.found.leave(
                    f"{where}: {name}", f"it is no number from {least:g} to {most:g}.", "Write it by hand."
                )
                continue
            result[name] = int(value) if name in ("max_output_tokens", "max_retries") else value
        return result

    def _system(self, variant: Plain, where: str) -> str:
        """Return the system text of a variant, where it is text alone and lies beside the configuration."""
        templates = variant.get("templates")
        listed = templates if isinstance(templates, Mapping) else {}
        for role in sorted(listed.keys() - {"system"}):
            self.found.leave(
                f"{where}.templates.{role}", "callers write their messages themselves.", "Fill it there."
            )
        for role in ("user_template", "assistant_template"):
            if role in variant:
                self.found.leave(
                    f"{where}.{role}", "callers write their messages themselves.", "Fill it there."
                )
        system = listed.get("system")
        written = system.get("path") if isinstance(system, Mapping) else variant.get("system_template")
        if written is None:
            return ""
        place = f"{where}.system_template"
        path = (self.root / str(written)).resolve()
        if (
            not path.is_relative_to(self.root)
            or not path.is_file()
            or path.stat().st_size > _LARGEST_TEMPLATE
        ):
            self.found.leave(place, "it is no file beside the configuration.", "Write chat.system by hand.")
            return ""
        text = path.read_bytes().decode("utf-8", "replace")
        if re.search(r"\{[{%#]", text):
            self.found.leave(
                place,
                "it has places to fill in; the system text is one text here.",
                "Write it out as chat.system.",
            )
            return ""
        return text


def _tables(config: Plain, name: str) -> list[tuple[str, Plain]]:
    found = config.get(name)
    return (
        [(str(key), one) for key, one in found.items() if isinstance(one, Mapping)]
        if isinstance(found, Mapping)
        else []
    )


def _keys(config: Plain, name: str) -> set[str]:
    return {key for key, _ in _tables(config, name)}


def _weight(variant: Plain) -> float:
    weight = variant.get("weight", 0.0)
    return float(weight) if isinstance(weight, int | float) and not isinstance(weight, bool) else 0.0


def _milliseconds(given: Plain, kind: str) -> float | None:
    timeouts = given.get("timeouts")
    inner = timeouts.get(kind) if isinstance(timeouts, Mapping) else None
    total = inner.get("total_ms") if isinstance(inner, Mapping) else None
    if isinstance(total, bool) or not isinstance(total, int | float):
        return None
    return min(max(total / 1000, 0.05), 3600.0)


def _note(found: Imported, where: str, given: Plain, known: frozenset[str]) -> None:
    for key in sorted(given.keys() - known):
        if not key.endswith("_template"):
            found.leave(
                f"{where}.{key}"[:160], "there is nothing like it here.", "Look whether it is needed."
            )


def _note_rest(config: Plain, found: Imported) -> None:
    for name, _ in _tables(config, "metrics"):
        found.leave(
            f"metrics.{name}",
            "feedback about conversations is not collected here.",
            "What turned out about decisions is reported to /v1/outcomes; metrics: docs/evaluation.md.",
        )
    gateway = config.get("gateway")
    for key in gateway if isinstance(gateway, Mapping) else ():
        fix = "Write host and port into gateway.toml." if key == "bind_address" else "See docs/gateway.md."
        found.leave(f"gateway.{key}", "the gateway has settings of its own.", fix)
    for key in sorted(set(config) - {"models", "functions", "metrics", "gateway", "provider_types"}):
        found.leave(key[:80], "there is nothing like it here.", "Look whether it is needed.")


tensorzero = Importer(_read)
