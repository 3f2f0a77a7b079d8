"""Drift: what changed between two tables, or between what was decided then and now.

In:       rows of two periods (files, snapshots, the history of decisions), or sketches of them
Out:      `DriftReport`: what drifted, how much of it, how sure that is; estimates of accuracy without labels
Imports:  core, the sources of `data`, the records of evaluation; never governance, loop or a door
Add one:  a kind of column is a sketch in `sketches.py` and its comparisons in `column.py`

The verbs are in `compare.py`, `table_sketch.py`, `reading.py`, `over_time.py` and `estimated.py`.
"""
