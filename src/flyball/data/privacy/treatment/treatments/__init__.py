"""Treatments: one file each, named as in the data contract.

In:       the settings of one column
Out:      a `Treatment` of its values
Imports:  core, pseudonyms
Add one:  copy `mask.py`; the file's name is the name in the contract
"""
