"""Outcomes: what later turned out about decisions, as people and programs report it.

In:       reports about decisions: labels, corrections, business results
Out:      `ReportedOutcome`; what stands for a field where reports agree, or that they do not
Imports:  core, and the records of decisions
Add one:  a kind of outcome is one word in `records.py`, and what it counts for in `standing.py`
"""

from flyball.evaluation.outcomes.agreement import automated_agreement
from flyball.evaluation.outcomes.records import OUTCOME, OutcomeKind, ReportedOutcome
from flyball.evaluation.outcomes.standing import Standing, Voice, standings

__all__ = [
    "OUTCOME",
    "OutcomeKind",
    "ReportedOutcome",
    "Standing",
    "Voice",
    "automated_agreement",
    "standings",
]
