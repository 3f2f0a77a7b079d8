"""The workshop: what stages work with - the deployment, its memory, a clock, a way to show progress."""

import re
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from flyball.core.clock import Clock, utc_now
from flyball.core.records import Context
from flyball.evaluation.history.history import History
from flyball.evaluation.traces.traces import Traces
from flyball.ledger.blobs import Blobs
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import SigningKey
from flyball.ledger.opening import open_ledger
from flyball.loop.deployment import Deployment
from flyball.loop.holds import open_holds
from flyball.loop.memo import Memo
from flyball.loop.settings import DeploymentSettings

__all__ = ["Progress", "Workshop", "quiet"]

T = TypeVar("T")


class Progress(Protocol):
    """Shows how far long work is, by handing its items through."""

    def __call__(self, items: Iterable[T], title: str, total: int) -> Iterable[T]:
        """Hand the items through; `total` 0 means that the number is not known."""
        ...


def quiet(items: Iterable[T], title: str, total: int) -> Iterable[T]:
    """Show nothing."""
    del title, total
    return items


@dataclass
class Workshop:
    """Everything that a stage may touch. Use it in a `with` statement: it closes what it has opened.

    Parameters
    ----------
    deployment : Deployment
    clock : Clock
    progress : Progress
        Wraps long work to show how far it is.
    workers : int
        Processes for long work; 1 means none but this one.
    actor : str
        Who acts, for the ledger: "person:anna", "user:anna". Their own approval of what they made
        does not count.
    """

    deployment: Deployment
    clock: Clock = utc_now
    progress: Progress = quiet
    workers: int = 1
    actor: str = "system:turn"

    @property
    def state(self) -> Path:
        """Folder of everything that is remembered."""
        return self.deployment.state

    @cached_property
    def key(self) -> SigningKey:
        """The deployment's key: it signs checkpoints and releases. Made on first use."""
        name = f"flyball/{_key_name(self.deployment.name)}"
        return load_or_create_key(self.state / "keys" / "deployment.pem", name=name)

    @cached_property
    def ledger(self) -> Ledger:
        """The memory; opened on first use."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_ledger(
            self._url(self.deployment.settings.state.ledger, "ledger.sqlite"),
            key=self.key,
            anchor=self.state / "ledger.anchor",
            clock=self.clock,
        )

    @cached_property
    def history(self) -> History:
        """What was decided and what turned out, as columns; follows the ledger."""
        return History(self.state / "history" / "history.sqlite", self.ledger)

    @cached_property
    def traces(self) -> Traces:
        """How decisions and turns came about, and how long each part took; a legal hold keeps them all."""
        settings, ledger = self.deployment.settings.traces, self.ledger
        return Traces(
            self.state / "traces" / "traces.sqlite",
            settings,
            deployment=self.deployment.name,
            may_go=lambda: not open_holds(ledger),
        )

    @cached_property
    def blobs(self) -> Blobs:
        """Contents by digest."""
        return Blobs(self.state / "blobs")

    @cached_property
    def memo(self) -> Memo:
        """Results of stages."""
        return Memo(self.state / "memo")

    @property
    def catalogue_url(self) -> str:
        """Where the catalogue of snapshots is."""
        return self._url(self.deployment.settings.state.catalogue, "catalogue.sqlite")

    @property
    def today(self) -> date:
        """Day in UTC, whatever zone the clock shows."""
        return self.clock().astimezone(UTC).date()

    @property
    def context(self) -> Context:
        """The circumstances of what is decided now: today's law, in UTC."""
        return self.context_of(self.deployment.settings.deployment)

    def context_of(self, about: DeploymentSettings) -> Context:
        """Return the circumstances under given settings, for instance those of the live release."""
        return Context(about.jurisdictions, self.today, about.purpose, about.data_labels)

    def acting(self, actor: str) -> "Workshop":
        """Return the same workshop for somebody else to act in; what both use is closed by this one."""
        for shared in ("key", "ledger", "history", "traces", "blobs", "memo"):
            getattr(self, shared)  # opened here, so that the copy opens none of its own
        made = copy(self)
        made.actor = actor
        return made

    def _url(self, written: str, file: str) -> str:
        return written or f"sqlite:///{(self.state / file).absolute()}"

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "traces" in self.__dict__:
            self.traces.close()
        if "history" in self.__dict__:
            self.history.close()
        if "ledger" in self.__dict__:
            self.ledger.close()


def _key_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)
