"""Decide texts that come in by HTTP with the live release, off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from flyball.core.records import Context
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.records import Document, Limits
from flyball.gateway.errors import BadRequest
from flyball.gateway.writing import Scribe
from flyball.loop.answering import Answering
from flyball.loop.comparing import stop_if_worse
from flyball.loop.issue import Issued
from flyball.loop.live import LiveEngine
from flyball.loop.shadowing import Follower
from flyball.loop.workshop import Workshop

__all__ = ["Decider", "plain_document"]


def plain_document(text: str, name: str, limits: Limits | None = None) -> Document:
    """Return a text as a document, taken as plain text whatever it looks like.

    Raises
    ------
    BadRequest
        There is no text in it.
    FlyballError
        It is longer than documents may be.
    """
    data = text.encode("utf-8", "replace")
    if not text.strip():
        raise BadRequest("There is no text to decide about.", fix="Send the text of a case.")
    assembly = Assembly(name, limits or Limits())
    assembly.add(text, label="message")
    return assembly.document(data, "text/plain")


class Decider:
    """The releases that answer for one deployment, loaded once and again when others take their place.

    A challenger in the shadow is worked for in a thread and a process of its own, off the ledger: no answer
    waits for it.

    Parameters
    ----------
    workshop : Workshop
    scribe : Scribe
    """

    def __init__(self, workshop: Workshop, scribe: Scribe) -> None:
        self._workshop = workshop
        self._scribe = scribe
        self._answering = Answering(workshop)
        self._shadow = Follower(workshop, judge=stop_if_worse)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decider")

    @property
    def seconds_behind(self) -> float | None:
        """Age of the oldest decision that a challenger in the shadow has still to decide; None: no shadow."""
        return self._shadow.seconds_behind()

    async def live(self) -> LiveEngine:
        """Return what is live.

        Raises
        ------
        NothingLive, ReleaseForged, KitAltered
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._live)

    async def decide(
        self,
        documents: list[Document],
        context: Context | None = None,
        *,
        tenant: str = "default",
        actor: str = "",
    ) -> list[Issued]:
        """Decide documents; each decision is in the ledger before it is returned.

        Parameters
        ----------
        documents : list of Document
            The same text twice is decided once.
        context : Context, optional
            By default that of the live release, today, for `tenant`.
        tenant : str
        actor : str
            Who asks, for the ledger; by default the gateway.

        Returns
        -------
        list of Issued
            One per document, in their order.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, copy_context().run, self._decide, documents, context, tenant, actor
        )

    def close(self) -> None:
        """End what is under way, then stop."""
        self._shadow.close()
        self._thread.shutdown()

    def _live(self) -> LiveEngine:
        return self._answering.live()

    def _decide(
        self, documents: list[Document], context: Context | None, tenant: str, actor: str
    ) -> list[Issued]:
        return self._answering.decide(documents, context=context, tenant=tenant, actor=actor)
