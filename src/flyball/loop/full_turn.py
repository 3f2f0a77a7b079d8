"""A full turn: the stages, then the release gate, then the deployment's own cases decided and reported."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flyball.core.tracing import begin, span
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.records import Document, Unreadable
from flyball.loop.asked_turns import answer_asked, asked_turns
from flyball.loop.issue import Issued, issue
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.outcome_sources import FromSource, load_due
from flyball.loop.promotion import Promoted, promote
from flyball.loop.proposals import Standing, record_proposals
from flyball.loop.proposing import proposals_of
from flyball.loop.releases import live_release
from flyball.loop.report import default_path, view_of, write_report
from flyball.loop.stage import Stage
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.decisions import documents_in, read_answers
from flyball.loop.stages.documents import unreadable_of
from flyball.loop.stages.playbook import read_findings
from flyball.loop.turn import Ran, TurnResult, run_turn
from flyball.loop.workshop import Workshop
from flyball.models.decisions.findings import SEVERITIES
from flyball.models.decisions.records import Decision

__all__ = ["BeforeRelease", "FullTurn", "full_turn"]

BeforeRelease = Callable[[Workshop, str], None]
"""Told the digest of a release that is about to be judged."""

_MOST_ON_A_PAGE = 500
"""Cases on the report of a turn; a page of many thousand opens in no browser."""
_BATCH = 1_024
"""Cases that are written down together: the trace of so many holds a span of each."""


@dataclass(frozen=True, slots=True)
class FullTurn:
    """What came of a turn.

    Parameters
    ----------
    turn : TurnResult
    promoted : Promoted
    issued : tuple of Issued
        The decisions of the live release on the deployment's own cases; () where it did not go live.
    report : Path or None
        The HTML file; None where the release did not go live.
    ledger_size : int
        Entries in the ledger at the end.
    signed_by : str
        Name of the key of the checkpoint.
    outcomes : tuple of FromSource
        Tables of outcomes that were read, after the cases were decided.
    seconds : float
        From start to signed checkpoint and report.
    proposals : tuple of Standing
        What is suggested to be changed, and that nobody has answered yet.
    """

    turn: TurnResult
    promoted: Promoted
    issued: tuple[Issued, ...]
    report: Path | None
    ledger_size: int
    signed_by: str
    outcomes: tuple[FromSource, ...]
    seconds: float
    proposals: tuple[Standing, ...] = ()


def full_turn(
    workshop: Workshop,
    *,
    before: Callable[[Stage, str], None] = lambda stage, why: None,
    after: Callable[[Ran], None] = lambda ran: None,
    before_release: BeforeRelease = lambda workshop, digest: None,
) -> FullTurn:
    """Run what has changed, ask the release gate, go live where it allows, write the report.

    Parameters
    ----------
    workshop : Workshop
    before, after : callable
        As of `run_turn`.
    before_release : callable (workshop, digest)
        Does what the release gate looks for and this room cannot: attacks through the gateway. Where they
        are asked for and not made, the gate refuses.

    Returns
    -------
    FullTurn
        Also where the gate refused: then what was live before stays live.
    """
    started = time.perf_counter()
    asked = asked_turns(workshop.ledger)
    turn = run_turn(stages_of(workshop.deployment.settings), workshop, before=before, after=after)
    changed = [ran.stage for ran in turn.stages if ran.ran]
    before_it = live_release(workshop.ledger)
    before_release(workshop, turn.outputs["release"]["digest"])
    promoted = promote(
        workshop,
        turn.outputs["release"]["digest"],
        by=workshop.actor,
        why=f"stages run: {', '.join(changed)}" if changed else "nothing changed",
    )
    proposals: tuple[Standing, ...] = ()
    if changed:
        live_before = None if before_it is None else before_it.release
        found = proposals_of(workshop, promoted.release, promoted.verdict, live_before)
        proposals = record_proposals(workshop, found)
    answer_asked(workshop.ledger, asked, actor=workshop.actor, release=promoted.release, live=promoted.live)
    issued: list[Issued] = []
    report = None
    if promoted.live:
        live = live_engine(workshop)
        documents = documents_in(workshop, turn.outputs)
        issued = _decide_own_cases(workshop, live, turn, documents)
        outcomes = load_due(workshop)
        checkpoint = workshop.ledger.checkpoint()
        places = _for_the_page([one.decision for one in issued])
        view = view_of(
            workshop,
            live,
            [issued[place] for place in places],
            [documents[place] for place in places],
            _unreadable(turn),
            checkpoint,
            not_shown=len(issued) - len(places),
        )
        report = write_report(default_path(workshop, promoted.release), view)
    else:
        outcomes = load_due(workshop)
        checkpoint = workshop.ledger.checkpoint()
    return FullTurn(
        turn=turn,
        promoted=promoted,
        issued=tuple(issued),
        report=report,
        ledger_size=checkpoint.size,
        signed_by=workshop.key.name,
        outcomes=outcomes,
        seconds=time.perf_counter() - started,
        proposals=proposals,
    )


def _for_the_page(decisions: Sequence[Decision]) -> list[int]:
    """Return which decisions are shown, in their order: all, or the refused and the worst of too many."""
    if len(decisions) <= _MOST_ON_A_PAGE:
        return list(range(len(decisions)))

    def rank(place: int) -> tuple[bool, int, int]:
        decision = decisions[place]
        found = [SEVERITIES.index(one.severity) for one in decision.findings if one.status == "found"]
        return decision.verdict.allowed, min(found, default=len(SEVERITIES)), place

    return sorted(sorted(range(len(decisions)), key=rank)[:_MOST_ON_A_PAGE])


def _unreadable(turn: TurnResult) -> list[Unreadable]:
    """Return the files that no source could read."""
    outputs = [output for name, output in turn.outputs.items() if name.startswith("documents:")]
    return [bad for output in outputs for bad in unreadable_of(output)]


def _decide_own_cases(
    workshop: Workshop, live: LiveEngine, turn: TurnResult, documents: Sequence[Document]
) -> list[Issued]:
    """Issue the re-tested answers as decisions of the release; no expert is asked a second time."""
    answers = read_answers(workshop, turn.outputs["decisions"], documents)
    findings = read_findings(workshop, turn.outputs["playbook"])
    context = workshop.context_of(live.settings.deployment)
    duties = live.engine.duties(context)
    at = workshop.clock()
    issued: list[Issued] = []
    for first in range(0, len(documents), _BATCH):
        part = documents[first : first + _BATCH]
        with begin("decide batch", workshop.traces, tenant=context.tenant):
            with span("decide") as told:
                told.set("flyball.release", live.digest)
                told.set("flyball.cases", len(part))
                reviewed = [
                    live.engine.review(
                        document,
                        fields,
                        findings[case_id_of(document.content_digest)],
                        duties,
                        context=context,
                        release=live.digest,
                        live=frozenset({live.digest}),
                        at=at,
                    )
                    for document, fields in zip(part, answers[first : first + _BATCH], strict=True)
                ]
            trails = {
                document.content_digest: one
                for document, one in zip(part, reviewed, strict=True)
                if not one.kept_at_once
            }
            issued += issue(workshop, [one.revised for one in reviewed], part, trails=trails)
    return issued
