"""Labels: what may be done with data, on every column, and on everything that is made from it.

In:       words of flyball.toml and of data contracts: "personal-data", "residency:EU", "purpose:fraud"
Out:      labels on Arrow columns; the strictest of several; what speaks against a use
Imports:  core
Add one:  a word is one line in `words.py`, with what it means to be stricter
"""
