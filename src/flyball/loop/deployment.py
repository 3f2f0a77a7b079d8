"""A deployment on disk: its folder, its settings, its fields, and what its files hash to."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import flyball
from flyball.core.digests import digest_of, digest_of_bytes
from flyball.core.errors import BadInput, UnknownName
from flyball.core.records import Field
from flyball.evaluation.kpis.checking import checked_kpis
from flyball.evaluation.objectives.settings import INDICATORS
from flyball.governance.explanation.settings import checked_against
from flyball.governance.guardrails.guardrail import GUARDRAILS
from flyball.loop.alerts.heartbeat import Heartbeat
from flyball.loop.alerts.runbook import runbook_names
from flyball.loop.alerts.sending import channel_of
from flyball.loop.settings import ExpertSettings, Settings, load_settings, talks_only
from flyball.loop.toml_tables import read_tables
from flyball.models.experts.expert import EXPERTS, ExpertMaker

__all__ = [
    "SHIPPED",
    "Deployment",
    "digest_of_path",
    "expert_path",
    "find_deployment",
    "open_deployment",
    "read_fields",
    "shipped_solutions",
]

SHIPPED = "shipped:"
"""Prefix of a path that starts in the installed package: `shipped:contract_review/detector`."""

_SOLUTIONS = Path(flyball.__file__).parent / "solutions"


@dataclass(frozen=True, slots=True)
class Deployment:
    """An opened deployment.

    Parameters
    ----------
    root : Path
        The folder that holds `flyball.toml`.
    settings : Settings
    fields : tuple of Field
        What is decided about each case, in order.
    """

    root: Path
    settings: Settings
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.settings.deployment.name

    @property
    def state(self) -> Path:
        """Folder of everything that the loop remembers."""
        return self.root / self.settings.state.folder

    def path(self, written: str) -> Path:
        """Return a path of flyball.toml as a real one: in the folder, or in the package.

        Raises
        ------
        BadInput
            It leaves the deployment folder, or is not there.
        """
        shipped = written.startswith(SHIPPED)
        base = _SOLUTIONS if shipped else self.root
        target = (base / written.removeprefix(SHIPPED)).resolve()
        if not target.exists():
            raise BadInput(
                f"{written!r} in flyball.toml is not there (looked at {target}).",
                fix="Correct the path; it starts at the deployment folder.",
                path=written,
            )
        if shipped and not target.is_relative_to(_SOLUTIONS.resolve()):
            raise BadInput(f"{written!r} leaves the package.", fix="Name a shipped artefact.", path=written)
        return target

    def paths(self, patterns: Iterable[str]) -> list[Path]:
        """Return the files that match glob patterns of flyball.toml, sorted by name, each once."""
        found: dict[Path, None] = {}
        for pattern in patterns:
            base = _SOLUTIONS if pattern.startswith(SHIPPED) else self.root
            matches = sorted(base.glob(pattern.removeprefix(SHIPPED)))
            if not matches:
                raise BadInput(
                    f"{pattern!r} in flyball.toml matches no file in {base}.",
                    fix="Correct the pattern; it starts at the deployment folder.",
                    pattern=pattern,
                )
            found.update(dict.fromkeys(matches))
        return list(found)


def open_deployment(root: Path) -> Deployment:
    """Read `flyball.toml` and the fields beside it.

    Raises
    ------
    BadInput, UnknownName
        A setting that does not fit; a guardrail, an indicator or a channel that is not known; a KPI that
        cannot be measured; an answer against somebody that is never given: before it goes live.
    """
    settings = load_settings(root / "flyball.toml")
    for name in (*settings.decisions.guards_in, *settings.decisions.guards_out):
        if name not in (known := GUARDRAILS.names()):
            raise UnknownName(
                f"flyball.toml: decisions names the guardrail {name!r}, which is not known.",
                fix=f"Known: {', '.join(known)}.",
                name=name,
            )
    for slo in settings.slo:
        if slo.indicator not in (known := INDICATORS.names()):
            raise UnknownName(
                f"flyball.toml: the objective {slo.name} names the indicator {slo.indicator!r}, "
                "which is not known.",
                fix=f"Known: {', '.join(known)}.",
                name=slo.indicator,
            )
    for channel in settings.alerts.channel:
        channel_of(settings.alerts, channel.name)
    if settings.watch.heartbeat is not None:
        Heartbeat(settings.watch.heartbeat)
    path = root / settings.deployment.fields
    fields = () if talks_only(settings) and not path.exists() else read_fields(path)
    checked_kpis(settings.kpi, [field.key for field in fields])
    checked_against(settings.explanation, fields)
    _check_objectives(settings, root, [field.key for field in fields])
    return Deployment(root, settings, fields)


def _check_objectives(settings: Settings, root: Path, fields: list[str]) -> None:
    """Refuse an objective about what is not there: it would never be measured, and nobody would know."""
    named = (
        ("field", "field", fields),
        ("kpi", "[[kpi]]", [one.name for one in settings.kpi]),
        ("runbook", "runbook", [] if settings.alerts.runbooks else runbook_names(root)),
    )
    for slo in settings.slo:
        for setting, what, known in named:
            name = getattr(slo, setting)
            written_elsewhere = setting == "runbook" and ("://" in name or settings.alerts.runbooks)
            if name and name not in known and not written_elsewhere:
                raise UnknownName(
                    f"flyball.toml: the objective {slo.name} names the {what} {name!r}, which is not there.",
                    fix=f"Known: {', '.join(known) or 'none'}.",
                    name=name,
                )


def expert_path(deployment: Deployment, settings: ExpertSettings) -> Path:
    """Return where the files of an expert are, the folder of the deployment where it has none.

    Raises
    ------
    BadInput
        They are not there.
    """
    if not settings.path:
        return deployment.root
    try:
        return deployment.path(settings.path)
    except BadInput as err:
        maker: ExpertMaker = EXPERTS.load(settings.kind)
        if maker.fit is None and not maker.on_demand:
            raise
        verb = "fit" if maker.fit is not None else "calibrate"
        raise BadInput(
            f"The expert {settings.name} has no files yet: {settings.path!r} is not there.",
            fix=f"Make them: flyball model {verb} {settings.name}. Or correct the path; it starts at the "
            "deployment folder.",
            expert=settings.name,
        ) from err


def find_deployment(named: str | None, folder: Path) -> Path | None:
    """Find the folder of a deployment by path or name.

    Parameters
    ----------
    named : str or None
        A folder, a flyball.toml, or the name of a deployment; None means `folder` or one above it.
    folder : Path
        Where the search starts.

    Returns
    -------
    Path or None
        None where there is none of that name (a shipped solution may have it).
    """
    if named is None:
        for candidate in (folder, *folder.parents):
            if (candidate / "flyball.toml").is_file():
                return candidate
        return None
    path = Path(named)
    path = path if path.is_absolute() else folder / path
    if path.is_file() and path.name == "flyball.toml":
        return path.parent
    if (path / "flyball.toml").is_file():
        return path
    return None


def shipped_solutions() -> dict[str, Path]:
    """Return the solutions in the package by their deployment name: `contract-review`."""
    return {
        path.parent.name.replace("_", "-"): path.parent for path in sorted(_SOLUTIONS.glob("*/flyball.toml"))
    }


def solution(name: str) -> Path:
    """Return the folder of a shipped solution; "credit_risk" and "credit-risk" are one name.

    Raises
    ------
    UnknownName
        None is called so.
    """
    known = shipped_solutions()
    found = name.replace("_", "-")
    if found not in known:
        raise UnknownName(
            f"No deployment folder and no shipped solution is called {name!r}.",
            fix=f"Shipped: {', '.join(known) or 'none'}. Or give the folder that holds flyball.toml.",
            name=name,
        )
    return known[found]


def read_fields(path: Path) -> tuple[Field, ...]:
    """Read the `[[field]]` tables.

    Raises
    ------
    BadInput
        Not TOML, an unknown key, a key twice, or no field at all.
    """
    fields = read_tables(path, "field", Field, key="key")
    if not fields:
        raise BadInput(f"{path.name} holds no [[field]].", fix="Say what is to be decided.", file=path)
    return fields


def digest_of_path(path: Path) -> str:
    """Return the digest of a file, or of a folder: names and contents, hidden files left out."""
    if path.is_file():
        return digest_of_bytes(path.read_bytes())
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith((".", "__")) for part in file.relative_to(path).parts)
    )
    return digest_of(
        {file.relative_to(path).as_posix(): digest_of_bytes(file.read_bytes()) for file in files}
    )
