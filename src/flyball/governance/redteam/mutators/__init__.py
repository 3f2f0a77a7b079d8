"""Disguises of a text, one file each.

In:       see the contract in `mutator.py`
Out:      the object that bears the name of its file
Imports:  what stands beside this folder
Add one:  copy the smallest file here and give it the name of what it does
"""
