"""Reports: one page for the lawyer who has to answer for the decisions.

In:       a `ReportView` (`records`): the run, its decisions, the texts, the law in force, the ledger's word
Out:      one self-contained HTML page as text; nothing is written, fetched or computed anew
Imports:  core, data, the records of models, and of evaluation
Add one:  a part of the page is a record in `records.py`, its words in `parts.py` and `page.py`, a block in
          `templates/`
"""

from flyball.evaluation.reports.records import (
    BadReportView,
    ContractView,
    ExpertView,
    LedgerView,
    MeasureView,
    ObligationView,
    PinView,
    PrincipleView,
    PromiseView,
    ReportView,
    RuleView,
    RunView,
    ThresholdView,
)
from flyball.evaluation.reports.render import render_report
from flyball.evaluation.reports.views import measures_of, promises_of

__all__ = [
    "BadReportView",
    "ContractView",
    "ExpertView",
    "LedgerView",
    "MeasureView",
    "ObligationView",
    "PinView",
    "PrincipleView",
    "PromiseView",
    "ReportView",
    "RuleView",
    "RunView",
    "ThresholdView",
    "measures_of",
    "promises_of",
    "render_report",
]
