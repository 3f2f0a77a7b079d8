"""Reports: one page for the lawyer who has to answer for the decisions.

In:       a `ReportView` (`records`): the run, its decisions, the texts, the law in force, the ledger's word
Out:      one self-contained HTML page as text; nothing is written, fetched or computed anew
Imports:  core, and the decision records of models
Add one:  a new part of the page is a record in `records.py`, its words in `page.py`, a block in `templates/`
"""

from flyball.evaluation.reports.records import (
    BadReportView,
    ContractView,
    ExpertView,
    LedgerView,
    MeasureView,
    ObligationView,
    PinView,
    PlaceView,
    PrincipleView,
    PromiseView,
    ReportView,
    RuleView,
    RunView,
    ThresholdView,
    UnreadableView,
)
from flyball.evaluation.reports.render import render_report

__all__ = [
    "BadReportView",
    "ContractView",
    "ExpertView",
    "LedgerView",
    "MeasureView",
    "ObligationView",
    "PinView",
    "PlaceView",
    "PrincipleView",
    "PromiseView",
    "ReportView",
    "RuleView",
    "RunView",
    "ThresholdView",
    "UnreadableView",
    "render_report",
]
