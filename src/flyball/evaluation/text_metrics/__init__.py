"""Metrics of text answers: one file each, found by their name.

In:       text answers with what is right, or with the passages that they cite (`evaluation.texts.records`)
Out:      for each answer two numbers: points got, and points to be had
Imports:  core and `evaluation.texts`
Add one:  copy `exact_match.py`; the contract tests find it by its file name
"""
