"""Settings noted: what a process was started with is an entry of the ledger, where that has changed.

A release holds the settings that decide; those of doors, watching, access and retention are files that count
without one. `flyball serve` and `flyball watch` write them down when they start, secrets left out.
"""

from collections.abc import Mapping

import msgspec

from flyball.core.digests import digest_of
from flyball.ledger.errors import KeyReused
from flyball.loop.access_noted import note_access
from flyball.loop.makers import account_now
from flyball.loop.settings import origins
from flyball.loop.workshop import Workshop

__all__ = ["SETTINGS", "note_deployment_settings", "note_settings"]

SETTINGS = "settings.changed"


class _Body(msgspec.Struct, frozen=True):
    file: str
    account: str
    changed: dict[str, tuple[str, str]]
    values: dict[str, str]


def note_deployment_settings(workshop: Workshop) -> dict[str, tuple[str, str]] | None:
    """Write down what flyball.toml and the environment say, where it has changed."""
    note_access(workshop)
    path = workshop.deployment.root / "flyball.toml"
    return note_settings(workshop, path.name, {one.name: one.value for one in origins(path)})


def note_settings(
    workshop: Workshop, file: str, values: Mapping[str, str]
) -> dict[str, tuple[str, str]] | None:
    """Write down the settings of one file, where they have changed.

    Parameters
    ----------
    workshop : Workshop
    file : str
        "gateway.toml".
    values : mapping of str to str
        Every value in force as it may be shown; secrets are "***".

    Returns
    -------
    dict of str to tuple of str, or None
        Name of each changed setting -> its value before and now, "" where there is none; None where nothing
        has changed. The first time everything is written down and nothing counts as changed.
    """
    last = None
    for entry in workshop.ledger.entries(SETTINGS):
        if entry.body["file"] == file:
            last = entry
    before = {} if last is None else msgspec.convert(last.body, _Body).values
    now = dict(sorted(values.items()))
    if before == now:
        return None
    names = sorted(before.keys() | now.keys()) if last is not None else ()
    changed = {
        name: (before.get(name, ""), now.get(name, ""))
        for name in names
        if before.get(name, "") != now.get(name, "")
    }
    key = f"settings/{file}/{digest_of(now)}/after/{-1 if last is None else last.index}"
    body = _Body(file, account_now(), changed, now)
    try:
        workshop.ledger.append(kind=SETTINGS, actor=workshop.actor, body=body, key=key)
    except KeyReused:  # another process was started at the same moment
        return None
    return changed
