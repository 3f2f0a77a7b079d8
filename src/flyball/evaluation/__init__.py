"""Evaluation: how good the decisions were, and how sure we are of it.

In:       decisions (`models.decisions.records`) or prediction columns, and labels that people gave
Out:      a `Report`: one estimate with its interval, or `NotMeasured`, per metric and field;
          a `Comparison` of a challenger with the champion
Imports:  core, data, models; never governance, loop or a door
Add one:  a metric is one file in `metrics/`; copy `metrics/accuracy.py`, see docs/evaluation.md
"""

from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.cases import ScoredCases, scored_cases, scored_predictions
from flyball.evaluation.compare import compare
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.leaks import LeakedCases, leaked, unseen
from flyball.evaluation.metric import METRICS, Metric, metric
from flyball.evaluation.outside import as_json, comparison_as_json
from flyball.evaluation.records import Comparison, LeftOut, MetricResult, Report, Subject
from flyball.evaluation.table import render_comparison, render_table

__all__ = [
    "METRICS",
    "Comparison",
    "LeakedCases",
    "LeftOut",
    "Metric",
    "MetricResult",
    "Report",
    "Sampling",
    "ScoredCases",
    "Subject",
    "as_json",
    "compare",
    "comparison_as_json",
    "evaluate",
    "leaked",
    "metric",
    "render_comparison",
    "render_table",
    "scored_cases",
    "scored_predictions",
    "unseen",
]
