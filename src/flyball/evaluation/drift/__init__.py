"""Drift: what changed between two tables, or between what was decided then and now.

In:       rows of two periods (files, snapshots, the history of decisions), or sketches of them
Out:      `DriftReport`: what drifted, how much of it, how sure that is; estimates of accuracy without labels
Imports:  core, the sources of `data`, the records of evaluation; never governance, loop or a door
Add one:  a kind of column is a sketch in `sketches.py` and its comparisons in `column.py`
"""

from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.kept import is_sketch, load_sketch, save_sketch
from flyball.evaluation.drift.reading import open_rows
from flyball.evaluation.drift.records import ColumnDrift, DriftReport, JointDrift, Options, SchemaChange
from flyball.evaluation.drift.table_sketch import TableSketch, sketch_rows

__all__ = [
    "ColumnDrift",
    "DriftReport",
    "JointDrift",
    "Options",
    "SchemaChange",
    "TableSketch",
    "compare",
    "is_sketch",
    "load_sketch",
    "open_rows",
    "save_sketch",
    "sketch_rows",
]
