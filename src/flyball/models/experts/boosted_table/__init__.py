"""Boosted trees for tables: learned with LightGBM, asked with numpy alone.

In:       rows as columns, and how each may count (`columns.py`)
Out:      chances, exact shares of each column in them, answers with evidence
Imports:  core, data, the contract of experts; lightgbm only to learn, through the extra `train`
Add one:  a property of a column is one entry of `columns.py`
"""
