"""Core: the words that every room shares. No I/O.

In:       plain values
Out:      records (`Case`, `Answer`, ...), `Estimate`, `Verdict`, errors, shelves, digests, clock, money
Imports:  msgspec, numpy and pyarrow; no other room
Add one:  a record is one frozen dataclass in `records.py`; a new noun gets a file of its own
"""
