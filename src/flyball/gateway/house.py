"""The house: every deployment that is served, opened once and closed in order."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flyball.core.errors import BadInput, FlyballError
from flyball.evaluation.objectives.requests import REQUESTS, RequestLog
from flyball.gateway.chatting import Chat, open_chat
from flyball.gateway.counting import Counting
from flyball.gateway.deciding import Decider
from flyball.gateway.errors import UnknownModel
from flyball.gateway.principal import Principal
from flyball.gateway.tracing import note_traces
from flyball.gateway.whose import note_whose
from flyball.gateway.writing import Scribe
from flyball.loop.deployment import open_deployment
from flyball.loop.explaining import Explainer
from flyball.loop.neighbours import Remembered
from flyball.loop.sources import row_sources
from flyball.loop.workshop import Workshop

__all__ = ["House", "Served", "open_house", "open_served"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """One deployment, open.

    Parameters
    ----------
    name : str
        The model name under which programs ask for it.
    workshop : Workshop
    scribe : Scribe
        Writes its entries; never write to its ledger past it from a coroutine.
    explainer : Explainer
        Says why its decisions came out as they did.
    decider : Decider or None
        None where it has nothing to decide.
    chat : Chat or None
        None where it has no `[chat]`.
    remembered : Remembered or None
        What its accounts had done, where it decides about transfers.
    """

    name: str
    workshop: Workshop
    scribe: Scribe
    explainer: Explainer
    decider: Decider | None
    chat: Chat | None
    remembered: Remembered | None = None

    async def not_ready(self) -> str:
        """Return why it cannot answer now; "" where it can."""
        try:
            self.workshop.ledger.size()
            if self.decider is not None:
                await self.decider.live()
        except FlyballError as err:
            return str(err)
        return ""

    async def close(self) -> None:
        """Write what waits, sign the ledger, close everything."""
        if self.chat is not None:
            await self.chat.close()
        if self.decider is not None:
            self.decider.close()
        await self.scribe.close()
        try:
            await asyncio.to_thread(self.workshop.ledger.checkpoint)
        finally:
            await asyncio.to_thread(self.workshop.history.close)
            await asyncio.to_thread(self.workshop.traces.close)
            await asyncio.to_thread(self.workshop.ledger.close)


class House:
    """The served deployments by name.

    Parameters
    ----------
    served : mapping of str to Served
    """

    def __init__(self, served: Mapping[str, Served]) -> None:
        self._served = dict(served)
        self.counting = Counting(
            {name: RequestLog(one.workshop.state / REQUESTS) for name, one in self._served.items()}
        )

    def names(self, principal: Principal) -> list[str]:
        """Return the deployments that a caller may use, sorted."""
        return sorted(name for name in self._served if principal.may_use(name))

    def everything(self) -> list[Served]:
        """Return all of them, for health and shutdown."""
        return list(self._served.values())

    def of(self, name: str, principal: Principal) -> Served:
        """Return a deployment.

        Raises
        ------
        UnknownModel
            None is called so, or the caller may not use it: which of the two is not said.
        """
        found = self._served.get(name)
        if found is None or not principal.may_use(name):
            known = self.names(principal)
            raise UnknownModel(
                f"No model is called {name[:100]!r}.",
                fix=f"Known: {', '.join(known)}." if known else "Nothing is served that you may use.",
                model=name[:100],
            )
        note_traces(found.workshop.traces, name, principal.tenant)
        note_whose(name)
        return found

    async def close(self) -> None:
        """Close all; a failure of one keeps no other open."""
        await asyncio.to_thread(self.counting.close)
        for one in self._served.values():
            try:
                await one.close()
            except FlyballError:
                _LOG.exception("%s did not close as it should", one.name)


def open_house(roots: list[Path]) -> House:
    """Open deployments for serving.

    Parameters
    ----------
    roots : list of Path
        Folders with `flyball.toml`.

    Raises
    ------
    BadInput
        Two have the same name, or one cannot be opened.
    """
    served: dict[str, Served] = {}
    for root in roots:
        workshop = Workshop(open_deployment(root), actor="system:gateway")
        name = workshop.deployment.name
        if name in served:
            raise BadInput(
                f"Two of the served deployments are called {name!r}.",
                fix="Give each a name of its own in [deployment].",
                name=name,
            )
        served[name] = open_served(workshop)
    return House(served)


def open_served(workshop: Workshop, *, planted: str = "") -> Served:
    """Open one deployment for serving; `planted` goes before its conversations, behind its own words."""
    scribe = Scribe(workshop.ledger)
    decider = Decider(workshop, scribe) if workshop.deployment.fields else None
    transfers = [one for one in row_sources(workshop.deployment.settings.source) if one.neighbours]
    remembered = Remembered(workshop, transfers[0]) if transfers else None
    chat = open_chat(workshop, scribe, planted=planted)
    name, explainer = workshop.deployment.name, Explainer(workshop)
    return Served(name, workshop, scribe, explainer, decider, chat, remembered)
