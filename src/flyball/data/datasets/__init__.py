"""Datasets: cases and labels, immutable and versioned.

In:       Arrow tables of cases and labels (`schemas.py`)
Out:      a `Snapshot`: Iceberg snapshot, digest, parents, tag, card
Imports:  core
Add one:  a column is one line in `schemas.py`; schema changes are additive
"""
