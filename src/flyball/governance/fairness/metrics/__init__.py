"""Metrics of fairness, one file each.

In:       `Counts` of one trait
Out:      figures by group, which are compared as a ratio or a difference; or `NotMeasured`
Imports:  core, and the contract beside this folder
Add one:  copy `demographic_parity.py`; the contract tests find it
"""
