"""Text classifier: short texts to labels or flags, learned from labelled cases, with the words that told.

In:       cases with their texts; labels of flags and labels
Out:      predictions with calibrated confidence, the words behind them as evidence; a folder of plain files
Imports:  core, data.labels, the contract of experts; scikit-learn through `core.extras`, only to fit
Add one:  a new kind of feature is one array in `features.py`; raise `FORMAT` in `artefact.py`
"""

from flyball.models.experts.text_classifier.model import TextClassifier

__all__ = ["TextClassifier"]
