"""Pseudonyms: values replaced so that only the holder of a key can have them back.

In:       values and a `KeyRing`
Out:      pseudonyms of the same form (FF1) or tokens (AES-SIV); the values again
Imports:  core
Add one:  an alphabet is one line in `formats.py`
"""
