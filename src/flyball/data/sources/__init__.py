"""Sources: where cases come from.

In:       the settings of one source: a folder, later a database or a queue
Out:      a `Listing` of what is there, and batches of it in Arrow with the state to go on from
Imports:  core
Add one:  a source is one file in `shelf/`; copy `shelf/files.py`
"""
