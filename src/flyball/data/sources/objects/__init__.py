"""Objects: files on this machine and in object stores, found, opened and read in one order.

In:       a path or a URL, and for a store its keys as references
Out:      what lies there (`Found`), open files, and batches with the state to go on from
Imports:  core, and the contract of sources
Add one:  a store is a class with `found`, `open` and `facts`, as in `place.py`; name it in `opening.py`
"""
