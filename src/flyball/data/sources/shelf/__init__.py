"""The shelf of sources: one file each, named after what it reads.

In:       the settings of one source
Out:      an object that keeps the contract in `sources/source.py`
Imports:  core, and the contract
Add one:  copy `files.py`; the object in it has the name of the file
"""
