"""Standard output of the process that watches: for containers whose log is read."""

import sys
from collections.abc import Mapping
from typing import Any

from flyball.core.errors import BadInput
from flyball.loop.alerts.channel import Address, Channel, Message, channel

__all__ = ["stdout"]


class _Stdout:
    def addresses(self) -> tuple[Address, ...]:
        """Return none: it stays on this machine."""
        return ()

    def deliver(self, message: Message) -> None:
        """Write the message."""
        sys.stdout.write(f"{message.text}\n")
        sys.stdout.flush()


@channel
def stdout(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make the channel."""
    if settings:
        raise BadInput(f"[[alerts.channel]] {name}: stdout has no settings.", fix="Take them away.")
    return _Stdout()
