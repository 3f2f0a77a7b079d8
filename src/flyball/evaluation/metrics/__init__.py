"""The shelf of metrics: one file each, file name = metric name.

In:       `ScoredCases`
Out:      a `Metric` of the file's name; calling it gives an estimate with its interval
Imports:  evaluation.bootstrap, evaluation.cases, evaluation.metric; nothing at import
Add one:  copy `accuracy.py`; the contract suite in `tests/contracts/test_metrics.py` tests it at once
"""
