"""Read the control frameworks, strictly, and find one by its name."""

import tomllib
from datetime import date
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput, UnknownName
from flyball.governance.frameworks.records import Control, Framework

__all__ = ["SHIPPED", "BadFramework", "framework", "load_frameworks"]

SHIPPED = Path(__file__).with_name("entries")
"""Folder of the frameworks that Flyball ships."""


class BadFramework(BadInput):
    """A file of controls cannot be believed."""

    code = "frameworks.bad_framework"


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    issuer: str
    version: str
    citation: str
    licence: str
    read_at: str
    review_by: date
    gaps: str


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    checks: tuple[str, ...] = ()
    gaps: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    framework: _Head
    control: tuple[_Row, ...]


def framework(name: str, folder: Path = SHIPPED) -> Framework:
    """Return one framework.

    Parameters
    ----------
    name : str
        Its id, which is the name of its file: "soc-2".
    folder : Path

    Returns
    -------
    Framework

    Raises
    ------
    UnknownName
        No such framework.
    BadFramework
        Its file cannot be read, or says nothing, or the same thing twice.
    """
    known = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in known:
        raise UnknownName(
            f"No control framework is called {name!r}.", fix=f"Known: {', '.join(known)}.", name=name
        )
    return _read(folder / f"{name}.toml")


def load_frameworks(folder: Path = SHIPPED) -> tuple[Framework, ...]:
    """Return every framework of a folder, by its id; errors as for `framework`."""
    return tuple(_read(file) for file in sorted(folder.glob("*.toml")))


def _read(file: Path) -> Framework:
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=_File, strict=True)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadFramework(
            f"{file.name}: {err}.", fix="See docs/obligations.md for every key and its form.", file=file
        ) from err
    controls = tuple(Control(row.id, row.title, row.checks, row.gaps) for row in read.control)
    found = Framework(**msgspec.structs.asdict(read.framework), controls=controls)
    _refuse_nonsense(found, file)
    return found


def _refuse_nonsense(found: Framework, file: Path) -> None:
    def refuse(what: str, fix: str) -> BadFramework:
        return BadFramework(f"{file.name}: {what}.", fix=fix, file=file)

    if found.id != file.stem:
        raise refuse(f"its id is {found.id!r}", "Give the file the name of the id.")
    for key in ("title", "issuer", "version", "citation", "licence", "read_at"):
        if not getattr(found, key).strip():
            raise refuse(f"{key} is empty", f"Write {key}; nobody can check a framework without it.")
    if not found.controls:
        raise refuse("it has no [[control]]", "Write at least one.")
    seen: set[str] = set()
    for control in found.controls:
        if not control.id.strip() or not control.title.strip():
            raise refuse(f"control {control.id!r} lacks id or title", "Write both.")
        if control.id in seen:
            raise refuse(f"control {control.id} stands there twice", "Delete one of the two.")
        seen.add(control.id)
        if bool(control.checks) != bool(control.gaps.strip()):
            raise refuse(
                f"control {control.id} has checks without gaps, or gaps without checks",
                "Say in `gaps` what the checks leave open, or take both away.",
            )
