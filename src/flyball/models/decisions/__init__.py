"""Decisions: answers automated, referred or refused, with everything an auditor may ask.

In:       predictions, routes, rules, the decision gate (as an argument)
Out:      `Decision` records (`records.py`)
Imports:  core, data, experts, router; never governance: its gate is handed in
Add one:  a part of a decision is a record in `records.py`
"""
