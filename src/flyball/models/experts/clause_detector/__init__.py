"""The clause detector: which clause types a contract has, how sure that is, and which sentence shows it.

In:       an Arrow batch with `case_id` and `text`; for training, labels with spans
Out:      `ClauseDetector` (an expert), and its out-of-fold scores for risk control
Imports:  core, the experts' contract; scikit-learn, scipy and LightGBM only when it is fitted
Add one:  an input of stage two is one column in `summary.py`
"""

from flyball.models.experts.calibration import SCORES
from flyball.models.experts.clause_detector.artefact import BadArtefact
from flyball.models.experts.clause_detector.fit import fit
from flyball.models.experts.clause_detector.model import ClauseDetector

__all__ = ["SCORES", "BadArtefact", "ClauseDetector", "fit"]
