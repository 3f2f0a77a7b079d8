"""A file: one line of JSON for each message, for programs on this machine that read along."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.loop.alerts.channel import Address, Channel, Message, NotDelivered, channel

__all__ = ["file"]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    path: str


class _File:
    def __init__(self, name: str, path: Path) -> None:
        self._name, self._path = name, path

    def addresses(self) -> tuple[Address, ...]:
        """Return none: it stays on this machine."""
        return ()

    def deliver(self, message: Message) -> None:
        """Append one line, and wait until it is on disk."""
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(canonical_json(message.told()) + b"\n")
                file.flush()
                os.fsync(handle)
        except OSError as err:
            raise NotDelivered(
                f"The channel {self._name} cannot write {self._path.name}: {err.strerror}.",
                fix="Check the folder and the disk; it is tried again.",
                channel=self._name,
            ) from err


@channel
def file(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make a channel that appends to `path`."""
    try:
        found = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as err:
        raise BadInput(f"[[alerts.channel]] {name}: {err}.", fix="file has path, an absolute one.") from None
    path = Path(found.path)
    if not path.is_absolute():
        raise BadInput(
            f"[[alerts.channel]] {name}: {found.path!r} is no absolute path.", fix="Begin it at the root."
        )
    return _File(name, path)
