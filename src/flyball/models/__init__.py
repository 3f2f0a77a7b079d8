"""Models: experts of any kind, one router over them, and the decisions that they make.

In:       batches of cases from snapshots
Out:      a `Decision` per case (`decisions.records`)
Imports:  core, data; the ledger only through what the loop hands in
Add one:  an expert is one file in `experts/shelf/`; see CONTRIBUTING.md
"""
