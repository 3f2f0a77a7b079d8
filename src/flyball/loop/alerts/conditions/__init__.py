"""What raises alerts: one file each.

In:       the workshop, and what time it is
Out:      a `Condition` for each thing that was looked at, whether it is wrong or not
Imports:  the contract, and the rooms that know the thing
Add one:  copy `disk.py`
"""
