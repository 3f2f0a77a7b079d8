"""Tables: rows from Parquet, CSV, JSON lines and Excel.

In:       files of a place (`sources/objects`), and what is declared about their columns
Out:      a schema that holds for every row of every file, and batches of it
Imports:  core, the contract of sources, and objects
Add one:  a format is a class with `describe` and `read`, as in `table_format.py`; name it in `rows.py`
"""
