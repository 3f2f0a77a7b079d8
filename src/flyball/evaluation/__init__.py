"""Evaluation: how good the decisions were, and how sure we are of it.

In:       decisions (`models.decisions.records`) or prediction columns, and labels that people gave
Out:      a `Report`: one estimate with its interval, or `NotMeasured`, per metric and field;
          a `Comparison` of a challenger with the champion
Imports:  core, data, models; never governance, loop or a door
Add one:  a metric is one file in `metrics/`; copy `metrics/accuracy.py`, see docs/evaluation.md
"""
