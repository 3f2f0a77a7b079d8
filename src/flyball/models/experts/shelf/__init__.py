"""The shelf of experts: one file each, file name = expert name.

In:       nothing at import
Out:      an object of the file's name with `load(folder, settings)` and, if it learns, `fit(...)`
Imports:  the contract in `experts/expert.py`; heavy libraries through `core.extras`
Add one:  copy `clause_detector.py`; the contract suite in `tests/contracts/` tests it at once
"""
