"""Importing: the configuration of another gateway as deployments of ours, and what could not come along.

Every name under which programs asked there becomes a deployment here, for here the name of a deployment
is the name of a model: callers change an address and nothing else. Keys never come along, only where they
are found. Whatever is not carried over is listed with the reason and with what to do.
"""

import json
import re
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from flyball.core.errors import BadInput
from flyball.core.shelves import Shelf
from flyball.loop.settings import load_settings

__all__ = [
    "IMPORTERS",
    "Answers",
    "Imported",
    "ImportedDeployment",
    "ImportedModel",
    "Importer",
    "LeftBehind",
    "euros_per_million",
    "write_import",
]

IMPORTERS = Shelf(kind="importer", package="flyball.loop.importers")

_LARGEST_BYTES = 4 * 1024 * 1024
_REPORT = "IMPORT.md"


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Something that was not carried over, or only in part.

    Parameters
    ----------
    where : str
        Its place in their file: "router_settings.routing_strategy". Never a value that may be a secret.
    why : str
    fix : str
        What to do.
    """

    where: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """One model at one endpoint.

    Parameters
    ----------
    name : str
        Of the expert, unique in its deployment.
    settings : mapping of str to str, int, float or bool
        Of the expert language_model.
    vendor : str
        "this machine", or "" where it is not known whose the host is.
    place : str
        Where its host stands; "" where that is not known.
    """

    name: str
    settings: Mapping[str, str | int | float | bool]
    vendor: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ImportedDeployment:
    """One name under which programs ask, with the models behind it in the order of asking."""

    name: str
    models: tuple[ImportedModel, ...]
    system: str = ""
    budget_eur_per_day: str = ""


@dataclass(slots=True)
class Imported:
    """What came out of a configuration."""

    tool: str
    deployments: list[ImportedDeployment] = field(default_factory=list)
    left_behind: list[LeftBehind] = field(default_factory=list)

    def leave(self, where: str, why: str, fix: str) -> None:
        """Note something that was not carried over, once."""
        one = LeftBehind(where, why, fix)
        if one not in self.left_behind:
            self.left_behind.append(one)


@dataclass(frozen=True, slots=True)
class Answers:
    """What no configuration of another gateway says, and ours has to know.

    Parameters
    ----------
    owner : str
    purpose : str
    jurisdictions : tuple of str
    residency : str
        Where the words may go: "EU", "US"; "" keeps them on this machine.
    places : mapping of str to str
        Where hosts stand: {"api.openai.com": "US"}.
    usd_in_eur : Decimal or None
        What a dollar costs; None: prices in dollars are not carried over.
    environ : mapping of str to str
        Where addresses (never keys) are looked up that stand there by reference.
    """

    owner: str = "not stated"
    purpose: str = ""
    jurisdictions: tuple[str, ...] = ()
    residency: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    usd_in_eur: Decimal | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Importer:
    """How the configuration of one tool is read; the object that a module of the shelf offers."""

    read: Callable[[Path, Answers], Imported]


def read_configuration(path: Path) -> bytes:
    """Return the bytes of a configuration file.

    Raises
    ------
    BadInput
        It is not there, or so large that it is none.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadInput(f"{path} is no file.", fix="Name the configuration file itself.", file=path)
        data = path.read_bytes() if about.st_size <= _LARGEST_BYTES else None
    except OSError as err:
        raise BadInput(f"{path} cannot be read: {err.strerror}.", fix="Name the file.", file=path) from err
    if data is None:
        raise BadInput(
            f"{path.name} is larger than {_LARGEST_BYTES // 1024**2} MB.", fix="Name a configuration file."
        )
    return data


def euros_per_million(dollars: object, each: int, answers: Answers) -> str | None:
    """Return a price in dollars as euros for a million; None where nobody said what a dollar costs."""
    if answers.usd_in_eur is None or isinstance(dollars, bool) or not isinstance(dollars, int | float | str):
        return None
    try:
        price = Decimal(str(dollars)) * 1_000_000 / each * answers.usd_in_eur
    except ArithmeticError:
        return None
    return (
        f"{price.quantize(Decimal('0.000001')).normalize():f}" if price.is_finite() and price >= 0 else None
    )


def write_import(imported: Imported, answers: Answers, folder: Path) -> list[Path]:
    """Write every deployment into a folder of its own under `folder`, and the report beside them.

    Returns
    -------
    list of Path
        The deployments, in their order. Each was read back before anything was put into place.

    Raises
    ------
    BadInput
        The folder holds something already, or nothing could be carried over.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"{folder} is there already and not empty; nothing was written.",
            fix="Name another folder with --to, or remove this one first.",
            folder=folder,
        )
    if not imported.deployments:
        why = imported.left_behind[0].why if imported.left_behind else "it names no model"
        raise BadInput(
            f"Nothing of this {imported.tool} configuration could be carried over: {why}",
            fix=imported.left_behind[0].fix if imported.left_behind else "Name the right file.",
        )
    draft = folder.with_name(f".draft-{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    taken: set[str] = set()
    places = []
    try:
        for one in imported.deployments:
            place = _folder_name(one.name, taken)
            _write_deployment(one, answers, imported.tool, draft / place)
            places.append(folder / place)
        (draft / _REPORT).write_text(_report(imported, answers, places), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return places


def _write_deployment(one: ImportedDeployment, answers: Answers, tool: str, folder: Path) -> None:
    folder.mkdir()
    labels = [f"residency:{answers.residency}"] if answers.residency else []
    lines = [
        f"# Made from a configuration of {tool}. What did not come along stands in ../{_REPORT}.",
        "[deployment]",
        f"name = {_toml(one.name)}",
        f"purpose = {_toml(answers.purpose or f'Imported from {tool}: say what it is for')}",
        f"owner = {_toml(answers.owner)}",
        f"jurisdictions = {_toml(list(answers.jurisdictions))}",
        f"data_labels = {_toml(labels)}",
    ]
    for model in one.models:
        lines += [
            "",
            "[[expert]]",
            f"name = {_toml(model.name)}",
            'kind = "language_model"',
            "[expert.settings]",
        ]
        lines += [f"{key} = {_toml(value)}" for key, value in model.settings.items()]
    lines += ["", "[chat]", f"models = {_toml([model.name for model in one.models])}"]
    if one.system:
        (folder / "system.txt").write_text(one.system, encoding="utf-8")
        lines.append('system = "system.txt"')
    if one.budget_eur_per_day:
        lines.append(f"budget_eur_per_day = {_toml(one.budget_eur_per_day)}")
    for model in one.models:
        lines += ["", f"[chat.about.{_toml(model.name)}]", f"vendor = {_toml(model.vendor)}"]
        lines.append(f"place = {_toml(model.place)}")
    (folder / "flyball.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    load_settings(folder / "flyball.toml", environ={})  # what cannot be read back is not written


def _folder_name(name: str, taken: set[str]) -> str:
    """Return a name for a folder that leads nowhere else, whatever the name of the model is."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "deployment"
    found, number = plain, 1
    while found.lower() in taken or found == _REPORT:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found.lower())
    return found


def _toml(value: object) -> str:
    """Return a value as TOML; text as a basic string, with nothing in it that could end it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(str(value)).replace("\x7f", "\\u007f")


def _report(imported: Imported, answers: Answers, places: Sequence[Path]) -> str:
    lines = [
        f"# Imported from {imported.tool}",
        "",
        "| ask for | folder | models, in the order of asking |",
        "| --- | --- | --- |",
    ]
    for one, place in zip(imported.deployments, places, strict=True):
        models = "; ".join(_cell(f"{model.settings['model']} ({_who(model)})") for model in one.models)
        lines.append(f"| `{_cell(one.name)}` | {_cell(place.name)} | {models} |")
    lines += ["", "## To do first", ""]
    lines += [f"- {item}" for item in to_do(imported, answers)] or ["- Nothing."]
    lines += ["", "## Not carried over", ""]
    if not imported.left_behind:
        lines.append("Nothing: all of it came along.")
    else:
        lines += ["| what | why | what to do |", "| --- | --- | --- |"]
        lines += [f"| `{_cell(x.where)}` | {_cell(x.why)} | {_cell(x.fix)} |" for x in imported.left_behind]
    return "\n".join(lines) + "\n"


def _who(model: ImportedModel) -> str:
    """Return whose a model is, or else its host."""
    return model.vendor or urlsplit(str(model.settings["base_url"])).hostname or "nobody"


def to_do(imported: Imported, answers: Answers) -> list[str]:
    """Return what a person has to say before the deployments can answer."""
    found = []
    models = [model for one in imported.deployments for model in one.models]
    keys = sorted(
        {
            str(one.settings["api_key"])[4:]
            for one in models
            if str(one.settings["api_key"]).startswith("env:")
        }
    )
    if keys:
        found.append(f"Set {', '.join(keys)}: keys are named, never copied.")
    unplaced = sorted({_who(one) for one in models if one.vendor != "this machine" and not one.place})
    if not answers.residency and any(one.vendor != "this machine" for one in models):
        found.append(
            'Say where the words may go: data_labels = ["residency:EU"] in each flyball.toml, or '
            "--residency. Until then no model elsewhere is asked."
        )
    if unplaced:
        found.append(
            f"Say where the hosts of {', '.join(unplaced)} stand: place in [chat.about.MODEL], or --place "
            "HOST=AREA. A model of which that is not known is not asked."
        )
    if not answers.purpose or answers.owner == "not stated" or not answers.jurisdictions:
        found.append("Say purpose, owner and jurisdictions in [deployment]: duties depend on them.")
    found.append(
        "Requests and replies are looked at for personal data, secrets and injections: chat.guards_in."
    )
    return found


def _cell(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f`|<>]+", " ", text)[:300]
