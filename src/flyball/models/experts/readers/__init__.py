"""The shelf of value readers: one file each, file name = reader name = function name.

In:       the words of a quoted passage
Out:      `ReadValue`, or None where nothing is read for certain
Imports:  the contract in `experts/reader.py`, core
Add one:  copy `percentage.py`; the suite in `tests/contracts/test_readers.py` tests it at once
"""
