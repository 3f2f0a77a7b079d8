"""Quality: what a source must keep before its rows may become a snapshot.

In:       a data contract (TOML beside the source), Arrow batches as the source gives them
Out:      a `QualityReport`: what was broken, by how many rows, a few of them quoted with their values masked
Imports:  core
Add one:  a check of one column is one function in `column_checks.py`; name it in `contract.py`
"""
