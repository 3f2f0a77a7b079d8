"""The kit: every file that decides how a deployment answers, from its folder or from a release.

The working folder and a release give the same kit, so that the same code serves a re-test of what
is being edited and a decision by what is live.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import FlyballError
from flyball.core.records import Field
from flyball.ledger.blobs import Blobs
from flyball.loop.deployment import Deployment, expert_path, read_fields
from flyball.loop.settings import (
    ConstitutionSettings,
    ExpertSettings,
    MoneySettings,
    RouterSettings,
    load_settings,
)

__all__ = [
    "CATALOGUE",
    "KITS",
    "Kit",
    "KitAltered",
    "chat_files",
    "kit_of_bundle",
    "kit_of_deployment",
    "lay_out",
    "pack",
]

CATALOGUE = "catalogue"
KITS = "kits"
"""Folder below the state folder in which releases are laid out."""

_ANYBODY = RouterSettings()
_NO_LIMIT = MoneySettings()
_NO_CRITIC = ConstitutionSettings()


class KitAltered(FlyballError):
    """A file of a release is not what was signed."""

    code = "loop.kit_altered"


@dataclass(frozen=True, slots=True)
class Kit:
    """The files of one state of a deployment.

    Parameters
    ----------
    settings : Path
        flyball.toml.
    fields_file : Path
    fields : tuple of Field
    experts : tuple of (ExpertSettings, Path or None)
        None where an expert has no file of its own (a language model).
    tables : tuple of Path
        The playbook.
    policies : Path or None
    constitution : Path
    catalogue : tuple of Path
        Obligation files: those of the package, then those of the deployment.
    state : Path or None
        Where the deployment remembers what was spent; None where the kit belongs to none.
    router : RouterSettings
        Whom cases may be sent to.
    budget : MoneySettings
        What asking may cost.
    chat : mapping of str to Path
        What `[chat]` names, by its name inside a bundle.
    judging : ConstitutionSettings
        Who judges by the principles that no program can check.
    """

    settings: Path
    fields_file: Path
    fields: tuple[Field, ...]
    experts: tuple[tuple[ExpertSettings, Path | None], ...]
    tables: tuple[Path, ...]
    policies: Path | None
    constitution: Path
    catalogue: tuple[Path, ...]
    state: Path | None = None
    router: RouterSettings = _ANYBODY
    budget: MoneySettings = _NO_LIMIT
    chat: Mapping[str, Path] = field(default_factory=dict)
    judging: ConstitutionSettings = _NO_CRITIC

    def files(self) -> dict[str, Path]:
        """Return every file by its name inside a bundle, sorted."""
        found = {"flyball.toml": self.settings, "fields.toml": self.fields_file}
        for settings, path in self.experts:
            if path is not None and path.is_dir():
                for file in sorted(path.rglob("*")):
                    inside = file.relative_to(path)
                    if file.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                        found[f"experts/{settings.name}/{inside.as_posix()}"] = file
            elif path is not None:
                found[f"experts/{settings.name}/{path.name}"] = path
        found |= {f"rules/{table.name}": table for table in self.tables}
        if self.policies is not None:
            found["policies.toml"] = self.policies
        found["constitution.toml"] = self.constitution
        # Numbered, because a file of the deployment may bear the name of one of the package.
        found |= {f"{CATALOGUE}/{number:02d}-{path.name}": path for number, path in enumerate(self.catalogue)}
        return dict(sorted((found | dict(self.chat)).items()))


def chat_files(deployment: Deployment) -> dict[str, Path]:
    """Return the files that decide how conversations are answered, by their names inside a bundle.

    They are `flyball.toml`, the words that go before every conversation, a learned router, and the
    principles that answers are held against. None where there is no `[chat]`.
    """
    chat = deployment.settings.chat
    if chat is None:
        return {}
    found = {"flyball.toml": deployment.root / "flyball.toml"}
    if chat.system:
        found[f"chat/system/{Path(chat.system).name}"] = deployment.root / chat.system
    if chat.constitution:
        found[f"chat/constitution/{Path(chat.constitution).name}"] = deployment.root / chat.constitution
    if chat.router != "cascade":
        path = deployment.root / chat.router
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            inside = file.relative_to(path) if path.is_dir() else Path(path.name)
            if file.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                found[f"chat/router/{inside.as_posix()}"] = file
    return found


def kit_of_deployment(deployment: Deployment, shipped_catalogue: tuple[Path, ...]) -> Kit:
    """Return the kit as it stands in the working folder."""
    settings = deployment.settings
    about = settings.deployment
    own = deployment.root / about.obligations
    return Kit(
        settings=deployment.root / "flyball.toml",
        fields_file=deployment.root / about.fields,
        fields=deployment.fields,
        experts=tuple(
            (expert, expert_path(deployment, expert) if expert.path else None) for expert in settings.expert
        ),
        tables=tuple(deployment.paths(settings.playbook.tables)),
        policies=deployment.path(settings.playbook.policies) if settings.playbook.policies else None,
        constitution=deployment.path(about.constitution),
        catalogue=(*shipped_catalogue, *(sorted(own.glob("*.toml")) if own.is_dir() else ())),
        state=deployment.state,
        router=settings.router,
        budget=settings.budget,
        chat=chat_files(deployment),
        judging=settings.constitution,
    )


def pack(kit: Kit, blobs: Blobs) -> dict[str, str]:
    """Put every file of the kit into the blobs; return the digest of each by its name in the bundle."""
    return {name: blobs.put(path.read_bytes()) for name, path in kit.files().items()}


def lay_out(files: Mapping[str, str], blobs: Blobs, folder: Path) -> Path:
    """Write a packed kit into `folder` (once) and check every file against its digest.

    Raises
    ------
    KitAltered
        A file in the folder is not what the release names, or the release does not name it at all.
    """
    if not folder.is_dir():
        draft = folder.with_name(f".draft-{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        for name, digest in files.items():
            target = draft / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(blobs.get(digest))
        draft.rename(folder)
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or digest_of_bytes(path.read_bytes()) != digest:
            raise KitAltered(
                f"{name} of the release in {folder} is not the file that was signed.",
                fix=f"Delete {folder}; it is laid out again from the blobs.",
                file=name,
                expected=digest,
            )
    _refuse_strangers(files, folder)
    return folder


def _refuse_strangers(files: Mapping[str, str], folder: Path) -> None:
    """Refuse what was put beside the files of a release: a rule in `rules/` would be followed."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if "__pycache__" not in path.parts and not path.is_dir() and name not in files:
            raise KitAltered(
                f"{name} in {folder} is not part of the release.",
                fix=f"Delete {folder}; it is laid out again from the blobs.",
                file=name,
            )


def kit_of_bundle(folder: Path) -> Kit:
    """Return the kit of a release that was laid out."""
    settings = load_settings(folder / "flyball.toml", environ={})
    experts: list[tuple[ExpertSettings, Path | None]] = []
    for expert in settings.expert:
        home = folder / "experts" / expert.name
        single = home / Path(expert.path).name
        experts.append((expert, None if not expert.path else single if single.is_file() else home))
    policies = folder / "policies.toml"
    return Kit(
        settings=folder / "flyball.toml",
        fields_file=folder / "fields.toml",
        fields=read_fields(folder / "fields.toml"),
        experts=tuple(experts),
        tables=tuple(sorted((folder / "rules").glob("*"))) if (folder / "rules").is_dir() else (),
        policies=policies if policies.is_file() else None,
        constitution=folder / "constitution.toml",
        catalogue=tuple(sorted((folder / CATALOGUE).glob("*.toml"))),
        state=folder.parent.parent if folder.parent.name == KITS else None,
        router=settings.router,
        budget=settings.budget,
        chat={
            file.relative_to(folder).as_posix(): file
            for file in sorted((folder / "chat").rglob("*"))
            if file.is_file()
        },
        judging=settings.constitution,
    )
