"""Checkers: the ways in which a decision can be held against a principle.

In:       a `Decision` and a `Reading`
Out:      `Complaint`s; none means that the principle is kept
Imports:  core, the records of decisions, `checker`, `edits`
Add one:  copy `quoted_span.py`; the contract suite in `tests/contracts` then tests yours too
"""
