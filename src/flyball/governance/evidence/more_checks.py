"""Checks that only a pack makes (samples and measurements of a period), and the controls that they serve."""

from dataclasses import replace
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput
from flyball.governance.frameworks.records import Control, Framework

__all__ = ["MoreCheck", "more_checks", "with_more_checks"]

_FILE = Path(__file__).with_name("more_checks.toml")


class MoreCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check.

    Parameters
    ----------
    name : str
        As records of a pack call it.
    gaps : str
        What it leaves open.
    controls : dict of str to tuple of str
        Ids of controls, or of duties without their version, by framework or law.
    """

    name: str
    gaps: str
    controls: dict[str, tuple[str, ...]]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    check: tuple[MoreCheck, ...]


def more_checks(path: Path = _FILE) -> tuple[MoreCheck, ...]:
    """Read the checks, strictly.

    Raises
    ------
    BadInput
        The file cannot be believed.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File, strict=True).check
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise BadInput(f"{path.name}: {err}.", fix="See the file that is shipped for its form.") from err


def with_more_checks(framework: Framework) -> Framework:
    """Return a framework whose controls name the checks of a pack too."""
    known = more_checks()
    return replace(framework, controls=tuple(_served(one, framework.id, known) for one in framework.controls))


def _served(control: Control, framework: str, known: tuple[MoreCheck, ...]) -> Control:
    plain = control.id.partition("#")[0]
    mine = [
        one for one in known if plain in one.controls.get(framework, ()) and one.name not in control.checks
    ]
    if not mine:
        return control
    gaps = " ".join(dict.fromkeys([control.gaps, *(one.gaps for one in mine)])).strip()
    return replace(control, checks=(*control.checks, *(one.name for one in mine)), gaps=gaps)
