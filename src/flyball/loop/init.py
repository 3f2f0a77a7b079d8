"""Make a deployment folder out of a shipped solution."""

import shutil
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.loop.deployment import solution

__all__ = ["init_deployment"]

_LEFT_IN_THE_PACKAGE = ("detector", "__pycache__", "*.py", "*.pyc")
"""Shipped artefacts are referred to as `shipped:...`; code is not copied."""


def init_deployment(name: str, folder: Path) -> Path:
    """Copy the configuration, rules and sample cases of a solution into a new folder.

    Parameters
    ----------
    name : str
        Of a shipped solution: "contract-review".
    folder : Path
        Must not exist, or be empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BadInput
        The folder holds something already.
    UnknownName
        No such solution.
    """
    source = solution(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"{folder} is there already and not empty; nothing was written.",
            fix="Name another folder with --folder, or remove this one first.",
            folder=folder,
        )
    draft = folder.with_name(f".draft-{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft, ignore=shutil.ignore_patterns(*_LEFT_IN_THE_PACKAGE))
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    return folder
