"""The workshop: what stages work with - the deployment, its memory, a clock, a way to show progress."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from flyball.core.clock import Clock, utc_now
from flyball.core.records import Context
from flyball.ledger.blobs import Blobs
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import SigningKey
from flyball.ledger.opening import open_ledger
from flyball.loop.deployment import Deployment
from flyball.loop.memo import Memo

__all__ = ["Progress", "Workshop", "quiet"]

T = TypeVar("T")
Progress = Callable[[Iterable[T], str, int], Iterable[T]]


def quiet(items: Iterable[T], title: str, total: int) -> Iterable[T]:
    """Show nothing."""
    del title, total
    return items


@dataclass
class Workshop:
    """Everything that a stage may touch; a class because the ledger is opened on first use.

    Parameters
    ----------
    deployment : Deployment
    clock : Clock
    progress : Progress
        Wraps long work to show how far it is.
    workers : int
        Processes for long work; 1 means none but this one.
    """

    deployment: Deployment
    clock: Clock = utc_now
    progress: Progress = quiet  # type: ignore[type-arg]
    workers: int = 1
    _ledger: Ledger | None = field(default=None, repr=False)

    @property
    def state(self) -> Path:
        """Folder of everything that is remembered."""
        return self.deployment.state

    @cached_property
    def blobs(self) -> Blobs:
        """Contents by digest."""
        return Blobs(self.state / "blobs")

    @cached_property
    def memo(self) -> Memo:
        """Results of stages."""
        return Memo(self.state / "memo")

    @property
    def today(self) -> date:
        """The day whose law applies to what is decided now, in UTC."""
        return self.clock().date()

    @property
    def context(self) -> Context:
        """The circumstances of the deployment's own cases, today."""
        about = self.deployment.settings.deployment
        return Context(about.jurisdictions, self.today, about.purpose, about.data_labels)
