"""Fairness: whether groups of people are decided about alike, how sure that is, and which law asks.

In:       cases as columns (what was decided, what turned out, a score) with groups of people beside them
Out:      a `FairnessReport`: by trait and pair of traits, each metric with interval and the approval rate
Imports:  core, and figures and trees of models; never loop or cli; nothing here writes to the ledger
Add one:  a metric is one file in `metrics/`; copy `metrics/demographic_parity.py`
"""

from flyball.governance.fairness.cases import GroupedCases, Trait
from flyball.governance.fairness.measure import measure
from flyball.governance.fairness.metric import FAIRNESS_METRICS, FairnessMetric, fairness_metric
from flyball.governance.fairness.records import FairnessReport

__all__ = [
    "FAIRNESS_METRICS",
    "FairnessMetric",
    "FairnessReport",
    "GroupedCases",
    "Trait",
    "fairness_metric",
    "measure",
]
