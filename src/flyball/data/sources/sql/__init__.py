"""SQL: read tables of a relational database into Arrow, whole or by what changed, and resume anywhere.

In:       a URL without a password, a reference to the secret, which tables and how rows are named
Out:      `Stream`s by reflection, and `Batch`es whose state is the key of their last row
Imports:  core, and the contract of sources
Add one:  a database is one entry of `DIALECTS` in `dialects.py`, and its own types in `types.py`
"""
