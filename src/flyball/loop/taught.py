"""Taught: the cases and fields that an expert learned from reviewers, kept in its folder beside it."""

import json
from collections.abc import Iterable
from pathlib import Path

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.loop.deployment import Deployment, expert_path
from flyball.loop.settings import ExpertSettings

__all__ = ["keep_taught", "taught_of"]

_FILE = "taught.json"


def keep_taught(folder: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Write down which cases and fields an expert learned from reviewers; nothing where it was none."""
    rows = sorted(set(pairs))
    (folder / _FILE).unlink(missing_ok=True)
    if rows:
        (folder / _FILE).write_bytes(canonical_json(rows))


def taught_of(deployment: Deployment, settings: ExpertSettings) -> frozenset[tuple[str, str]]:
    """Return the cases and fields that an expert learned from reviewers.

    Raises
    ------
    BadInput
        The list is there and cannot be read: then nobody knows which answers a promise may rest on.
    """
    path = expert_path(deployment, settings) / _FILE if settings.path else None
    if path is None or not path.is_file():
        return frozenset()
    try:
        return frozenset((str(case), str(field)) for case, field in json.loads(path.read_bytes()))
    except (ValueError, TypeError) as err:
        raise BadInput(
            f"{path} cannot be read: {err}.",
            fix=f"Restore it, or fit the expert again: flyball model fit {settings.name}.",
            file=path,
        ) from err
