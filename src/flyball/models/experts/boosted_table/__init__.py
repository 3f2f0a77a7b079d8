"""Boosted trees for tables: learned with LightGBM, asked with numpy alone.

In:       rows as columns, and how each may count (`columns.py`)
Out:      chances, exact shares of each column in them, answers with evidence
Imports:  core, data, the contract of experts; lightgbm only to learn, through the extra `train`
Add one:  a property of a column is one entry of `columns.py`
"""

from flyball.models.experts.boosted_table.artefact import BadArtefact
from flyball.models.experts.boosted_table.columns import BadColumns, Column
from flyball.models.experts.boosted_table.fit import Recipe, fit_cases
from flyball.models.experts.boosted_table.model import BoostedTable
from flyball.models.experts.boosted_table.reasons import BadReasons

__all__ = ["BadArtefact", "BadColumns", "BadReasons", "BoostedTable", "Column", "Recipe", "fit_cases"]
