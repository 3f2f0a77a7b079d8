"""Versions of single experts: what stands in the folder and what is live, keep one, go back with one.

An expert is its kind, its settings and its files; together they have one digest, its artefact. Going back
changes the folder alone: the next turn tests it and makes a release of it, as of any other change.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flyball.core.digests import digest_of, digest_of_bytes, short
from flyball.core.errors import BadInput, Refused
from flyball.core.secrets import names_secret
from flyball.ledger.ledger import Ledger
from flyball.loop.deployment import SHIPPED, Deployment, expert_path
from flyball.loop.keeping import drafted, take_place
from flyball.loop.kit import KITS, lay_out
from flyball.loop.memo import write_atomically
from flyball.loop.releases import find_release, live_release, promotions, read_release
from flyball.loop.settings import ExpertSettings, load_settings
from flyball.loop.workshop import Workshop

__all__ = [
    "Artefact",
    "artefact_here",
    "artefact_in",
    "expert_of",
    "folder_of",
    "live_artefact",
    "pin",
    "pins",
    "refuse_unpinned",
    "roll_back_expert",
    "unpin",
]

PINNED, UNPINNED, ROLLED_BACK = "expert.pinned", "expert.unpinned", "expert.rolled_back"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One version of one expert.

    Parameters
    ----------
    kind : str
    settings : mapping of str to value
        As in `[expert.settings]`.
    files : mapping of str to str
        Digest of each file, by its name below the expert's folder.
    """

    kind: str
    settings: Mapping[str, str | int | float | bool]
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Its name."""
        return digest_of([self.kind, dict(self.settings), dict(self.files)])


def expert_of(deployment: Deployment, name: str) -> ExpertSettings:
    """Return the settings of an expert of the deployment.

    Raises
    ------
    BadInput
        None is called so.
    """
    experts = deployment.settings.expert
    for one in experts:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in experts)
    raise BadInput(f"The deployment has no expert called {name!r}.", fix=f"Known: {known}.", expert=name)


def folder_of(deployment: Deployment, settings: ExpertSettings) -> Path:
    """Return the folder, or the file, that an expert is kept in, there already or not.

    One that is shipped with the package, or has no path, gets a folder of its own: `experts/NAME`.

    Raises
    ------
    BadInput
        Its path leaves the deployment.
    """
    written = "" if settings.path.startswith(SHIPPED) else settings.path
    root = deployment.root.resolve()
    folder = (root / (written or f"experts/{settings.name}")).resolve()
    if root not in folder.parents:
        raise BadInput(
            f"The path {settings.path!r} of the expert {settings.name} leaves the deployment.",
            fix=f'Write path = "experts/{settings.name}".',
        )
    return folder


def artefact_here(deployment: Deployment, settings: ExpertSettings) -> Artefact:
    """Return an expert as it stands in the working folder."""
    files: dict[str, str] = {}
    if settings.path:
        path = expert_path(deployment, settings)
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            inside = file.relative_to(path) if path.is_dir() else Path(path.name)
            if file.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                files[inside.as_posix()] = digest_of_bytes(file.read_bytes())
    return Artefact(settings.kind, dict(settings.settings), files)


def artefact_in(workshop: Workshop, release: str, name: str) -> Artefact | None:
    """Return an expert as a release has it; None where the release has no expert of that name.

    Raises
    ------
    ReleaseForged, KitAltered
        The release or one of its files was altered.
    """
    files = read_release(workshop.state, release, workshop.key.verifier).release.files
    folder = lay_out(files, workshop.blobs, workshop.state / KITS / short(release))
    for one in load_settings(folder / "flyball.toml", environ={}).expert:
        if one.name == name:
            head = f"experts/{name}/"
            own = {file.removeprefix(head): digest for file, digest in files.items() if file.startswith(head)}
            return Artefact(one.kind, dict(one.settings), own)
    return None


def live_artefact(workshop: Workshop, name: str) -> Artefact | None:
    """Return an expert as the live release has it; None where nothing is live, or it has none."""
    live = live_release(workshop.ledger)
    return None if live is None else artefact_in(workshop, live.release, name)


def pins(ledger: Ledger) -> dict[str, str]:
    """Return the artefact to which each expert is pinned; those that are not are missing."""
    entries = [*ledger.entries(kind=PINNED), *ledger.entries(kind=UNPINNED)]
    found: dict[str, str] = {}
    for entry in sorted(entries, key=lambda one: one.index):
        if entry.kind == PINNED:
            found[str(entry.body["name"])] = str(entry.body["artefact"])
        else:
            found.pop(str(entry.body["name"]), None)
    return found


def pin(workshop: Workshop, name: str, *, why: str) -> Artefact:
    """Keep an expert as it stands in the folder: a turn with any other is refused. Written to the ledger."""
    found = artefact_here(workshop.deployment, expert_of(workshop.deployment, name))
    workshop.ledger.append(
        kind=PINNED, actor=workshop.actor, body={"name": name, "artefact": found.digest, "why": why}
    )
    return found


def unpin(workshop: Workshop, name: str, *, why: str) -> None:
    """Let an expert change again. Written to the ledger.

    Raises
    ------
    BadInput
        It is not pinned.
    """
    if name not in pins(workshop.ledger):
        raise BadInput(f"{name} is not pinned.", fix="flyball model list shows which are.", expert=name)
    workshop.ledger.append(kind=UNPINNED, actor=workshop.actor, body={"name": name, "why": why})


def refuse_unpinned(name: str, found: str, pinned: str) -> None:
    """Refuse an expert that is not the one that it is pinned to.

    Raises
    ------
    Refused
        It is another one.
    """
    if pinned and found != pinned:
        raise Refused(
            f"The expert {name} is {short(found)}, and it is pinned to {short(pinned)}.",
            fix=f"Go back with `flyball model rollback {name}`, or allow it: `flyball model unpin {name}`.",
            expert=name,
        )


def roll_back_expert(workshop: Workshop, name: str, release: str | None, *, why: str) -> tuple[str, Artefact]:
    """Put the files of one expert back as a release had them. Written to the ledger.

    Parameters
    ----------
    workshop : Workshop
    name : str
    release : str or None
        First digits; None for the last one that was live with another version of this expert.
    why : str

    Returns
    -------
    release : str
        Digest of the one that it was taken from.
    artefact : Artefact

    Raises
    ------
    Refused
        No release was live with another version, or its settings stand otherwise in flyball.toml.
    """
    settings = expert_of(workshop.deployment, name)
    here = artefact_here(workshop.deployment, settings)
    source, wanted = _earlier(workshop, name, here, release)
    differing = sorted(
        key
        for key in {*here.settings, *wanted.settings}
        if here.settings.get(key) != wanted.settings.get(key)
    )
    if differing or here.kind != wanted.kind:
        said = [_told(key, here.settings.get(key), wanted.settings.get(key)) for key in differing]
        said += [] if here.kind == wanted.kind else [_told("kind", here.kind, wanted.kind)]
        raise Refused(
            f"Release {short(source)} ran {name} with other settings: {'; '.join(said)}.",
            fix="Write them back into flyball.toml, then run this again: files and settings belong together.",
            expert=name,
        )
    _put_back(workshop, folder_of(workshop.deployment, settings), source, name, wanted)
    workshop.ledger.append(
        kind=ROLLED_BACK,
        actor=workshop.actor,
        body={"name": name, "from": here.digest, "artefact": wanted.digest, "release": source, "why": why},
    )
    return source, wanted


def _earlier(workshop: Workshop, name: str, here: Artefact, release: str | None) -> tuple[str, Artefact]:
    if release is not None:
        digest = find_release(workshop.state, release)
        found = artefact_in(workshop, digest, name)
        if found is None:
            raise Refused(f"Release {short(digest)} has no expert {name}.", fix="flyball release list")
        return digest, found
    for digest in dict.fromkeys(one.release for one in reversed(promotions(workshop.ledger))):
        found = artefact_in(workshop, digest, name)
        if found is not None and found.digest != here.digest:
            return digest, found
    raise Refused(
        f"No release was live with another version of {name}.",
        fix="Name a release: flyball release list shows them.",
        expert=name,
    )


def _put_back(workshop: Workshop, target: Path, release: str, name: str, wanted: Artefact) -> None:
    home = workshop.state / KITS / short(release) / "experts" / name
    if target.is_file():
        if list(wanted.files) != [target.name]:
            raise Refused(
                f"The release keeps {name} in other files than {target.name}.", fix="Copy it by hand."
            )
        write_atomically(target, (home / target.name).read_bytes())
        return
    with drafted(target, empty=True) as draft:
        for file in wanted.files:
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(home / file, draft / file)
        take_place(draft, target)


def _told(key: str, here: object, there: object) -> str:
    if names_secret(key):
        return f"{key} differs"
    return f"{key} is {here!r} here and was {there!r}"
