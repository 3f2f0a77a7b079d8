"""Experts: anything that answers a field, with calibrated confidence and evidence.

In:       an Arrow batch of cases (`data.datasets.schemas.CASES`)
Out:      an Arrow batch of answers (`expert.PREDICTIONS`)
Imports:  core, data; never router, decisions or anything downstream
Add one:  one file in `shelf/` whose name is the expert's; copy `shelf/clause_detector.py`
"""
