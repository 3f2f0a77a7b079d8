"""Decide texts that come in by HTTP with the live release, off the event loop."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flyball.core.records import Context
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.records import Document, Limits
from flyball.gateway.errors import BadRequest
from flyball.gateway.writing import Scribe
from flyball.loop.issue import Issued, issue
from flyball.loop.live import LiveEngine, engine_of_release
from flyball.loop.releases import require_live
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
    """The live release of one deployment, loaded once and again when another one goes live.

    Parameters
    ----------
    workshop : Workshop
    scribe : Scribe
    """

    def __init__(self, workshop: Workshop, scribe: Scribe) -> None:
        self._workshop = workshop
        self._scribe = scribe
        self._lock = threading.Lock()
        self._loaded: LiveEngine | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decider")

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
            self._thread, self._decide, documents, context, tenant, actor
        )

    def close(self) -> None:
        """End what is under way, then stop."""
        self._thread.shutdown()

    def _live(self) -> LiveEngine:
        digest = require_live(self._workshop.ledger, self._workshop.deployment.name).release
        with self._lock:
            if self._loaded is None or self._loaded.digest != digest:
                self._loaded = engine_of_release(self._workshop, digest)
            return self._loaded

    def _decide(
        self, documents: list[Document], context: Context | None, tenant: str, actor: str
    ) -> list[Issued]:
        live = self._live()
        today = replace(self._workshop.context_of(live.settings.deployment), tenant=tenant)
        once = {one.content_digest: one for one in documents}
        decisions = live.engine.decide(
            list(once.values()),
            context=context or today,
            release=live.digest,
            live=frozenset({live.digest}),
            at=self._workshop.clock(),
        )
        issued = issue(self._workshop, decisions, list(once.values()), actor=actor)
        by_content = {one.decision.content_digest: one for one in issued}
        return [by_content[document.content_digest] for document in documents]
