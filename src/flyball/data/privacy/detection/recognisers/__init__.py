"""Recognisers: one file per country or family, each a tuple of `Recogniser` under the file's own name.

In:       what matched, as a string without personal meaning to the engine
Out:      `Recogniser` records
Imports:  `recogniser`, `checksums`
Add one:  copy `poland.py`; the common suite `tests/contracts/test_recognisers.py` then holds it too
"""
