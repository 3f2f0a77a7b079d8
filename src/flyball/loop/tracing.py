"""Traces of a deployment as people look for them: by a decision, by any ledger entry, by an id, as a list."""

import re

from flyball.evaluation.traces.records import TraceRow, TraceView, UnknownTrace
from flyball.evaluation.traces.view import view_of_trace
from flyball.loop.decided import decision_id
from flyball.loop.lineage import find_decision
from flyball.loop.workshop import Workshop

__all__ = ["find_trace", "trace_view", "traces_view"]

_ID = re.compile(r"[0-9a-fA-F]{32}\Z")


def trace_view(workshop: Workshop, entry: int, *, tenant: str | None = None) -> TraceView:
    """Return how a ledger entry came about: spans from top to bottom, with offsets and lengths.

    Parameters
    ----------
    workshop : Workshop
    entry : int
        A decision, a conversation, a stage of a turn: any entry that a trace led to.
    tenant : str, optional
        Traces of other tenants are not there; None for all.

    Raises
    ------
    UnknownTrace
        None is kept: it was not sampled, is too old, or was made before there were traces.
    TracesUnavailable
    """
    return view_of_trace(workshop.traces, entry=entry, tenant=tenant)


def traces_view(
    workshop: Workshop,
    *,
    tenant: str | None = None,
    failed: bool | None = None,
    slowest: bool = False,
    limit: int = 20,
) -> tuple[TraceRow, ...]:
    """Return kept traces, the newest or the slowest first.

    Raises
    ------
    TracesUnavailable
    """
    return tuple(workshop.traces.rows(tenant=tenant, failed=failed, slowest=slowest, limit=limit))


def find_trace(workshop: Workshop, wanted: str) -> TraceView:
    """Return the trace of what people name.

    Parameters
    ----------
    workshop : Workshop
    wanted : str
        A trace id, the number of a ledger entry, or a decision by its id, its case or the name of its file.

    Raises
    ------
    UnknownTrace
        None is kept of it.
    UnknownName
        No decision is called so.
    """
    if _ID.match(wanted):
        return view_of_trace(workshop.traces, trace_id=wanted.lower())
    number = wanted.removeprefix(decision_id(workshop.deployment.name, 0)[:-1])
    if number.isdecimal() and number.isascii() and len(number) < 16:
        try:
            return trace_view(workshop, int(number))
        except UnknownTrace:
            if int(number) < workshop.ledger.size():
                raise
    return trace_view(workshop, find_decision(workshop, wanted).index)
