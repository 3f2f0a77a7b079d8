"""Privacy: what in a text points to a person.

In:       text
Out:      `Found` with kind and offsets; text with the findings taken out
Imports:  core
Add one:  a kind is one line in `personal_data.py: KINDS`, with a check where the number has one
"""
