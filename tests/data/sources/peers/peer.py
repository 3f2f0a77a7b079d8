"""What the common suite of sources asks of each kind: something real to read, that can be changed and broken.

Each kind on the shelf has a module of its name in this folder with `open_peer(folder)`: a context manager
that starts what it needs (a server, files below `folder`), hands out a `Peer`, and ends it.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol


class Peer(Protocol):
    """A system to read from, and the truth about what it holds."""

    stream: str
    """Name of the stream that is read; it holds at least 25 rows at the start."""

    def settings(self) -> dict[str, Any]:
        """Settings of a source over it, with `batch_rows` so small that a load has several batches."""

    def rows(self) -> list[dict[str, Any]]:
        """What the stream holds now, as Python values, in any order."""

    def change(self) -> None:
        """Add at least one row; change and remove one where the kind can tell."""

    def empty(self) -> dict[str, Any]:
        """Settings of a source whose stream of the same name has no rows."""

    def bad_credentials(self) -> dict[str, Any] | None:
        """Settings with a wrong secret; None where the kind knows no secret (local files)."""

    def gone_mid_read(self) -> AbstractContextManager[dict[str, Any]]:
        """Settings of the same source, breaking off after at least one batch; whole again afterwards."""
