"""Outcomes: what later turned out about decisions, as people and programs report it.

In:       reports about decisions: labels, corrections, business results
Out:      `ReportedOutcome`; what stands for a field where reports agree, or that they do not
Imports:  core, and the records of decisions
Add one:  a kind of outcome is one word in `records.py`, and what it counts for in `standing.py`
"""
