"""The indicators: one file each, file name = name in `[[slo]] indicator`.

In:       an objective, where to read, from when until when
Out:      `Events` to count, `Spending` to add up, or a `Figure` that stands in the ledger
Imports:  the contract, and the records it reads
Add one:  copy `availability.py`
"""
