"""Scorecard: one flag decided by adding up points, one for each column of the case.

In:       a `PrivateTable` to learn from; cases with the columns that the card names
Out:      a `Scorecard` expert with the guarantee that it was trained under; predictions
Imports:  core, data.privacy.differential
Add one:  a column is one `Categories` or `Bins` in the call of `fit_private`
"""

from flyball.models.experts.scorecard.fit import fit_private
from flyball.models.experts.scorecard.model import Scorecard

__all__ = ["Scorecard", "fit_private"]
