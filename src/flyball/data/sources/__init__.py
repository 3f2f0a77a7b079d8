"""Sources: where cases come from.

In:       the settings of one source: a folder, a database, a SAP service, a mainframe file
Out:      its `Stream`s, and batches of them in Arrow with the state to go on from
Imports:  core
Add one:  a source is one file in `shelf/`; copy `shelf/files.py`
"""
