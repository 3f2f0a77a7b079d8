"""The channels: one file each, file name = `kind` in `[[alerts.channel]]`.

In:       settings once, then one message after the other
Out:      nothing, or `NotDelivered`; no secret in either
Imports:  the contract, core, and `posting` for those that speak HTTP
Add one:  copy `file.py`
"""
