"""Detection: what in a text points to a person, and where.

In:       texts, columns of tables
Out:      `Found`: offsets, kind, score; or an error that refuses the whole batch
Imports:  core
Add one:  a kind of number is one entry of a file in `recognisers/`; copy `recognisers/poland.py`
"""

from flyball.data.privacy.detection.detector import Detector, default_detector, known_kinds
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong
from flyball.data.privacy.detection.records import Found

__all__ = [
    "BadText",
    "DetectionFailed",
    "Detector",
    "Found",
    "TextTooLong",
    "default_detector",
    "known_kinds",
]
