"""Formats: one file for each kind of document that Flyball reads.

In:       the bytes of one file, its name, limits
Out:      a `Document`: text, and the place of every character
Imports:  core, and the contract in `documents/format.py`
Add one:  copy `txt.py`; the file name is the extension, the object in it has the same name
"""
