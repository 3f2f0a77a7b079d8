"""KPIs: what the business wants to know, as formulas over decisions and what turned out.

In:       `[[kpi]]` of a deployment, and the history of its decisions and reports
Out:      a `Kpi` each: value, interval, periods, baseline and what was saved, or why it is not known
Imports:  core, evaluation.history, evaluation.bootstrap; never loop or a door
Add one:  a KPI is three lines of `flyball.toml`; a column, a line in `formula.py` and in `columns.py`
"""

from flyball.evaluation.kpis.checking import CheckedKpi, checked_kpis
from flyball.evaluation.kpis.formula import BadFormula
from flyball.evaluation.kpis.measure import Group, Question, measure
from flyball.evaluation.kpis.records import Baseline, Kpi, KpisView, Period, Saving
from flyball.evaluation.kpis.settings import BaselineSettings, KpiSettings

__all__ = [
    "BadFormula",
    "Baseline",
    "BaselineSettings",
    "CheckedKpi",
    "Group",
    "Kpi",
    "KpiSettings",
    "KpisView",
    "Period",
    "Question",
    "Saving",
    "checked_kpis",
    "measure",
]
