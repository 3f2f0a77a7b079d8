"""Answering: documents in, decisions of whichever release the traffic gives them to out.

The guards of the release look at every case before its experts do, and at every answer before it leaves.

A case that falls to a canary is answered by the challenger. Where the challenger cannot be loaded, or
breaks on the case, the live release answers it, and the failure is written down: it counts against the
challenger, never against the case.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flyball.core.errors import FlyballError
from flyball.core.records import Context
from flyball.core.tracing import begin, now_tracing
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.records import Document
from flyball.governance.constitution.review import ReviewedDecision
from flyball.ledger.errors import KeyReused
from flyball.loop.issue import Issued, issue
from flyball.loop.live import LiveEngine, engine_of_release
from flyball.loop.releases import require_live
from flyball.loop.traffic import Traffic, TrafficWatch
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = ["FAILED", "Answering", "note_failure", "split_by_release"]

FAILED = "release.failed"
"""Kind of the entries that say that a challenger broke on a case."""


class Answering:
    """Decides by the traffic in force; releases are loaded once, and again when others take their place.

    Safe to use from several threads; decisions are made one batch at a time.

    Parameters
    ----------
    workshop : Workshop
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._watch = TrafficWatch(workshop.ledger)
        self._lock = threading.Lock()
        self._engines: dict[str, LiveEngine] = {}

    def traffic(self) -> Traffic:
        """Return what is in force."""
        return self._watch.now()

    def live(self) -> LiveEngine:
        """Return the live release.

        Raises
        ------
        NothingLive, ReleaseForged, KitAltered
        """
        return self._champion(self.traffic())

    def decide(
        self,
        documents: Sequence[Document],
        *,
        context: Context | None = None,
        tenant: str = "default",
        actor: str = "",
    ) -> list[Issued]:
        """Decide documents; each decision is in the ledger before it is returned.

        Parameters
        ----------
        documents : sequence of Document
            The same content twice is decided once.
        context : Context, optional
            By default that of the live release, today, for `tenant`.
        tenant : str
        actor : str
            Who asks, for the ledger; by default who works in the workshop.

        Returns
        -------
        list of Issued
            One per document, in their order.
        """
        traffic = self.traffic()
        live = self._champion(traffic)
        given = context or replace(self._workshop.context_of(live.settings.deployment), tenant=tenant)
        once = {one.content_digest: one for one in documents}
        at = self._workshop.clock()
        found: dict[str, Issued] = {}
        for release, group in split_by_release(traffic, once.values(), given.tenant).items():
            with begin("decide", self._workshop.traces, tenant=given.tenant) as told:
                told.set("flyball.release", release)
                told.set("flyball.cases", len(group))
                trails: dict[str, ReviewedDecision] = {}
                decisions = self._decide(live, release, group, given, at, trails)
                issued = issue(self._workshop, decisions, group, actor=actor, trails=trails)
            found |= {document.content_digest: one for document, one in zip(group, issued, strict=True)}
        return [found[document.content_digest] for document in documents]

    def _decide(
        self,
        live: LiveEngine,
        release: str,
        documents: list[Document],
        context: Context,
        at: datetime,
        trails: dict[str, ReviewedDecision],
    ) -> list[Decision]:
        if release != live.digest:
            try:
                return _decided(self._engine(release), documents, context, at, trails)
            except Exception as err:  # noqa: BLE001 - a challenger may break in any way; the champion answers
                what = f"[{err.code}] {err.message}" if isinstance(err, FlyballError) else type(err).__name__
                now_tracing().fail(FAILED)
                for document in documents:
                    note_failure(self._workshop, release, document, context, what)
        trails.clear()
        return _decided(live, documents, context, at, trails)

    def _champion(self, traffic: Traffic) -> LiveEngine:
        if not traffic.champion:
            require_live(self._workshop.ledger, self._workshop.deployment.name)  # says what to do
        return self._engine(traffic.champion)

    def _engine(self, digest: str) -> LiveEngine:
        with self._lock:
            if digest not in self._engines:
                kept = {self.traffic().champion, digest}
                self._engines = {one: engine for one, engine in self._engines.items() if one in kept}
                self._engines[digest] = engine_of_release(self._workshop, digest)
            return self._engines[digest]


def split_by_release(
    traffic: Traffic, documents: Iterable[Document], tenant: str
) -> Mapping[str, list[Document]]:
    """Return the documents by the release that answers them.

    Raises
    ------
    NothingLive
        Nothing ever went live.
    """
    found: dict[str, list[Document]] = {}
    for document in documents:
        release = traffic.release_for(case_id_of(document.content_digest), tenant).release
        found.setdefault(release, []).append(document)
    return found


def note_failure(workshop: Workshop, release: str, document: Document, context: Context, what: str) -> None:
    """Write down that a challenger broke on a case; once for a case and day."""
    case = case_id_of(document.content_digest)
    body = {"release": release, "case_id": case, "tenant": context.tenant, "what": what[:500]}
    key = f"failed/{release}/{case}/{context.as_of.isoformat()}/{context.tenant}"[:200]
    try:
        workshop.ledger.append(kind=FAILED, actor=workshop.actor, body=body, key=key)
    except KeyReused:
        return  # it broke on this case before today, in another way


def _decided(
    engine: LiveEngine,
    documents: list[Document],
    context: Context,
    at: datetime,
    trails: dict[str, ReviewedDecision],
) -> list[Decision]:
    return engine.guards.decide(
        engine.engine,
        documents,
        context=context,
        release=engine.digest,
        live=frozenset({engine.digest}),
        at=at,
        trails=trails,
    )
