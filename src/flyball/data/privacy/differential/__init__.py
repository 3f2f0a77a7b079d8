"""Differential privacy: what leaves says little about any one person, and says how little.

In:       a table, columns with bounds known beforehand, a budget in the ledger
Out:      `Released` counts, sums, means, quantiles and synthetic tables, each with its `Guarantee`
Imports:  core, ledger; OpenDP (extra `dp`) inside functions
Add one:  a release is one function that computes an exact vector of whole numbers, proves how far
          one unit moves it, and asks `PrivateTable.release`; copy `aggregates.py: count`
"""

from flyball.data.privacy.differential.aggregates import (
    count,
    count_found_keys,
    even_bins,
    mean,
    quantile,
    total,
)
from flyball.data.privacy.differential.budget import Budget, Declaration, statement
from flyball.data.privacy.differential.columns import Bins, Bounds, Categories
from flyball.data.privacy.differential.private_table import Guarantee, PrivateTable, Released, protect
from flyball.data.privacy.differential.synthesis import synthesize

__all__ = [
    "Bins",
    "Bounds",
    "Budget",
    "Categories",
    "Declaration",
    "Guarantee",
    "PrivateTable",
    "Released",
    "count",
    "count_found_keys",
    "even_bins",
    "mean",
    "protect",
    "quantile",
    "statement",
    "synthesize",
    "total",
]
