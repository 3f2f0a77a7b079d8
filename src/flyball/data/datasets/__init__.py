"""Datasets: cases, labels and rows of any kind, immutable and versioned.

In:       Arrow tables of cases and labels (`schemas.py`), Arrow batches of any schema (`loading.py`)
Out:      a `Snapshot`: Iceberg snapshot, digest, parents, tag, card
Imports:  core
Add one:  a column of cases is one line in `schemas.py`; a type, one in `stored.py` and one in `multiset.py`
"""
